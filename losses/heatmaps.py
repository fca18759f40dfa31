"""Heatmaps of landmarks: one plane per point, a Gaussian with the peak 1 where the point is.

Bulat, Tzimiropoulos: How far are we from solving the 2D & 3D Face Alignment problem? (2017), and
Ma, Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with Iterative Collaboration between Attentive
Recovery and Landmark Estimation (2020), learn such maps, the latter with sigma 1 at a quarter of
the image's size. Whether the map's first value stands for the centre of the image's first pixel or
for its first block of pixels differs between codes, by 3/8 of a value at a quarter.
"""

from __future__ import annotations

import torch
from torch import Tensor


def gaussian_heatmaps(
    points: Tensor, size: int, scale: float, sigma: float = 1.0, *, centred: bool
) -> Tensor:
    """The heatmaps of points, (N, P, size, size) on the points' device.

    Args:
        points: (N, P, 2), x and y in pixels of the image, whole numbers at the pixels' centres;
            those outside leave no more than the skirt of their Gaussian.
        size: height and width of the maps.
        scale: pixels of the image per value of the map, along one side.
        sigma: standard deviation of the Gaussian, in values of the map.
        centred: whether a value stands for the centre of its block of scale x scale pixels; else
            for its first pixel, so that a point is at points / scale.

    Raises:
        ValueError: `points` has another shape.
    """
    if points.ndim != 3 or points.shape[2] != 2:
        raise ValueError(f"points must be (N, P, 2), not {tuple(points.shape)}")
    places = (points + 0.5) / scale - 0.5 if centred else points / scale
    values = torch.arange(size, dtype=points.dtype, device=points.device)
    x, y = torch.exp(-((values - places.unsqueeze(3)) ** 2) / (2 * sigma**2)).unbind(2)
    return y.unsqueeze(3) * x.unsqueeze(2)  # (N, P, size, 1) * (N, P, 1, size)


def true_heatmaps(
    maps: Tensor, points: Tensor, images: Tensor, sigma: float, *, centred: bool
) -> Tensor:
    """What predicted heatmaps should be, of their shape and on their device.

    Args:
        maps: (N, P, h, h), of which only the shape is used.
        points: (N, P, 2), x and y in pixels of the images.
        images: (N, C, H, H), of which only the size is used.
        sigma, centred: see `gaussian_heatmaps`; sigma in cells of the maps.

    Raises:
        ValueError: maps or images are not square, or there is not one map per point.
    """
    side, size = images.shape[-1], maps.shape[-1]
    square = images.shape[-2] == side and maps.shape[-2] == size
    if maps.ndim != 4 or maps.shape[:2] != points.shape[:2] or not square:
        raise ValueError(
            f"heatmaps of {tuple(maps.shape)} do not fit {points.shape[1]} points of "
            f"{len(points)} images of {tuple(images.shape)}: one map per point is compared, and "
            "both must be square; crop faces to squares, and take a network that is made for the "
            "landmarks of the data set"
        )
    places = points.detach().to(maps.dtype)
    return gaussian_heatmaps(places, size, side / size, sigma, centred=centred)
