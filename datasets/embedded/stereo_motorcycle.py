"""A photograph with measured depth that is installed already: scikit-image's motorcycle.

Scharstein et al.: High-Resolution Stereo Datasets with Subpixel-Accurate Ground Truth (GCPR 2014),
"Motorcycle" at a quarter of its resolution, 741x500. scikit-image ships the stereo pair and the
disparity of the left image in its wheel; its documentation says that NaN marks what was not
measured, but the file has +inf there, in 7.35 % of the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from datasets.decoding import size_of
from datasets.depth import Depth, filled
from datasets.embedded.photographs import Photographs
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Entries, Images

# Of the set's calibration file: baseline in metres, focal length and the difference of the cameras'
# principal points in pixels.
_BASELINE = 0.193001
_FOCAL = 994.978
_OFFSET = 31.086


@dataclass(frozen=True)
class StereoMotorcycle:
    """One indoor photograph with depth, from 2.1 to 5 metres: the left one of the pair.

    It is among those of `Photographs("train")`. A hole has the depth of the nearest measured pixel.
    """

    provides: ClassVar[tuple[str, ...]] = ("image", "depth")
    revision: ClassVar[int] = 1

    def open(self, data_paths: DataPaths) -> Images:
        """Raises DataError if scikit-image, or a file of its package, is not installed."""
        photographs = Photographs("train").open(data_paths)
        path = Path(photographs.where(photographs.names.index("motorcycle_left")))
        disparity = path.with_name("motorcycle_disp.npz")
        if not disparity.is_file():
            raise DataError(
                f"{disparity} is missing, though scikit-image ships it. "
                "Run `pip install --force-reinstall scikit-image`."
            )
        return StereoImage(path, disparity, data_paths)


class StereoImage(ImageFiles):
    """The opened photograph."""

    def __init__(self, path: Path, disparity: Path, data_paths: DataPaths):
        super().__init__([path], [path.stem], path.parent, data_paths, 1)
        self.disparity = disparity

    def beside(self, i: int) -> Entries:
        """depth: in metres, (H, W) float32; DataError if the disparity is damaged."""
        disparity = _read(self.disparity)
        width, height = size_of(self.paths[i])
        if disparity.shape != (height, width):
            raise DataError(
                f"{self.disparity} is {disparity.shape}, but its image {self.paths[i]} is "
                f"{(height, width)}. Run `pip install --force-reinstall scikit-image`."
            )
        depth = _BASELINE * _FOCAL / (disparity + _OFFSET)
        return {"depth": filled(depth, np.isfinite(disparity), str(self.disparity))}

    def files(self) -> list[Path]:
        """The photograph and its disparity."""
        return [*self.paths, self.disparity]


def _read(path: Path) -> Depth:
    """The one array of the file."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            (name,) = arrays.files
            return arrays[name]
    except Exception as error:  # on damaged bytes a reader raises whatever its code runs into
        raise DataError(
            f"{path} is damaged ({error}). Run `pip install --force-reinstall scikit-image`."
        ) from error
