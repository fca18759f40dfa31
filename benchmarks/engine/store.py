"""The store: one folder per run, every file written whole or not at all, and checked when read.

Layout of `results/runs/ffdnet-l1+contextual-c56a0ff775/`:
    run.json             what was run, by which code, on which machine
    log.jsonl            one line per logged step
    checkpoint.pt        while it trains: everything that a resumed run needs
    weights.safetensors  the result
    scores/*.json        per-image values, one file per metric and test set
    images/*.png         the first test image as the run restores it
    failure.json         the traceback of the last attempt, if it failed
Beside each file but the log lies `<file>.sha256`, in the format of `sha256sum -c`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from datasets.atomic import write_atomically


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


class RunFolder:
    """The files of one run."""

    def __init__(self, path: Path):
        self.path = path

    def write(self, name: str, content: bytes) -> None:
        """Write a file and its digest.

        The digest file first lists the new content and what may lie there now, so that a kill
        between the two renames leaves a file that is still known to be good.
        """
        path, sums = self.path / name, self._sums(name)
        line = f"{hashlib.sha256(content).hexdigest()}  {path.name}\n"
        old = sums.read_text() if sums.exists() and path.exists() else ""
        write_file(sums, (line + old).encode())
        write_file(path, content)
        if old:
            write_file(sums, line.encode())

    def read(self, name: str) -> bytes | None:
        """The content of a file, or None if there is none.

        Raises:
            Damaged: the content matches no digest; the file has been moved aside.
        """
        for patience in (0.05, 0.5, 0.0):  # another process may be writing just now
            try:
                content = (self.path / name).read_bytes()
                sums = self._sums(name)
                known = sums.read_text().split() if sums.exists() else []
            except FileNotFoundError:
                return None
            if hashlib.sha256(content).hexdigest() in known:
                return content
            time.sleep(patience)
        self.set_aside(name, "is damaged")
        raise Damaged(str(self.path / name))

    def read_json(self, name: str) -> Any:
        """Parsed content, or None where there is none or it was damaged (with a warning)."""
        try:
            content = self.read(name)
        except Damaged:
            return None
        return None if content is None else json.loads(content)

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as readable JSON."""
        self.write(name, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())

    def intact(self, name: str) -> bool:
        """Whether the file is there and what was written; a damaged one is moved aside."""
        try:
            return self.read(name) is not None
        except Damaged:
            return False

    def digest(self, name: str) -> str:
        """The recorded sha256 of a file, "" where there is no such file."""
        sums = self._sums(name)
        return sums.read_text().split()[0] if sums.exists() else ""

    def remove(self, name: str) -> None:
        """Delete a file and its digest."""
        (self.path / name).unlink(missing_ok=True)
        self._sums(name).unlink(missing_ok=True)

    def append_line(self, name: str, value: Any) -> None:
        """Add one line of JSON to a log; logs carry no digest."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with open(self.path / name, "a") as file:
                file.write(json.dumps(value, allow_nan=False) + "\n")
        except OSError as error:
            raise StoreError(f"cannot write {self.path / name}: {error.strerror}") from error

    def lines(self, name: str) -> list[Any]:
        """The whole lines of a log; a torn last line is left out."""
        path = self.path / name
        lines = []
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                break
        return lines

    def clear(self) -> None:
        """Forget the run's result and scores, before it is made again by other code."""
        names = ["run.json", "weights.safetensors", "checkpoint.pt", "failure.json"]
        for pattern in ("scores/*.json", "images/*.png"):
            names += [p.relative_to(self.path).as_posix() for p in self.path.glob(pattern)]
        for name in names:
            self.remove(name)
        (self.path / "log.jsonl").unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run; waits for another process and says so. A dead owner holds nothing."""
        lock = FileLock(self.path / ".lock")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            warn(f"{self.path.name} is in the hands of another process; waiting for it")
            lock.acquire()
        except OSError as error:
            raise StoreError(
                f"cannot write into {self.path}: {error.strerror or error}. "
                f"Choose a folder that can be written with --out."
            ) from error
        try:
            for leftover in self.path.rglob(".*.part"):
                leftover.unlink()  # a killed owner's half-written file
            yield
        finally:
            lock.release()

    def set_aside(self, name: str, why: str) -> None:
        """Rename a file that cannot be used, for a person to look at, and say so."""
        path = self.path / name
        number = 1
        while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
            number += 1
        try:
            os.replace(path, aside)
        except FileNotFoundError:  # another process was quicker
            return
        self._sums(name).unlink(missing_ok=True)
        warn(f"{path} {why}; moved to {aside.name}, it will be made again")

    def _sums(self, name: str) -> Path:
        return self.path / f"{name}.sha256"


class Store:
    """All runs under one folder."""

    def __init__(self, root: Path):
        self.root = root

    def folder(self, slug: str, run_id: str) -> RunFolder:
        """The folder of a run; it need not exist yet."""
        return RunFolder(self.root / f"{slug}-{run_id}")
