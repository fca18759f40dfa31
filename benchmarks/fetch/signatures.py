"""The first bytes of a file against its name.

What fails in practice is seldom a bit: it is a page that says "sign in", or 29 bytes of an error,
under the name of an archive.
"""

from __future__ import annotations

from pathlib import PurePosixPath

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_JPEG = (b"\xff\xd8\xff",)
_TIFF = (b"II*\0", b"MM\0*")

_BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    ".zip": _ZIP,
    ".npz": _ZIP,
    ".gz": (b"\x1f\x8b",),
    ".tgz": (b"\x1f\x8b",),
    ".7z": (b"7z\xbc\xaf\x27\x1c",),
    ".rar": (b"Rar!\x1a\x07",),
    ".png": (b"\x89PNG\r\n\x1a\n",),
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".bmp": (b"BM",),
    ".tif": _TIFF,
    ".tiff": _TIFF,
}

_PAGES = (b"<!doctype html", b"<html")


def begins_as_named(name: str, head: bytes) -> bool:
    """Whether a file may be what its name says; True for a suffix that fixes no beginning.

    Args:
        name: with "/" between folders, if it has any.
        head: the first bytes, eight or more unless the file is shorter.
    """
    beginnings = _BEGINNINGS.get(PurePosixPath(name).suffix.lower())
    return beginnings is None or head.startswith(beginnings)


def is_page(head: bytes) -> bool:
    """Whether a file begins as an HTML page does.

    Args:
        head: the first bytes; a byte order mark and white space before the page do not count.
    """
    return head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGES)
