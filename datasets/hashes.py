"""sha256 of files, remembered by path, size and modification time.

Cityscapes is 11 GB: its manifest must not cost a full read at every start.
"""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from pathlib import Path
from typing import NamedTuple

from datasets.atomic import write_atomically


class _KnownFile(NamedTuple):
    size: int
    mtime_ns: int
    sha256: str


class FileHashes:
    """Remembered hashes; a damaged or missing memory costs reading the files again, no more.

    Args:
        memory: JSON file in which the hashes are kept between processes.
    """

    def __init__(self, memory: Path):
        self.memory = memory
        self._entries = _read(memory)
        self._new: dict[str, _KnownFile] = {}

    def of(self, path: Path) -> str:
        """The file's sha256, 64 hex digits; reads the file only if it is new or has changed.

        Raises:
            OSError: the file cannot be read.
        """
        key = os.path.abspath(path)
        stat = os.stat(path)
        known = self._entries.get(key)
        if known and (known.size, known.mtime_ns) == (stat.st_size, stat.st_mtime_ns):
            return known.sha256
        digest = sha256_of(path)
        # The size and time from before reading: a file that grows meanwhile is hashed again.
        known = _KnownFile(stat.st_size, stat.st_mtime_ns, digest)
        self._entries[key] = self._new[key] = known
        return digest

    def save(self) -> None:
        """Write new hashes to the memory, beside what other processes have written there."""
        if not self._new:
            return
        self._entries = _read(self.memory) | self._entries
        text = json.dumps(self._entries, indent=0, sort_keys=True)
        try:
            write_atomically(self.memory, lambda file: file.write(text.encode()))
        except OSError as error:
            warnings.warn(
                f"file hashes are not remembered, {self.memory} cannot be written: {error}",
                RuntimeWarning,
                stacklevel=2,
            )
        self._new = {}


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(memory: Path) -> dict[str, _KnownFile]:
    """The valid entries of a memory file; empty for one that is missing, damaged or foreign."""
    try:
        found = json.loads(memory.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {path: _KnownFile(*known) for path, known in found.items() if _is_known_file(known)}


def _is_known_file(known: object) -> bool:
    return (
        isinstance(known, list)
        and [type(part) for part in known] == [int, int, str]
        and len(known[2]) == 64
    )
