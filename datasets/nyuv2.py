"""NYUv2: 1,449 indoor photographs with depth, 640x480, of which dehazing sets were made.

Silberman, Hoiem, Kohli, Fergus: Indoor Segmentation and Support Inference from RGBD Images (ECCV
2012). The labelled set is one MATLAB 7.3 file, which is HDF5 with every axis in reverse.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from datasets.depth import filled
from datasets.hashes import FileHashes
from datasets.images import DataError, DataPaths, Entries, Images, Pixels
from datasets.regular_files import check_regular
from datasets.source_words import in_words
from datasets.sources import RemoteFile, Source

if TYPE_CHECKING:
    import h5py

_FILE = "nyu_depth_v2_labeled.mat"
_COUNT = 1449
_SPLITS = {"all": range(_COUNT), "train": range(1399), "test": range(1399, _COUNT)}

_LABELLED = Source(
    "NYUv2",
    (
        RemoteFile(
            f"nyuv2/{_FILE}",
            (
                f"https://horatio.cs.nyu.edu/mit/silberman/nyu_depth_v2/{_FILE}",
                f"http://horatio.cs.nyu.edu/mit/silberman/nyu_depth_v2/{_FILE}",
            ),
            2_972_037_809,
            "2d724b0c0ab358aa1ce5df855e5bd14a2279ab7202efe22f32a30d612dcb86aa",
            "520609c519fba3ba5ac58c8fefcc3530",
        ),
    ),
    "stated nowhere that was found",
)
_SOURCE = f"NYUv2 is one file, {_FILE}. {in_words(_LABELLED)}"


@dataclass(frozen=True)
class NYUv2:
    """The labelled photographs with depth in metres; an image's name is such as nyu_0001.

    split: "train" is 1 to 1399 and "test" 1400 to 1449, as RESIDE divides them for its indoor sets
        (the authors' own division, for segmentation, is another), or "all".

    Depth is that of the file's `depths`, which the authors have completed; holes that there are
    nevertheless, 0 or not finite, have the depth of the nearest pixel that has one.
    """

    split: Literal["all", "train", "test"]

    provides: ClassVar[tuple[str, ...]] = ("image", "depth")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in _SPLITS:
            raise ValueError(f"NYUv2 has {', '.join(map(repr, _SPLITS))}, not {self.split!r}")

    def sources(self) -> tuple[Source, ...]:
        """The one file."""
        return (_LABELLED,)

    def open(self, data_paths: DataPaths) -> Images:
        """Find the file.

        Raises:
            DataError: it is missing, damaged, or not the labelled set.
        """
        path = data_paths.folder("nyuv2", _SOURCE) / _FILE
        return NYUv2Images(path, _SPLITS[self.split], data_paths)


class NYUv2Images(Images):
    """Opened images, each read from the file when it is asked for."""

    def __init__(self, path: Path, numbers: range, data_paths: DataPaths):
        self.path = path
        self.numbers = numbers
        self.names = [f"nyu_{number + 1:04}" for number in numbers]
        self.expected = len(numbers)
        self._hashes = FileHashes(data_paths.cache / "hashes.json")
        with self._opened():
            pass

    def image(self, i: int) -> Pixels:
        """Image `i`, RGB, (H, W, 3) uint8; DataError if the file cannot be read."""
        with self._opened() as file:
            return np.ascontiguousarray(file["images"][self.numbers[i]].transpose(2, 1, 0))

    def size(self, i: int) -> tuple[int, int]:
        """Height and width, which all images share."""
        with self._opened() as file:
            _, _, width, height = file["images"].shape
        return height, width

    def where(self, i: int) -> str:
        """Image `i` in a message: its number in the file."""
        return f"image {self.numbers[i] + 1} of {self.path}"

    def beside(self, i: int) -> Entries:
        """depth: in metres, (H, W) float32.

        Raises:
            DataError: the file cannot be read, or depth is negative, or has nothing but holes.
        """
        with self._opened() as file:
            depth = file["depths"][self.numbers[i]].T
        return {"depth": filled(depth, np.isfinite(depth) & (depth != 0), self.where(i))}

    def manifest(self) -> list[tuple[str, str]]:
        """The one file with its sha256; which of its images are the set's is in the declaration."""
        try:
            return [(self.path.name, self._hashes.of(self.path))]
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror or error}.") from error
        finally:
            self._hashes.save()

    @contextmanager
    def _opened(self) -> Iterator[h5py.File]:
        """The file, checked; opened anew each time, for processes must not share a handle."""
        import h5py

        try:
            check_regular(self.path)
            with h5py.File(self.path, "r") as file:
                shapes = [file[n].shape if n in file else None for n in ("images", "depths")]
                images, depths = shapes
                if images is None or images[:2] != (_COUNT, 3) or depths != (_COUNT, *images[2:]):
                    raise DataError(
                        f"{self.path} has images {images} and depths {depths}, where the labelled "
                        f"set has ({_COUNT}, 3, W, H) and ({_COUNT}, W, H). {_SOURCE}"
                    )
                yield file
        except OSError as error:
            raise DataError(
                f"{self.path} cannot be read as a MATLAB 7.3 (HDF5) file: {error}. Copy or "
                f"download it again. {_SOURCE}"
            ) from error
