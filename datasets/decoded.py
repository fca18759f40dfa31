"""Decoded images on disk: decode a file once, memory-map its pixels ever after.

Decoding a 2048x1024 PNG costs about ten times as much as everything else that a 512x512 training
sample needs (tests/performance/loader.py); a crop of a memory map reads only the rows it takes.
"""

from __future__ import annotations

import mmap
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from datasets.atomic import write_atomically
from datasets.images import Pixels


class DecodedArrays:
    """A folder of uint8 arrays as .npy, one per key.

    A file of the wrong size or shape is written anew. Where nothing can be written (disk full,
    read-only), arrays are decoded every time, after one warning.

    Args:
        folder: made when the first array is kept.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._writable = True
        self._intact: dict[str, tuple[int, tuple[int, ...]]] = {}  # offset and shape of those seen

    def get(self, key: str, decode: Callable[[], Pixels]) -> Pixels:
        """The array kept under `key`, read-only and memory-mapped; `decode` makes it if need be.

        Args:
            key: names the content, such as the sha256 of the file it is decoded from.
        """
        mapped = self._mapped(key)
        if mapped is not None:
            return mapped
        array = decode()
        if self._writable:
            self._keep(self._path(key), array)
        mapped = self._mapped(key)
        return array if mapped is None else mapped

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.npy"

    def _mapped(self, key: str) -> Pixels | None:
        """The array, mapped anew: an open map holds a file descriptor, and 2975 are too many."""
        layout = self._intact.get(key) or _layout(self._path(key))
        if layout is None:
            return None
        offset, shape = layout
        try:
            with open(self._path(key), "rb", buffering=0) as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            array = np.frombuffer(content, np.uint8, offset=offset).reshape(shape)
        except (OSError, ValueError):  # deleted or cut since it was last mapped
            self._intact.pop(key, None)
            return None
        self._intact[key] = layout
        return array

    def _keep(self, path: Path, array: Pixels) -> None:
        try:
            write_atomically(path, lambda file: np.save(file, array, allow_pickle=False))
        except OSError as error:
            self._writable = False
            warnings.warn(
                f"decoded images cannot be kept in {self.folder} ({error}); every image is decoded "
                "each time, which is slower. Free some space or choose another cache folder.",
                RuntimeWarning,
                stacklevel=4,
            )


def _layout(path: Path) -> tuple[int, tuple[int, ...]] | None:
    """(offset, shape) of an intact .npy file; None if it is missing or, with a warning, damaged."""
    try:
        array = np.lib.format.open_memmap(path, mode="r")
        if array.dtype == np.uint8 and path.stat().st_size == array.offset + array.nbytes:
            return array.offset, array.shape
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, SyntaxError):
        pass  # falls through to the warning below, as a file of the wrong size does
    warnings.warn(f"{path} is damaged; it is written anew.", RuntimeWarning, stacklevel=4)
    return None
