"""Pairs that resemble photographs of real haze, in the official file names, and nothing downloaded.

Computed rooms and landscapes under haze that is thicker in places, of an airlight with a tint, with
a camera's noise and rounding. They are written as PNG files below the cache and opened by the
loader of the real sets, so that a suite without those goes the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from datasets.changed_images import ChangedImages
from datasets.degradations.hazed import Hazed
from datasets.embedded.computed import computed_manifest
from datasets.embedded.depth_layout import Kind
from datasets.embedded.depth_scenes import DepthScenes
from datasets.embedded.written_files import png_of, write_unless_there
from datasets.haze_pairs import IHaze, OHaze
from datasets.images import DataPaths, Images, Pixels
from datasets.relative_depth import RelativeDepth
from datasets.sampling import test_sample

_HEIGHT, _WIDTH = 128, 160
_SPLITS: dict[str, tuple[Literal["train", "val"], int]] = {
    "train": ("train", 8),
    "test": ("val", 2),
}
_LOADERS: dict[Kind, type[IHaze] | type[OHaze]] = {"indoor": IHaze, "outdoor": OHaze}


@dataclass(frozen=True)
class _EmbeddedHaze:
    """What both sets have in common: 8 pairs for training and 2 for tests, of 128x160 pixels."""

    split: Literal["train", "test"]

    kind: ClassVar[Kind]
    provides: ClassVar[tuple[str, ...]] = ("image", "hazy")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in _SPLITS:
            raise ValueError(
                f"{type(self).__name__} has the splits 'train' and 'test', not {self.split!r}"
            )

    def open(self, data_paths: DataPaths) -> Images:
        """Compute the pairs, and write what the cache does not hold already.

        Raises:
            DataError: the cache cannot be written to.
        """
        root = data_paths.cache / "haze_photographs" / f"revision {self.revision}"
        loader = _LOADERS[self.kind](self.split)
        for number, (hazy, clear) in zip(loader.numbers[self.split], self._pairs(), strict=False):
            for kind, pixels in (("hazy", hazy), ("GT", clear)):
                name = f"{number:02}_{self.kind}_{kind}.png"
                write_unless_there(root / loader.place / kind / name, png_of(pixels))
        return ComputedPhotographs(self, loader.open(DataPaths(root, data_paths.cache)))

    def _pairs(self) -> list[tuple[Pixels, Pixels]]:
        """Hazy and clear photographs of the split's scenes."""
        split, count = _SPLITS[self.split]
        spec = Hazed(
            RelativeDepth(DepthScenes(self.kind, split, count, _HEIGHT, _WIDTH)),
            beta=(1.0, 2.0),
            airlight=(0.75, 0.95),
            per_channel=True,
            uneven=0.3,
            noise=1.5,
            eight_bit=True,
        )
        images = spec.data.open(DataPaths(None, Path()))
        samples = [test_sample(spec, images, i, seed=0) for i in range(count)]
        return [(_pixels(sample["input"]), _pixels(sample["target"])) for sample in samples]


@dataclass(frozen=True)
class EmbeddedIHaze(_EmbeddedHaze):
    """Rooms in haze, under the names of I-HAZE: 01 to 08 for training, 31 and 32 for tests."""

    kind: ClassVar[Kind] = "indoor"


@dataclass(frozen=True)
class EmbeddedOHaze(_EmbeddedHaze):
    """Landscapes in haze, under the names of O-HAZE: 01 to 08 for training, 41 and 42 for tests."""

    kind: ClassVar[Kind] = "outdoor"


class ComputedPhotographs(ChangedImages):
    """The pairs as their loader opened them; their identity does not hang on a PNG encoder."""

    def __init__(self, spec: _EmbeddedHaze, images: Images):
        super().__init__(images)
        self.spec = spec
        self.expected = _SPLITS[spec.split][1]

    def manifest(self) -> list[tuple[str, str]]:
        """(name, sha256 of what the pair is computed from)."""
        origin: Any = (self.spec, self.spec.revision, DepthScenes.revision, Hazed.revision)
        return computed_manifest(origin, self.names)


def _pixels(image: Tensor) -> Pixels:
    """(3, H, W) in [0, 1], multiples of 1/255, to (H, W, 3) uint8."""
    planes = (image * 255).round().to(torch.uint8).permute(1, 2, 0)
    return np.ascontiguousarray(planes.numpy())
