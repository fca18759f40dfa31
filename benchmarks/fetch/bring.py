"""Brings what is missing of a source: small files several at a time, large ones one by one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

from benchmarks.engine.progress import Progress
from benchmarks.fetch.ours import address, discard
from benchmarks.fetch.present import verified
from benchmarks.fetch.records import record
from benchmarks.fetch.standing import Standing, State
from benchmarks.fetch.transfer import fetch
from benchmarks.fetch.unpack import unpack
from datasets.images import DataError
from datasets.sources import Archive, RemoteFile

THREADS = 4
SMALL = 32 * 2**20  # bytes

_GIVEN_UP = 4  # failures without a success: what is left of a set is on the same server


def bring(name: str, standings: Sequence[Standing], root: Path) -> list[str]:
    """Fetch, verify and unpack what can be; returns what failed, each with the way out.

    Files that are there and whose digest no source prints get theirs recorded.

    Args:
        name: of the source, for progress.
    """
    waiting = [s.file for s in standings if _has_work(s)]
    small = [file for file in waiting if _is_small(file)]
    failures = _together(name, small, root)
    for standing in standings:
        file = standing.file
        try:
            if file in waiting and file not in small:
                _alone(standing, root)
            elif isinstance(file, Archive) and standing.state is State.THERE:
                _discard(file, root / file.path)  # a command that was killed had unpacked it
        except DataError as error:
            failures.append(str(error))
    return failures


def _has_work(standing: Standing) -> bool:
    if standing.state is State.THERE:
        own = type(standing.file) is RemoteFile and not standing.why
        return own and not standing.file.sha256
    return standing.state in (State.MISSING, State.PACKED)


def _is_small(file: RemoteFile) -> bool:
    return not isinstance(file, Archive) and file.size is not None and file.size < SMALL


def _together(name: str, files: Sequence[RemoteFile], root: Path) -> list[str]:
    """Fetch small files with several threads; where none can be had the rest is not tried."""
    done = failed = 0
    progress = Progress(name, "file")
    pool = ThreadPoolExecutor(THREADS)
    stop = Event()
    try:
        waiting = [pool.submit(fetch, file, root, stop=stop) for file in files]
        for future in as_completed(waiting):
            if future.exception() is None:
                done += 1
                progress(done, len(files))
            else:
                failed += 1
            if not done and failed >= _GIVEN_UP:
                break
    except BaseException:  # Ctrl-C: what runs ends at its next piece, not with its file
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        progress.close()
    tried = [future for future in waiting if not future.cancelled()]
    errors = [error for future in tried if (error := future.exception()) is not None]
    for error in errors:
        if not isinstance(error, DataError):
            raise error
    untried = len(files) - len(tried)
    left = [f"{untried} more files of {name} were not tried."] if untried else []
    return [str(error) for error in errors] + left


def _alone(standing: Standing, root: Path) -> None:
    """Fetch one file with progress, and unpack it if it is an archive.

    Raises:
        DataError: see `fetch` and `unpack`.
    """
    file = standing.file
    progress = Progress(file.path.rpartition("/")[2], "megabyte")

    def told(done: int, total: int | None) -> None:
        if total is not None and total >= 2**20:
            progress(done // 2**20, total // 2**20)

    try:
        saved = verified(file, root, standing.place) if standing.place else None
        fetched = saved or fetch(file, root, told)
    finally:
        progress.close()
    if isinstance(file, Archive):
        unpack(file, fetched.path, root)
        if not file.sha256:
            record(root, file.path, fetched.sha256, fetched.size, address(fetched.path))
        _discard(file, fetched.path)


def _discard(archive: Archive, path: Path) -> None:
    """Delete an archive that is unpacked; what the user brought is not ours to delete.

    Raises:
        DataError: it cannot be deleted.
    """
    try:
        discard(path, archive.keep)
    except OSError as error:
        raise DataError(f"{path} is unpacked and cannot be deleted: {error.strerror}.") from error
