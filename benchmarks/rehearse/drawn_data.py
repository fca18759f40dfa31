"""Data of the true size that needs no file: what takes the place of every set in a rehearsal.

One image per set, of the size and with the entries that the set has; degradations, crops and
augmentation around it stay the declared ones. What it shows does not matter: it is a pattern with
edges, ramps and grain, so that no metric meets an even image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.tree import rebuilt, walk
from benchmarks.profiles.stand_ins import EMBEDDED
from datasets.cityscapes import CITYSCAPES_CLASSES, Cityscapes
from datasets.div2k import DIV2K
from datasets.embedded.computed import computed_manifest
from datasets.embedded.face_geometry import face_shape
from datasets.faces import SIDE, CelebA, Helen
from datasets.flickr2k import Flickr2K
from datasets.folders import (
    BSD100,
    CBSD68,
    LIVE1,
    BSDS500Val,
    Classic5,
    Kodak24,
    McMaster,
    Set5,
    Set14,
    Urban100,
)
from datasets.haze_pairs import IHaze, OHaze
from datasets.images import IGNORE, DataPaths, Entries, Images, Pixels
from datasets.landmarks import MIRRORED_68
from datasets.nyu_haze import NYU2Haze
from datasets.nyuv2 import NYUv2
from datasets.reside import RESIDE
from datasets.rgbd_folder import RGBDFolder


class Size(NamedTuple):
    """Of one image of a set, the largest where they differ, and how many a test goes through."""

    height: int
    width: int
    tests: int = 0


# From the sets' own documentation. Of the hazy photographs, the largest of the test images, but for
# the margin that is cut off; faces as they are cut out of their photographs.
SIZES: dict[type, Size] = {
    Cityscapes: Size(1024, 2048, 500),
    DIV2K: Size(1356, 2040, 100),
    Flickr2K: Size(1356, 2040),
    Set5: Size(512, 512, 5),
    Set14: Size(576, 720, 14),
    BSD100: Size(320, 480, 100),
    Urban100: Size(1024, 1024, 100),
    Kodak24: Size(500, 500, 24),
    CBSD68: Size(321, 481, 68),
    McMaster: Size(500, 500, 18),
    LIVE1: Size(512, 768, 29),
    Classic5: Size(512, 512, 5),
    BSDS500Val: Size(321, 481, 100),
    IHaze: Size(3122, 4776, 5),
    OHaze: Size(3352, 4846, 5),
    RESIDE: Size(460, 620, 500),
    NYUv2: Size(480, 640),
    NYU2Haze: Size(480, 640, 2256),
    RGBDFolder: Size(480, 640, 1),
    CelebA: Size(SIDE, SIDE, 1000),
    Helen: Size(SIDE, SIDE, 50),
}


def size_of(data: Any) -> Size:
    """The true size of a set's images, and how many of them a test goes through.

    Raises:
        DeclarationError: nobody wrote it down; the message says where that belongs.
    """
    if type(data) not in SIZES:
        name = type(data).__name__
        raise DeclarationError(f"{name} has no true size: add `{name}: ...` to SIZES in {__file__}")
    size, scale = SIZES[type(data)], getattr(data, "scale", 1)
    return Size(size.height // scale, size.width // scale, size.tests)


def is_set(node: Any) -> bool:
    """Whether an object is a data set by itself, and not made of others."""
    below = [part for part in walk(node) if hasattr(part, "open") and part is not node]
    return hasattr(node, "open") and not isinstance(node, type) and not below


def drawn(declared: Any, height: int | None = None, width: int | None = None) -> Any:
    """A declared object with a drawn set in the place of each that has files.

    Args:
        height, width: in pixels, where another size than the true one is wanted.

    Raises:
        DeclarationError: the true size of a set is not known.
    """

    def replaced(node: Any) -> Any:
        if not is_set(node) or isinstance(node, (*EMBEDDED, Drawn)):
            return node
        true = size_of(node)
        grey = len(getattr(node, "grey", ())) == true.tests > 0
        return Drawn(node.provides, height or true.height, width or true.width, grey)

    return rebuilt(declared, replaced)


@dataclass(frozen=True)
class Drawn:
    """One drawn image with these entries; its size is in pixels, and it may be without colours."""

    provides: tuple[str, ...]
    height: int
    width: int
    grey: bool = False

    revision: ClassVar[int] = 1

    def open(self, data_paths: DataPaths) -> Images:
        """Needs no file."""
        return DrawnImages(self)


class DrawnImages(Images):
    """The image of an opened `Drawn`; points are the landmarks of a face."""

    mirrored = MIRRORED_68

    def __init__(self, spec: Drawn):
        self.spec = spec
        self.names = ["drawn"]

    def image(self, i: int) -> Pixels:
        """RGB, (H, W, 3) uint8, read-only."""
        image = _photograph(self.spec.height, self.spec.width)
        return np.repeat(image[..., 1:2], 3, axis=2) if self.spec.grey else image

    def size(self, i: int) -> tuple[int, int]:
        """Height and width."""
        return self.spec.height, self.spec.width

    def beside(self, i: int) -> Entries:
        """The other entries that are declared."""
        return {name: self._entry(name) for name in self.spec.provides if name != "image"}

    def _entry(self, name: str) -> Any:
        height, width = self.spec.height, self.spec.width
        rows, columns = np.ogrid[:height, :width]
        match name:
            case "hazy":
                return (_photograph(height, width) // 2 + 96).astype(np.uint8)
            case "labels":
                classes = (rows // 32 + columns // 32) % (len(CITYSCAPES_CLASSES) + 1)
                return np.where(classes < len(CITYSCAPES_CLASSES), classes, IGNORE).astype(np.uint8)
            case "depth":
                return (1 + 7 * (rows + columns) / (height + width)).astype(np.float32)
            case "points":
                face = face_shape(np.random.default_rng(0)).landmarks
                return (face * min(height, width) / SIDE).astype(np.float32)
        raise DeclarationError(f"nothing draws the entry {name!r}: add it to {__file__}")

    def manifest(self) -> list[tuple[str, str]]:
        """What the image is computed from: there is no file to hash."""
        return computed_manifest(self.spec, self.names)


_TILE = 256


@lru_cache(maxsize=4)
def _photograph(height: int, width: int) -> Pixels:
    """A tile of ramps, edges and grain, repeated: 16 megapixels are drawn at once."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:_TILE, :_TILE]
    waves = [np.sin(rows / (7 + 5 * c)) + np.cos(columns / (11 + 3 * c)) for c in range(3)]
    blocks = ((rows // 32 + columns // 64) % 2)[..., None]
    tile = 128 + 30 * np.stack(waves, 2) + 40 * blocks + rng.normal(0, 6, (_TILE, _TILE, 3))
    times = (-(-height // _TILE), -(-width // _TILE), 1)
    image: Pixels = np.tile(tile.clip(0, 255).astype(np.uint8), times)[:height, :width]
    image.flags.writeable = False
    return image
