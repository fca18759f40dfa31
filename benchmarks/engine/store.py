"""The store: one folder per run, every file written whole or not at all, and checked when read.

Layout of `results/runs/ffdnet-l1+contextual-c56a0ff775/`:
    run.json             what was run, by which code, on which machine
    log.jsonl            one line per logged step
    checkpoint.pt        while it trains: everything that a resumed run needs, and what made it
    weights.safetensors  the result
    scores/*.json        per-image values, one file per metric and test set
    images/*.png         the first test image as the run restores it
    failure.json         the traceback of the last attempt, if it failed
    failures/*.json      the same of a metric that failed where others did not
Beside each file but the log lies `<file>.sha256`, in the format of `sha256sum -c`. What is not as
it was written, down to a folder in the place of a file, is moved aside, said once, and made again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from datasets.atomic import write_atomically

# What a rename mends: a folder in the place of a file, a loop of links, no permission to read.
UNUSABLE = (errno.EISDIR, errno.ELOOP, errno.EACCES, errno.EPERM)


class StoreError(Exception):
    """The store cannot be written; the message names the file and the cause."""


class Damaged(Exception):  # noqa: N818 - a state of a file, told to the caller
    """A file is not what was written; it has been moved aside."""


def warn(message: str) -> None:
    """Print one line on stderr, in the tone of all the suite's warnings."""
    print(f"warning: {message}", file=sys.stderr, flush=True)


def write_file(path: Path, content: bytes) -> None:
    """Write so that `path` holds the old content or the new, whatever happens in between.

    Raises:
        StoreError: no space, no permission; the old content is still there.
    """
    try:
        write_atomically(path, lambda file: file.write(content))
    except OSError as error:
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}. Free some space or choose another "
            f"folder with --out; what was finished before is kept."
        ) from error


def acquired(path: Path, what: str) -> FileLock:
    """A lock file that is held; waits for another process and says so. A dead owner holds nothing.

    Args:
        what: is locked, for the message.
    Raises:
        OSError: the lock file cannot be written.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        warn(f"{what} is in the hands of another process; waiting for it")
        lock.acquire()
    return lock


@contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file that is there for as long as it is held; arguments and errors as `acquired`.

    It goes while it is held: who waits for it sees that, and takes a new one.
    """
    lock = acquired(path, what)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


