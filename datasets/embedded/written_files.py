"""Computed data as files below the cache, where the loader of a real set opens them."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from datasets.atomic import write_atomically
from datasets.images import DataError, Pixels


def png_of(pixels: Pixels) -> bytes:
    """An image (H, W, 3) uint8 as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def write_unless_there(path: Path, content: bytes) -> None:
    """Write a file, unless these are its bytes: another process may be reading it.

    Raises:
        DataError: it cannot be written.
    """
    try:
        if not path.is_file() or path.read_bytes() != content:
            write_atomically(path, lambda file: file.write(content))
    except OSError as error:
        raise DataError(
            f"{path} cannot be written: {error.strerror or error}. The embedded data lies in the "
            "cache; free some space or choose another cache folder."
        ) from error
