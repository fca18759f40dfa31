"""Which part of an image is shown and which way up, for everything that belongs to the image.

A crop, a flip and a transposition rearrange the pixels of a map; points name places among those
pixels, and have to follow. Both are done here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from datasets.images import DataError, Entries, kind_of


@dataclass(frozen=True)
class Framing:
    """A crop, then a horizontal flip, a vertical flip and a transposition, in this order.

    top, left: first row and column of the crop.
    height, width: its size in pixels, before the transposition.
    hflip: left and right are exchanged.
    vflip: top and bottom are exchanged.
    transpose: rows and columns are exchanged.
    """

    top: int
    left: int
    height: int
    width: int
    hflip: bool = False
    vflip: bool = False
    transpose: bool = False

    @property
    def mirrors(self) -> bool:
        """Whether the result is a mirror image: two reflections are a rotation, three are not."""
        return (self.hflip + self.vflip + self.transpose) % 2 == 1

    def of(self, entries: Entries, mirrored: tuple[int, ...] | None = None) -> Entries:
        """All entries of one image, framed alike: views of the maps, and moved points.

        Args:
            entries: by name; all maps of one size.
            mirrored: as `Images.mirrored`; needed where there are points and a mirror image.
        Raises:
            DataError: an entry is unknown, or `mirrored` is missing or does not fit the points.
            ValueError: the crop is not inside the image.
        """
        return {
            name: self.points(array, mirrored) if kind_of(name) == "points" else self.map(array)
            for name, array in entries.items()
        }

    def map(self, plane: NDArray[Any]) -> NDArray[Any]:
        """A map, (H, W) or (H, W, ...): a view, so that only its own bytes leave a memory map."""
        bottom, right = self.top + self.height, self.left + self.width
        if min(self.top, self.left) < 0 or bottom > plane.shape[0] or right > plane.shape[1]:
            raise ValueError(f"{self} is not inside {plane.shape[1]}x{plane.shape[0]} pixels")
        view = plane[self.top : bottom, self.left : right]
        if self.hflip:
            view = view[:, ::-1]
        if self.vflip:
            view = view[::-1]
        return view.swapaxes(0, 1) if self.transpose else view

    def points(
        self, points: NDArray[Any], mirrored: tuple[int, ...] | None = None
    ) -> NDArray[np.float32]:
        """Points (N, 2), x and y in pixels of the image, in pixels of the result.

        Pixel centres have whole numbers, so that x becomes width - 1 - x when flipped. In a mirror
        image, point k is what was point `mirrored[k]`.
        """
        x, y = points[:, 0] - self.left, points[:, 1] - self.top
        if self.hflip:
            x = self.width - 1 - x
        if self.vflip:
            y = self.height - 1 - y
        moved = np.stack((y, x) if self.transpose else (x, y), axis=1).astype(np.float32)
        return moved[_permutation(mirrored, len(moved))] if self.mirrors else moved


def top_left(entries: dict[str, Tensor], height: int, width: int) -> dict[str, Tensor]:
    """The top left corner of an image, and of all that belongs to it, as tensors of a sample.

    Args:
        entries: by name; maps (..., H, W), points (N, 2).
        height, width: of the corner.
    Returns:
        maps (..., height, width), contiguous; points as they are, for the origin stays.
    """
    return {
        name: value if kind_of(name) == "points" else value[..., :height, :width].contiguous()
        for name, value in entries.items()
    }


def _permutation(mirrored: tuple[int, ...] | None, count: int) -> list[int]:
    """`mirrored` as an index, after a check: mirroring twice must give every point its number."""
    if mirrored is None:
        raise DataError(
            "the points cannot be mirrored: which of them change places, as a left and a right eye "
            "do, is not declared. Declare `mirrored` on the set's Images, or do without flips."
        )
    numbers = range(count)
    if sorted(mirrored) != list(numbers) or any(mirrored[mirrored[k]] != k for k in numbers):
        raise DataError(
            f"mirrored must exchange pairs of the numbers 0..{count - 1}, one per point, but is "
            f"{mirrored!r}. Correct it on the set's Images."
        )
    return list(mirrored)
