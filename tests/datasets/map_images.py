"""Data sets whose pixels tell where they come from, and what reads them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from datasets.images import Images
from datasets.sampling import TrainingSamples


@dataclass(frozen=True)
class Maps:
    """Images whose pixels tell where they are: red is the row, green the column, blue the image.

    Labels are (row + 2 * column + image) % 19, so that they can be checked against the colours.
    """

    count: int = 5
    height: int = 40
    width: int = 60
    first: int = 0

    provides: ClassVar[tuple[str, ...]] = ("image", "labels")
    revision: ClassVar[int] = 1

    def open(self, data_paths):
        return MapImages(self)


class MapImages(Images):
    def __init__(self, spec):
        self.spec = spec
        self.names = [f"map{spec.first + i}" for i in range(spec.count)]

    def image(self, i):
        rows, columns = np.mgrid[: self.spec.height, : self.spec.width]
        planes = (rows, columns, np.full_like(rows, self.spec.first + i))
        return np.stack(planes, -1).astype(np.uint8)

    def beside(self, i):
        rows, columns, image = self.image(i).astype(int).transpose(2, 0, 1)
        return {"labels": ((rows + 2 * columns + image) % 19).astype(np.uint8)}


@dataclass(frozen=True)
class Pairs(Maps):
    """Maps with everything that an image may have beside itself.

    The hazy photograph is the image with 200 more in blue; depth is row + column / 256; four points
    lie on pixels of their own, of which a mirror image exchanges the first two.
    """

    provides: ClassVar[tuple[str, ...]] = ("image", "labels", "hazy", "depth", "points")

    def open(self, data_paths):
        return PairImages(self)


class PairImages(MapImages):
    mirrored = (1, 0, 2, 3)

    def beside(self, i):
        image = self.image(i)
        rows, columns = image[..., 0].astype(np.float32), image[..., 1].astype(np.float32)
        return super().beside(i) | {
            "hazy": image + np.array((0, 0, 200), np.uint8),
            "depth": rows + columns / 256,
            "points": self.points(i),
        }

    def points(self, i):
        size = self.spec.height * self.spec.width
        places = np.random.default_rng(i).choice(size, 4, replace=False)
        rows, columns = np.divmod(places, self.spec.width)
        return np.stack((columns, rows), 1).astype(np.float32)


def samples_of(spec, crop=8, augment="flips_transpose", seed=0):
    return TrainingSamples(spec, spec.data.open(None), crop, augment, seed)


def integers(image):
    """(3, h, w) in [0, 1] back to rows, columns and image numbers."""
    return (image * 255).round().to(torch.int64)


def equal(one, other):
    return set(one) == set(other) and all(torch.equal(one[key], other[key]) for key in one)
