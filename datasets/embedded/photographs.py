"""Colour photographs that are installed already: those inside scikit-image's own package.

scikit-image ships a few images in its wheel and downloads others; only the former are used, so
this set needs no network. The files are read in place, without importing scikit-image.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Images

# The two motorcycles are a stereo pair of one scene, so both are in the same split. The JPEG files
# carry their compression's traces and are kept out of "val", where they would count as signal.
_FILES = {
    "train": (
        "hubble_deep_field.jpg",
        "ihc.png",
        "motorcycle_left.png",
        "motorcycle_right.png",
        "retina.jpg",
        "rocket.jpg",
    ),
    "val": ("astronaut.png", "chelsea.png", "coffee.png"),
}


@dataclass(frozen=True)
class Photographs:
    """Real photographs for smoke tests: 6 to train on, 3 to test on, 300 to 1411 pixels a side."""

    split: Literal["train", "val"]

    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in _FILES:
            raise ValueError(f"Photographs has the splits 'train' and 'val', not {self.split!r}")

    def open(self, data_paths: DataPaths) -> Images:
        """Raises DataError if scikit-image, or a photograph of its package, is not installed."""
        folder = _package_data()
        paths = [folder / name for name in _FILES[self.split]]
        missing = [path for path in paths if not path.is_file()]
        if missing:
            raise DataError(
                f"{missing[0]} is missing, though scikit-image ships it. "
                "Run `pip install --force-reinstall scikit-image`."
            )
        return ImageFiles(paths, [path.stem for path in paths], folder, data_paths, len(paths))


def _package_data() -> Path:
    spec = importlib.util.find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            "the embedded photographs come with scikit-image, which is not installed. "
            "Run `pip install scikit-image`."
        )
    return Path(spec.submodule_search_locations[0]) / "data"
