"""Small archives, as they should be and as they should not."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from PIL import Image


def png(shade: int = 0) -> bytes:
    """A photograph of four pixels."""
    return image("PNG", shade)


def image(kind: str, shade: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (2, 2), (shade, 0, 0)).save(out, kind)
    return out.getvalue()


def zipped(path: Path, members: Mapping[str, bytes], **changes: object) -> Path:
    """A zip; `changes` are attributes of every member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in changes.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return path


def tarred(path: Path, members: Mapping[str, bytes], mode: str = "w") -> Path:
    """A tar; "w:gz" packs it."""
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def with_odd_member(path: Path, members: Mapping[str, bytes], name: str, kind: bytes) -> Path:
    """A tar that has one member more, of another kind than a file: `tarfile.SYMTYPE` and so on."""
    tarred(path, members)
    with tarfile.open(path, "a") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, "/etc/hostname"
        archive.addfile(info)
    return path
