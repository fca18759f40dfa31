"""Downloads that end with the right file or with none.

What arrived of a file is kept and continued, by the next attempt or the next command; it gets its
name when its length and digest are the declared ones. An origin that changes its file in between,
answers with a page, promises more than it sends or sends another file is noticed.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from pathlib import Path

from benchmarks.engine.store import held
from benchmarks.fetch.connection import Interrupted, Refused, pieces, request
from benchmarks.fetch.ours import mark
from benchmarks.fetch.part import Origin, Part
from benchmarks.fetch.present import Fetched, digests, verified, wrong_digest, wrong_size
from benchmarks.fetch.records import record
from benchmarks.fetch.room import check_room
from benchmarks.fetch.signatures import begins_as_named, is_page
from datasets.images import DataError
from datasets.sources import Archive, RemoteFile

Progress = Callable[[int, int | None], object]
"""Called with the bytes that are there and those of the whole file, None while nobody knows."""

PAUSE = 0.5  # seconds before the second attempt, twice as many before each further one


_HEAD = 512  # bytes; white space may stand before a page


class Stopped(Exception):  # noqa: N818
    """Another thread wants no more of a file."""


def fetch(
    file: RemoteFile,
    into: Path,
    progress: Progress = lambda done, total: None,
    timeout: float = 30.0,
    attempts: int = 5,
    stop: threading.Event | None = None,
) -> Fetched:
    """See that a file is in the data root and is the declared one; download it if it is not there.

    Several processes and threads may ask for one file at once: one downloads it. A digest that no
    source prints is recorded in the data root's sources.json; that of an archive is left to who
    unpacks it, for only that shows that it is whole.

    Args:
        into: the data root; made if it is not there.
        progress: see `Progress`.
        timeout: seconds without a byte after which a connection is given up.
        attempts: at one address, without a byte more than before.
        stop: once another thread has set it, no further piece is waited for.
    Raises:
        Stopped: `stop` is set. What has arrived is kept.
        DataError: no address gives the file (with the reason of each), what is there is another
            file, or the disk has no room. What has arrived of the right file is kept.
    """
    path, stop = into / file.path, stop or threading.Event()

    def told(done: int, total: int | None) -> None:
        if stop.is_set():
            raise Stopped
        progress(done, total)

    found = verified(file, into)
    if found is None and not file.urls:
        raise DataError(
            f"{path} is not there, and cannot be fetched without you: follow the steps of its "
            "source and put it there."
        )
    if found is None:
        with ExitStack() as holding:
            with _disk(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                holding.enter_context(held(path.with_name(f".{path.name}.lock"), path.name))
            found = verified(file, into) or _download(file, into, told, timeout, attempts, stop)
    elif _is_recorded(file):
        record(into, file.path, found.sha256, found.size, url="")
    return found


def _download(
    file: RemoteFile,
    root: Path,
    progress: Progress,
    timeout: float,
    attempts: int,
    stop: threading.Event,
) -> Fetched:
    """The file from the first of its addresses that gives it."""
    path = root / file.path
    parts = [Part(path, url) for url in file.urls]
    reasons = []
    for part in parts:
        try:
            _insist(file, part, progress, timeout, attempts, stop)
            installed = _installed(file, part, root)
        except Refused as refused:
            reasons.append(f"{part.url} {refused}")
        else:
            with _disk(path):
                for other in parts:
                    other.remove()
            return installed
    with _disk(path):
        kept = sum(part.size for part in parts)
    way_out = (
        f"{kept} bytes have arrived and are kept: run the command again to go on."
        if kept
        else f"Try again later, or bring the file from elsewhere to {path}."
    )
    raise DataError(f"{file.path} could not be fetched: {'; '.join(reasons)}. {way_out}")


def _insist(
    file: RemoteFile,
    part: Part,
    progress: Progress,
    timeout: float,
    attempts: int,
    stop: threading.Event,
) -> None:
    """Attempts at one address until the part is complete; those that bring more do not count.

    Raises:
        Refused: it does not give the file.
        Stopped: see `fetch`.
    """
    failures, furthest = 0, part.size
    while True:
        try:
            _attempt(file, part, progress, timeout)
            return
        except Interrupted as error:
            if part.size > furthest:
                failures, furthest = 0, part.size
            failures += 1
            if failures >= attempts:
                raise Refused(f"{error} ({attempts} attempts without a byte more)") from error
            if stop.wait(max(error.wait, PAUSE * 2 ** (failures - 1))):
                raise Stopped from error


def _attempt(file: RemoteFile, part: Part, progress: Progress, timeout: float) -> None:
    """One request, for the whole file or for what is missing of it."""
    known = part.origin()
    offset = part.size if known else 0
    with request(part.url, timeout, offset, known.version if known else "") as answer:
        if known and answer.status == 416:
            _check_end(answer, part)
            return
        body = pieces(answer, timeout)
        total: int | None
        if known and answer.status == 206:
            total = _continues(answer, known, part)
        elif answer.status == 200:
            total, offset = answer.length, 0  # before the first piece: it counts down
            head = _head(body)
            _check_head(answer, file, head)
            _check_length(answer, file, total)
            with _disk(part.path):
                part.begin(Origin(part.url, _version(answer), total))
            body = _with(head, body)
        else:
            raise Refused(f"answers {answer.status} to a request for the file")
        check_room(part.path.parent, (total or file.size or offset) - offset)
        done = _write(file, part, body, offset, total, progress)
    if total is not None and done < total:
        raise Interrupted(f"cut the connection after {done} of {total} bytes")


def _write(
    file: RemoteFile,
    part: Part,
    body: Iterator[bytes],
    done: int,
    total: int | None,
    progress: Progress,
) -> int:
    """Append a body to the part that has `done` bytes; returns how many it has then."""
    whole = total if total is not None else file.size
    progress(done, whole)
    with _disk(part.path), open(part.path, "ab") as out:
        for piece in body:
            done += len(piece)
            if whole is not None and done > whole:
                part.remove()
                raise Refused(f"sends more than the {whole} bytes of the file")
            out.write(piece)
            progress(done, whole)
        out.flush()
        os.fsync(out.fileno())
    return done


def _installed(file: RemoteFile, part: Part, root: Path) -> Fetched:
    """Give the complete part its name, if it is the declared file.

    Raises:
        Refused: it is another; the part is gone.
    """
    path = root / file.path
    with _disk(path):
        size = part.size
        found = digests(file, part.path)
        wrong = wrong_size(file, size) or wrong_digest(file, found, root)
        if wrong:
            part.remove()
            raise Refused(f"gives another file: {wrong}")
        os.replace(part.path, path)
        if isinstance(file, Archive):
            mark(path, part.url)
    if _is_recorded(file):
        record(root, file.path, found["sha256"], size, part.url)
    return Fetched(path, size, found["sha256"], part.url)


def _is_recorded(file: RemoteFile) -> bool:
    """Whether the first digest that is seen of a file is taken for that of the right one."""
    return not file.sha256 and not isinstance(file, Archive)


def _check_length(answer: HTTPResponse, file: RemoteFile, total: int | None) -> None:
    """Compare the bytes that a whole body promises, None if it does not say, with the declared.

    Raises:
        Refused: they differ, or nothing would tell a cut body from a whole one.
    """
    if total is not None and (wrong := wrong_size(file, total)):
        raise Refused(f"gives another file: {wrong}")
    declared = file.size is not None or file.sha256 or file.md5 or file.sha1
    if total is None and not answer.chunked and not declared:
        raise Refused("does not say how long the file is, and no size or digest is declared")


def _check_head(answer: HTTPResponse, file: RemoteFile, head: bytes) -> None:
    """Refuse what is no such file by its type or its first bytes, before it takes a part's place.

    Raises:
        Refused: it is a page, packed, or begins as no file of this name does.
    """
    kind = answer.headers.get_content_type()
    if kind in ("text/html", "application/xhtml+xml") or is_page(head):
        raise Refused("gives an HTML page in place of the file")
    if (packing := answer.headers.get("Content-Encoding", "identity")) != "identity":
        raise Refused(f"gives the file packed as {packing}, which was not asked for")
    if not begins_as_named(file.path, head):
        raise Refused(f"gives something that does not begin as a {Path(file.path).suffix} file")


def _continues(answer: HTTPResponse, known: Origin, part: Part) -> int:
    """The bytes of the whole file, where an answer is more of it; else the part is dropped.

    It need not be all that is missing: some origins give a few megabytes at a time.

    Raises:
        Interrupted: it is another piece, or a piece of another file.
    """
    span = answer.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", span)
    first, total = map(int, match.groups()) if match else (-1, -1)
    fits = first == part.size and known.size in (None, total)
    if not fits or _version(answer) not in ("", known.version):
        part.remove()
        raise Interrupted(
            f"sends another piece than it was asked for ({span or 'it does not say'})"
        )
    return total


def _check_end(answer: HTTPResponse, part: Part) -> None:
    """See that nothing was missing, where an origin has nothing to add; else the part is dropped.

    Raises:
        Interrupted: the part is no part of what lies there.
    """
    span = answer.headers.get("Content-Range", "")
    if span != f"bytes */{part.size}":
        part.remove()
        raise Interrupted(f"has another file now ({span or 'of a size that it does not say'})")


def _version(answer: HTTPResponse) -> str:
    """What If-Range may name: the ETag if it is a strong one, else the date; "" for neither."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")


def _head(body: Iterator[bytes]) -> bytes:
    """The first pieces of a body: enough of it to tell what it is, however few a packet brings."""
    head = b""
    while len(head) < _HEAD and (piece := next(body, b"")):
        head += piece
    return head


def _with(head: bytes, body: Iterator[bytes]) -> Iterator[bytes]:
    """A body whose head has been looked at."""
    yield head
    yield from body


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """What the disk refuses is an error in one line; a body's own errors pass."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}. What has arrived is kept: mend "
            "that and run the command again, or choose another disk with --data-root."
        ) from error
