"""Whether a file that lies in the data root is the one that is declared."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fetch.records import NAME, recorded
from datasets.images import DataError
from datasets.regular_files import check_regular
from datasets.sources import RemoteFile


@dataclass(frozen=True)
class Fetched:
    """A file that is there and is the one that is declared.

    path: where it lies.
    size: bytes.
    sha256: 64 hex digits, of its bytes.
    url: where it came from just now, "" for a file that was there already.
    """

    path: Path
    size: int
    sha256: str
    url: str


def verified(file: RemoteFile, root: Path, place: Path | None = None) -> Fetched | None:
    """The file in the data root, or None if it is not there; writes nothing.

    Without a printed sha256 it is held against the one that the first fetch recorded.

    Args:
        place: where it lies if not under its path in the data root.
    Raises:
        DataError: what is there is another file, cut short, unreadable, or no file.
    """
    path = place or root / file.path
    if not os.path.lexists(path):
        return None
    try:
        size = check_regular(path).st_size
        wrong = wrong_size(file, size)
        found = {} if wrong else digests(file, path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Remove it.") from error
    wrong = wrong or wrong_digest(file, found, root)
    if wrong:
        raise DataError(
            f"{path} is not the file that its source has: {wrong}. Move it away and fetch it again."
        )
    return Fetched(path, size, found["sha256"], "")


def wrong_size(file: RemoteFile, size: int) -> str:
    """What is wrong with a file of so many bytes, "" if nothing is."""
    if file.size is None or size == file.size:
        return ""
    return f"it has {size} bytes, but {file.size} are declared"


def wrong_digest(file: RemoteFile, found: dict[str, str], root: Path) -> str:
    """Which digest differs from the declared or recorded one, and both; "" if none does.

    Args:
        found: from `digests`.
        root: the data root, whose records count where no sha256 is declared.
    """
    for name in ("sha256", "md5", "sha1"):
        declared = getattr(file, name).lower()
        if declared and found[name] != declared:
            return f"its {name} is {found[name]}, but {declared} is declared"
    first = None if file.sha256 else recorded(root).get(file.path)
    if first and found["sha256"] != first.sha256:
        return (
            f"its sha256 is {found['sha256']}, but {first.sha256} was recorded on {first.date} at "
            f"the first fetch (in {root / NAME}; remove it there if the new file is the right one)"
        )
    return ""


def digests(file: RemoteFile, path: Path) -> dict[str, str]:
    """The sha256 of the bytes at `path`, and what else is declared of the file, read once.

    Returns:
        hex digits by "sha256", "md5" and "sha1".
    Raises:
        OSError: as from reading.
    """
    others = (name for name in ("md5", "sha1") if getattr(file, name))
    sums = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", *others)}
    with open(path, "rb") as source:
        while chunk := source.read(2**20):
            for digest in sums.values():
                digest.update(chunk)
    return {name: digest.hexdigest() for name, digest in sums.items()}
