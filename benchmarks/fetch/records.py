"""`sources.json` in the data root: digests that no source prints, as the first fetch found them.

A file that was fetched once is held against them for ever: an origin that changes its file under
the same name is noticed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from benchmarks.engine.store import warn
from datasets.atomic import write_atomically
from datasets.images import DataError

NAME = "sources.json"


@dataclass(frozen=True)
class Record:
    """What a file was when it was first seen.

    sha256: 64 hex digits.
    size: bytes.
    url: where it came from, "" for a file that the user brought.
    date: of the first fetch, in UTC, as 2026-01-31.
    """

    sha256: str
    size: int
    url: str
    date: str


def recorded(root: Path) -> dict[str, Record]:
    """The records of a data root, by path below it; empty where nothing has been recorded.

    Raises:
        DataError: the file cannot be read or is no such list. It is not passed over: what it holds
            is all that tells a changed file from the first one.
    """
    path = root / NAME
    try:
        found = json.loads(path.read_bytes())
        return {str(name): _parsed(entry) for name, entry in found.items()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(
            f"{path} is damaged: it does not list digests of files. Restore it, or delete it to "
            "record the digests of the files that are there now."
        ) from error


def record(root: Path, path: str, sha256: str, size: int, url: str) -> None:
    """Add a file to the records, unless it is there already.

    A data root that cannot be written costs the record, with a warning, and not the file.

    Args:
        root: the data root.
        path: of the file, below the root, "/"-separated.
        sha256, size, url: see `Record`.
    Raises:
        DataError: as `recorded`.
    """
    if path in recorded(root):
        return
    lock = root / f".{NAME}.lock"
    try:
        with FileLock(lock):
            entries = recorded(root)
            date = datetime.now(UTC).date().isoformat()
            entries.setdefault(path, Record(sha256, size, url, date))
            plain = {name: asdict(entries[name]) for name in sorted(entries)}
            text = json.dumps(plain, indent=1) + "\n"
            write_atomically(root / NAME, lambda file: file.write(text.encode()))
            lock.unlink()  # while it is held: who waits for it sees that, and takes a new one
    except OSError as error:
        warn(f"the digest of {path} is not recorded, {root / NAME}: {error.strerror}")


def _parsed(entry: object) -> Record:
    """A record from JSON; TypeError for anything else."""
    if not isinstance(entry, dict):
        raise TypeError
    record = Record(**entry)
    if [type(getattr(record, field.name)) for field in fields(record)] != [str, int, str, str]:
        raise TypeError
    return record
