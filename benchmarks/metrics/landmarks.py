"""From heatmaps to landmarks: where in an image the peak of each map is.

`dic_peaks` is what eval_landmark.py of Maclory/Deep-Iterative-Collaboration does. Its maps have a
landmark at a quarter of its place, so their values stand for the first pixels of their blocks. Even
on exact maps it is off by 1.41 pixels, the root of the mean squared distance: along the axis on
which the second-highest value lies beside the highest it takes one of two places, along the other
one it always goes back by a pixel. `centroid_peaks` is the suite's own, for maps whose values stand
for the centres of their blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# Half the side of the window of a centroid, in values.
REACH = 2


def dic_peaks(maps: Tensor, scale: float = 4.0) -> Tensor:
    """The highest value, moved by a quarter of a value towards the second-highest, else backwards.

    Args:
        maps: (P, H, W), finite.
        scale: pixels of the image per value of the map, along one side.

    Returns:
        (P, 2), x and y in pixels, of the maps' type. Of equal values the first is the higher one.
    """
    flat = maps.flatten(1)
    first = flat.argmax(1)
    second = flat.scatter(1, first.unsqueeze(1), float("-inf")).argmax(1)
    highest, next_highest = _places(first, maps), _places(second, maps)
    towards = 2 * (next_highest > highest).to(maps.dtype) - 1
    return scale * highest + scale / 4 * towards


def centroid_peaks(maps: Tensor, scale: float = 4.0) -> Tensor:
    """The centroid of what is positive in the 5x5 values around the highest one.

    Args:
        maps: (P, H, W), finite.
        scale: pixels of the image per value of the map, along one side.

    Returns:
        (P, 2), x and y in pixels, of the maps' type; the centre of the highest value's block where
        no value around it is positive.
    """
    highest = _places(maps.flatten(1).argmax(1), maps)
    rows, columns = (
        maps.new_tensor(range(side)) - highest[:, axis, None]  # (P, side)
        for side, axis in ((maps.shape[1], 1), (maps.shape[2], 0))
    )
    near = (rows.abs() <= REACH).unsqueeze(2) & (columns.abs() <= REACH).unsqueeze(1)
    mass = maps.clamp(min=0) * near  # (P, H, W)
    total = mass.sum((1, 2)).clamp(min=1e-12)
    x = (mass.sum(1) * columns).sum(1) / total
    y = (mass.sum(2) * rows).sum(1) / total
    highest[:, 0] += x
    highest[:, 1] += y
    return scale * (highest + 0.5) - 0.5


def _places(indices: Tensor, maps: Tensor) -> Tensor:
    """Column and row of indices into flattened maps, (P, 2), of the maps' type."""
    width = maps.shape[2]
    places = indices.new_empty((len(indices), 2))
    places[:, 0] = indices % width
    places[:, 1] = indices // width
    return places.to(maps.dtype)
