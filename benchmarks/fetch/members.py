"""The members of zip and tar archives, described alike and opened one by one.

Nothing is extracted here: Python 3.11's tarfile writes wherever a name leads, and zipfile drops the
".." of a name in silence.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    RuntimeError,  # a password, a packing that zipfile does not know
)
"""What reading a damaged archive may raise."""


@dataclass(frozen=True)
class Entry:
    """A member of an archive.

    name: as in the archive, with "/" between folders and without "./" before them.
    size: bytes that are declared.
    kind: "file", "folder", or what else it is, in words.
    stream: opens its bytes; of a file alone.
    """

    name: str
    size: int
    kind: str
    stream: Callable[[], IO[bytes]]


@contextmanager
def opened(path: Path) -> Iterator[list[Entry]]:
    """The members of an archive in its order, while it is open.

    Raises:
        DAMAGED: it is none, or is damaged or cut short.
        OSError: it cannot be read.
    """
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield [
                Entry(
                    _plain(info.filename), info.file_size, _kind(info), partial(archive.open, info)
                )
                for info in archive.infolist()
            ]
        return
    with _tar(path) as archive:
        members = archive.getmembers()
        _check_end(archive)
        yield [
            Entry(_plain(info.name), info.size, _tar_kind(info), partial(_bytes, archive, info))
            for info in members
        ]


def _tar(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path)
    except tarfile.ReadError as error:  # it lists what each way to pack has against the file
        raise tarfile.ReadError("it is no whole zip and no whole tar") from error


def _plain(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


def _kind(info: zipfile.ZipInfo) -> str:
    """What the attributes say that a zip's member is; those of DOS and of few bits are files."""
    mode = info.external_attr >> 16
    if info.is_dir():
        return "folder"
    if stat.S_IFMT(mode) in (0, stat.S_IFREG):
        return "file"
    return "a link" if stat.S_ISLNK(mode) else "a device or a pipe"


def _tar_kind(info: tarfile.TarInfo) -> str:
    if info.isreg():
        return "file"
    if info.isdir():
        return "folder"
    return "a link" if info.issym() or info.islnk() else "a device or a pipe"


def _bytes(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    source = archive.extractfile(info)
    if source is None:
        raise tarfile.ReadError(f"{info.name} is no file")
    return source


def _check_end(archive: tarfile.TarFile) -> None:
    """See that the members end as they have to: tarfile takes a cut between two for the end.

    What follows the end is read as well, for the checksum of a packed archive comes last.

    Raises:
        DAMAGED: they do not.
    """
    source = archive.fileobj
    if source is not None:
        source.seek(archive.offset)
        if source.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("it has no end")
        while source.read(2**20):
            pass
