"""Image files to arrays, with errors that say which file is wrong, in what way, and what to do.

Nothing is converted silently: an image whose pixels would change by reading it as 8-bit RGB is
refused, because a table made from it would be a table of another data set.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from datasets.images import DataError, Pixels

# What Pillow's readers raise for damaged files; its UnidentifiedImageError is an OSError.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def decode_rgb(path: Path) -> Pixels:
    """The file's pixels as RGB, (H, W, 3) uint8.

    Palette images and images with a fully opaque alpha channel are converted, without loss.

    Raises:
        DataError: the file is missing, empty, damaged or no image; or it is grey, has more than
            8 bits per channel, transparency, or another colour space.
    """
    with _open(path) as image:
        if any("16" in str(tile[3]) for tile in getattr(image, "tile", ())):
            raise DataError(
                f"{path} has 16 bits per channel; reading it as 8 bit would change its pixels. "
                "Use the set's original 8-bit file."
            )
        _load(image, path)
        if image.mode == "RGB":
            return np.asarray(image)
        if image.mode in ("RGBA", "P"):
            colours = np.asarray(image.convert("RGBA"))
            if (colours[..., 3] == 255).all():
                return np.ascontiguousarray(colours[..., :3])
            raise DataError(
                f"{path} has transparent pixels, so its colours are not defined. "
                "Use the set's original file, without an alpha channel."
            )
        if image.mode in ("1", "L", "LA", "I", "F", "I;16", "I;16B"):
            raise DataError(
                f"{path} is a grey image (mode {image.mode}) in a colour set. Use the set's colour "
                "version; if grey is meant, save it with three equal channels."
            )
        raise DataError(
            f"{path} has mode {image.mode}; converting it to RGB would change its pixels. "
            "Use the set's original RGB file."
        )


def decode_indices(path: Path) -> Pixels:
    """The values of a label map, (H, W) uint8; for a palette image its indices.

    Raises:
        DataError: the file is missing, empty, damaged or no image; or it is not one 8-bit channel.
    """
    with _open(path) as image:
        _load(image, path)
        if image.mode not in ("L", "P"):
            raise DataError(
                f"{path} has mode {image.mode}, but a label map has one 8-bit channel of ids. "
                "A map of label colours or of instance ids is another file of the same set."
            )
        return np.asarray(image)


def size_of(path: Path) -> tuple[int, int]:
    """(width, height) from the file's header alone.

    Raises:
        DataError: the file is missing, empty or no image.
    """
    with _open(path) as image:
        return image.size


def _open(path: Path) -> Image.Image:
    try:
        return Image.open(path)
    except _DAMAGE as error:
        raise DataError(f"{path} {_diagnosis(path, error)}") from error


def _load(image: Image.Image, path: Path) -> None:
    try:
        image.load()
    except _DAMAGE as error:
        raise DataError(
            f"{path} is damaged or cut short ({error}). Copy or download it again."
        ) from error


def _diagnosis(path: Path, error: BaseException) -> str:
    """What is wrong with a file that Pillow does not open, and what to do about it."""
    try:
        with open(path, "rb") as file:
            start = file.read(512)
    except OSError as reading:
        return (
            f"cannot be read: {reading.strerror or reading}. Check that it exists and its rights."
        )
    if not start:
        return "is empty (0 bytes). Copy or download it again."
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return (
            "is a web page, saved in place of the image. Download it again, logged in if need be."
        )
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the image. Run `git lfs pull` where it came from."
    return f"is not an image that can be read ({error}). Copy or download it again."