class RunFolder:
    """The files of one run."""

    def __init__(self, path: Path):
        self.path = path
        self._told = False

    def write(self, name: str, content: bytes) -> None:
        """Write a file and its digest.

        The digest file first lists the new content and what may lie there now, so that a kill
        between the two renames leaves a file that is still known to be good.
        """
        path, sums = self.path / name, self._sums(name)
        self._make_way(path)
        self._make_way(sums)
        line = f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode()
        old = sums.read_bytes() if sums.exists() and path.exists() else b""
        write_file(sums, line + old)
        write_file(path, content)
        if old:
            write_file(sums, line)

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None if there is none.

        Raises:
            Damaged: the content matches no digest, or it is no file that can be read; it has been
                moved aside.
        """
        why = "is damaged"
        for patience in (0.05, 0.5, 0.0):  # another process may be writing just now
            try:
                content = contents(self.path / name)
                known = self._known(name)
            except (FileNotFoundError, NotADirectoryError):
                return None
            except OSError as error:
                if error.errno not in UNUSABLE:
                    raise StoreError(f"cannot read {self.path / name}: {error.strerror}") from error
                why = f"cannot be read ({error.strerror})"
                break
            if hashlib.sha256(content).hexdigest() in known:
                return content
            time.sleep(patience)
        self.set_aside(name, why)
        raise Damaged(str(self.path / name))

    def read_json(self, name: str) -> Any:
        """Parsed content, or None where there is none or it was damaged (with a warning)."""
        try:
            content = self.read(name)
            return None if content is None else json.loads(content)
        except Damaged:
            return None
        except (ValueError, RecursionError):  # written so, with its digest
            self.set_aside(name, "is no JSON")
            return None

    def read_record(self, name: str, fields: Mapping[str, Any], **expected: str) -> Any:
        """A dict read from JSON that has fields of these types, and these values in others.

        A file that is not what its name says, such as one that was copied from another folder with
        its digest, is moved aside; then, and where there is none, the answer is None.
        """
        record = self.read_json(name)
        if record is None:
            return None
        known = isinstance(record, dict) and record.keys() >= {*fields, *expected}
        if not known or not all(isinstance(record[name], kind) for name, kind in fields.items()):
            self.set_aside(name, "is no such record")
            return None
        for field, value in expected.items():
            if record[field] != value:
                self.set_aside(name, f"belongs elsewhere: its {field} is not {value}")
                return None
        return record

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as readable JSON."""
        self.write(name, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())

    def intact(self, name: str, sha256: str = "") -> bool:
        """Whether the file is there and what was written; a damaged one is moved aside.

        Args:
            sha256: which content it must be, "" for any.
        """
        try:
            content = self.read(name)
        except Damaged:
            return False
        if content is not None and sha256 and hashlib.sha256(content).hexdigest() != sha256:
            self.set_aside(name, "is not what its record names")
            return False
        return content is not None

    def digest(self, name: str) -> str:
        """The recorded sha256 of a file, "" where there is none."""
        known = self._known(name)
        return known[0] if known else ""

    def remove(self, name: str) -> None:
        """Delete a file and its digest."""
        for path in (self.path / name, self._sums(name)):
            self._make_way(path)
            path.unlink(missing_ok=True)

    def append_line(self, name: str, value: Any) -> None:
        """Add one line of JSON to a log; logs carry no digest.

        A log that cannot be written costs no run: the line is lost, with a warning.
        """
        line = json.dumps(value, allow_nan=False) + "\n"
        try:
            self._make_way(self.path / name)
            self.path.mkdir(parents=True, exist_ok=True)
            with open(self.path / name, "a", encoding="utf-8") as file:
                file.write(line)
        except OSError as error:
            if not self._told:
                warn(f"cannot write {self.path / name}: {error.strerror}; lines of it are lost")
            self._told = True

    def lines(self, name: str) -> list[dict[str, Any]]:
        """The lines of a log that are JSON objects; torn and damaged ones are left out."""
        try:
            content = contents(self.path / name)
        except OSError:
            return []
        found = []
        for line in content.splitlines():
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                found.append(value)
        return found

    def keep_lines(self, name: str, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Leave only some lines in a log."""
        kept = [json.dumps(line) + "\n" for line in self.lines(name) if wanted(line)]
        self._make_way(self.path / name)
        if kept:
            write_file(self.path / name, "".join(kept).encode())
        else:
            (self.path / name).unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget the run's result and scores, before it is made again by other code."""
        names = ["run.json", "weights.safetensors", "checkpoint.pt", "failure.json", "log.jsonl"]
        for pattern in ("scores/*.json", "failures/*.json", "images/*.png"):
            names += [p.relative_to(self.path).as_posix() for p in self.path.glob(pattern)]
        for name in names:
            self.remove(name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run; waits for another process and says so. A dead owner holds nothing."""
        self._make_way(self.path / ".lock")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = acquired(self.path / ".lock", self.path.name)
        except OSError as error:
            raise StoreError(
                f"cannot write into {self.path}: {error.strerror or error}. "
                f"Choose a folder that can be written with --out."
            ) from error
        try:
            for leftover in self.path.rglob(".*.part"):
                if not leftover.is_dir():
                    leftover.unlink()  # a killed owner's half-written file
            yield
        finally:
            lock.release()

    def set_aside(self, name: str, why: str) -> None:
        """Rename a file that cannot be used, for a person to look at, and say so."""
        self._make_way(self.path / name)  # a loop of links may be in the place of its folder
        set_aside(self.path / name, why)
        sums = self._sums(name)
        self._make_way(sums)
        sums.unlink(missing_ok=True)

    def _make_way(self, path: Path) -> None:
        """Set aside what is no folder in the place of a folder, or no file in that of a file."""
        for folder in (self.path, path.parent):
            if os.path.lexists(folder) and not folder.is_dir():
                set_aside(folder, "is in the place of a folder")
        if os.path.lexists(path) and not path.is_file():
            set_aside(path, "is in the place of a file")

    def _known(self, name: str) -> list[str]:
        """What stands in a file's digest file; nothing where that cannot be read."""
        try:
            return contents(self._sums(name)).decode("ascii", "replace").split()
        except OSError:
            return []

    def _sums(self, name: str) -> Path:
        return self.path / f"{name}.sha256"


def contents(path: Path) -> bytes:
    """The bytes of a regular file; nothing waits for a pipe's other end.

    Raises:
        OSError: as from reading; EISDIR for whatever else has the name.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EISDIR, "Is not a file")
    return path.read_bytes()


def set_aside(path: Path, why: str) -> None:
    """Rename what cannot be used, for a person to look at, and say so.

    Raises:
        StoreError: its folder cannot be written.
    """
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.damaged-{number}")):
        number += 1
    try:
        os.replace(path, aside)
    except FileNotFoundError:  # another process was quicker
        return
    except OSError as error:
        raise StoreError(f"{path} {why}, and cannot be moved aside: {error.strerror}") from error
    warn(f"{path} {why}; moved to {aside.name}, it will be made again")


class Store:
    """All runs under one folder."""

    def __init__(self, root: Path):
        self.root = root

    def folder(self, slug: str, run_id: str) -> RunFolder:
        """The folder of a run; it need not exist yet."""
        return RunFolder(self.root / f"{slug}-{run_id}")
