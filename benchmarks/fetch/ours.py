"""Which archives in a data root were downloaded here: `.NAME.fetched` beside the archive says so.

Such an archive is deleted once it is unpacked, by whichever command unpacks it; what the user
brought stays.
"""

from __future__ import annotations

import json
from pathlib import Path


def mark(archive: Path, url: str) -> None:
    """Note that an archive came from this address.

    Raises:
        OSError: the folder cannot be written.
    """
    note = json.dumps({"url": url, "file": _identity(archive)})
    _note(archive).write_text(note, encoding="utf-8")


def address(archive: Path) -> str:
    """Where an archive was downloaded from, "" for one that the user brought."""
    try:
        noted = json.loads(_note(archive).read_bytes())
        return str(noted["url"]) if noted["file"] == _identity(archive) else ""
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ""


def discard(archive: Path, keep: bool) -> None:
    """Delete an archive that was downloaded, unless it is to be kept, and the note of it.

    Raises:
        OSError: it cannot be deleted.
    """
    if address(archive) and not keep:
        archive.unlink()
    _note(archive).unlink(missing_ok=True)


def _note(archive: Path) -> Path:
    return archive.with_name(f".{archive.name}.fetched")


def _identity(archive: Path) -> list[int]:
    """What an archive that the user puts in the place of a downloaded one does not share."""
    found = archive.stat()
    return [found.st_size, found.st_mtime_ns]
