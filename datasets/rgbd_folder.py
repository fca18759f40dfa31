"""Folders of photographs with measured depth, as tools write the frames of a depth camera.

A colour PNG file and one of 16 bits of grey, in millimetres, where 0 says that nothing was
measured. NYUv2's raw frames go about in this form, a third of a frame being holes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from datasets.decoding import load_image, size_of
from datasets.depth import Depth, filled
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Entries, Images
from datasets.source_words import in_words
from datasets.sources import Folder, Source

_IMAGE = "rgb.png"
_DEPTH = "depth_mm_uint16.png"

_FORM = (
    f"It may hold any colour photographs that end in {_IMAGE}, each with its depth in millimetres "
    f"in a file of 16 bits that ends in {_DEPTH} instead."
)


@dataclass(frozen=True)
class RGBDFolder:
    """All pairs of a folder below the data root, with depth in metres; there is no official size.

    place: the folder, such as "nyu_rgbd". An image's name is that of its file, such as 0001_rgb.

    A hole has the depth of the nearest measured pixel.
    """

    place: str

    provides: ClassVar[tuple[str, ...]] = ("image", "depth")
    revision: ClassVar[int] = 1

    def sources(self) -> tuple[Source, ...]:
        """The folder, which only the user can fill."""
        filled_by_hand = Folder(self.place, names=rf".*({re.escape(_IMAGE)}|{re.escape(_DEPTH)})")
        return (
            Source(
                self.place,
                (filled_by_hand,),
                "those of whoever took the photographs",
                (f"{_FORM} Put them into DIR/{self.place}.",),
            ),
        )

    def open(self, data_paths: DataPaths) -> Images:
        """Find the pairs.

        Raises:
            DataError: the folder or all pairs are missing, a photograph has no depth map or one of
                another size, or a file is no image.
        """
        source = " ".join(map(in_words, self.sources()))
        folder = data_paths.folder(self.place, source)
        images = sorted(path for path in folder.glob(f"*{_IMAGE}") if path.name[0] != ".")
        if not images:
            raise DataError(f"there is no file {folder / '*'}{_IMAGE}. {source}")
        depths = [path.with_name(path.name.removesuffix(_IMAGE) + _DEPTH) for path in images]
        for image, depth in zip(images, depths, strict=True):
            if not depth.is_file():
                raise DataError(f"{image} has no depth map: {depth} is missing. {source}")
            (wide, high), (width, height) = size_of(depth), size_of(image)
            if (wide, high) != (width, height):
                raise DataError(
                    f"{depth} is {wide}x{high}, but its image {image} is {width}x{height}. Take "
                    "both from one copy of the set."
                )
        return RGBDImages(images, depths, folder, data_paths)


class RGBDImages(ImageFiles):
    """Opened photographs with depth."""

    def __init__(self, images: list[Path], depths: list[Path], folder: Path, data_paths: DataPaths):
        super().__init__(images, [path.stem for path in images], folder, data_paths, None)
        self.depth_paths = depths

    def beside(self, i: int) -> Entries:
        """depth: in metres, (H, W) float32.

        Raises:
            DataError: the file is damaged, has not one channel of 16 bits, or nothing but holes.
        """
        millimetres = _decode_16_bits(self.depth_paths[i])
        metres = millimetres.astype(np.float32) / 1000
        return {"depth": filled(metres, millimetres != 0, str(self.depth_paths[i]))}

    def files(self) -> list[Path]:
        """The photographs, then their depth maps."""
        return self.paths + self.depth_paths


def _decode_16_bits(path: Path) -> Depth:
    """The values of a grey file with 16 bits, (H, W)."""
    with load_image(path) as image:
        if not image.mode.startswith("I;16"):
            raise DataError(
                f"{path} has mode {image.mode}, but depth in millimetres is one channel of 16 "
                "bits. A map of depth for the eye, of 8 bits or in colours, is another file."
            )
        return np.asarray(image)
