"""Whether a disk has room for what is to come."""

from __future__ import annotations

import shutil
from pathlib import Path

from datasets.images import DataError

SPARE = 64 * 2**20  # bytes that stay free


def check_room(folder: Path, missing: int) -> None:
    """See that the disk of a folder takes so many bytes more, before the first of them.

    Raises:
        DataError: it does not.
    """
    free = shutil.disk_usage(folder).free
    if free < missing + SPARE:
        raise DataError(
            f"{folder} has {free / 1e9:.2f} GB free, but {missing / 1e9:.2f} GB are to come. Make "
            "room, or choose another disk with --data-root."
        )
