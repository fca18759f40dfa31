"""Image files to arrays, with errors that say which file is wrong, in what way, and what to do.

Nothing is converted silently: an image whose pixels would change by reading it as 8-bit RGB is
refused, because a table made from it would be a table of another data set.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image

from datasets.images import DataError, Pixels
from datasets.regular_files import check_regular

# What data sets and stores consist of. Pillow knows sixty more and goes by the content, not by the
# name: for a PostScript file it would start Ghostscript.
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")

# A marker of a JPEG file; in coded pixels 0xff is followed by 0 or by the number of a restart.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_JPEG_END = b"\xff\xd9"


def open_image(path: Path) -> Image.Image:
    """An image file with its header read; close it after use. All files are opened here.

    Raises:
        DataError: the file is missing, empty, not regular, or none that Pillow reads as PNG, JPEG,
            BMP or TIFF.
    """
    try:
        check_regular(path)
    except OSError as error:
        raise DataError(f"{path} {_unreadable(error)}") from error
    try:
        return Image.open(path, formats=_FORMATS)
    except Exception as error:  # on damaged bytes a decoder raises whatever its code runs into
        raise DataError(f"{path} {_diagnosis(path, error)}") from error


def load_image(path: Path) -> Image.Image:
    """An image file with its pixels, after the checks that its format allows; close it after use.

    JPEG, BMP and mostly TIFF have no checksums: changed bytes in their midst are other pixels.

    Raises:
        DataError: as `open_image`, or the file is damaged or cut short.
    """
    image = open_image(path)
    try:
        if image.format == "PNG":
            with open_image(path) as unread:
                unread.verify()  # the checksums, which decoding passes over
        if image.format in ("JPEG", "MPO") and not _ends(path.read_bytes()):
            raise OSError("it has no end; pixels would be made up")
        image.load()
    except Exception as error:  # see open_image
        image.close()
        raise DataError(
            f"{path} is damaged or cut short ({error}). Copy or download it again."
        ) from error
    return image


def decode_rgb(path: Path) -> Pixels:
    """The file's pixels as RGB, (H, W, 3) uint8.

    Palette images are converted, and an alpha channel or transparent colour that no pixel makes use
    of is dropped, without loss.

    Raises:
        DataError: the file is missing, empty, damaged or no image; or it is grey, has more than
            8 bits per channel, transparency, or another colour space.
    """
    with open_image(path) as image:
        if any("16" in mode for mode in _modes_in_file(image)):
            raise DataError(
                f"{path} has 16 bits per channel; reading it as 8 bit would change its pixels. "
                "Use the set's original 8-bit file."
            )
    with load_image(path) as image:
        if image.mode == "RGB" and not image.has_transparency_data:
            return np.asarray(image)
        if image.mode in ("RGB", "RGBA", "P"):
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


def decode_grey(path: Path) -> Pixels:
    """The pixels of an image without colours as RGB, (H, W, 3) uint8 with three equal planes.

    Raises:
        DataError: as `decode_rgb` for anything but 8 bits of grey, and for an image with colours.
    """
    with load_image(path) as image:
        if image.mode == "L" and not image.has_transparency_data:
            return np.repeat(np.asarray(image)[..., None], 3, axis=2)
    pixels = decode_rgb(path)
    if (pixels != pixels[..., :1]).any():
        raise DataError(f"{path} has colours, but is a grey image of its set. Use the set's file.")
    return pixels


def decode_indices(path: Path) -> Pixels:
    """The values of a label map, (H, W) uint8; for a palette image its indices.

    Raises:
        DataError: the file is missing, empty, damaged or no image; or it is not one 8-bit channel.
    """
    with load_image(path) as image:
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
    with open_image(path) as image:
        return image.size


def _modes_in_file(image: Image.Image) -> list[str]:
    """How the pixels lie in the file, such as "RGB;16B", where Pillow's mode is "RGB"."""
    arguments = [tile[3] for tile in getattr(image, "tile", ())]
    return [str(a[0] if isinstance(a, tuple) else a) for a in arguments]


def _ends(jpeg: bytes) -> bool:
    """Whether a JPEG file reaches its end marker; a broken download is often filled with zeros."""
    at = 2  # behind the start marker, which has no length
    while marker := _JPEG_MARKER.search(jpeg, at):
        if marker[0] == _JPEG_END:
            return True
        at = marker.end() + int.from_bytes(jpeg[marker.end() : marker.end() + 2], "big")
    return False


def _unreadable(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}. Check that it exists and its rights."


def _diagnosis(path: Path, error: Exception) -> str:
    """What is wrong with a file that Pillow does not open, and what to do about it."""
    try:
        with open(path, "rb") as file:
            start = file.read(512)
    except OSError as reading:
        return _unreadable(reading)
    if not start:
        return "is empty (0 bytes). Copy or download it again."
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return (
            "is a web page, saved in place of the image. Download it again, logged in if need be."
        )
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the image. Run `git lfs pull` where it came from."
    return f"is not an image that can be read ({error}). Copy or download it again."
