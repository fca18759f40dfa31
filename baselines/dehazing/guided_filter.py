"""The guided filter with a gray guide: a map takes on the edges of an image.

He, Sun, Tang: Guided Image Filtering (ECCV 2010), Eq. 4 to 8. Every window of the image has a line
from guide to map, fitted by least squares; a pixel gets the mean of the lines of all windows that
hold it. Windows end where the image ends, and means are over what is left of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

Map = NDArray[np.float64]


def box_mean(values: Map, radius: int) -> Map:
    """Means over windows of 2 * radius + 1 pixels a side, as far as they lie inside; (H, W).

    The time does not depend on the radius.
    """
    height, width = values.shape
    side = 2 * radius + 1
    inside = np.outer(_share(height, radius), _share(width, radius))
    return uniform_filter(values, side, mode="constant") / inside


def guided_filter(guide: Map, values: Map, radius: int, eps: float) -> Map:
    """Smooth a map, but not across the edges of a guide.

    Args:
        guide: gray image, (H, W), usually in [0, 1].
        values: the map, (H, W), of any range.
        radius: of the windows, in pixels; they may be larger than the image.
        eps: variance of the guide, in its unit squared, below which a window counts as flat.
    Returns:
        (H, W), in the unit of `values`.
    Raises:
        ValueError: the two differ in size, `radius` is negative, or `eps` is not positive.
    """
    if guide.shape != values.shape or guide.ndim != 2:
        raise ValueError(f"guide and map must be two (H, W), not {guide.shape} and {values.shape}")
    if radius < 0 or eps <= 0:
        raise ValueError(f"radius must be 0 or more and eps positive, not {radius} and {eps}")
    guide, values = guide.astype(np.float64), values.astype(np.float64)
    mean_guide, mean_values = box_mean(guide, radius), box_mean(values, radius)
    slope = box_mean(guide * values, radius) - mean_guide * mean_values  # so far the covariance
    slope /= box_mean(guide * guide, radius) - mean_guide**2 + eps
    offset = mean_values - slope * mean_guide
    return box_mean(slope, radius) * guide + box_mean(offset, radius)


def _share(length: int, radius: int) -> Map:
    """The share of each window along a side that lies inside the image, (length,)."""
    places = np.arange(length)
    first, last = np.maximum(places - radius, 0), np.minimum(places + radius, length - 1)
    return (last - first + 1) / (2 * radius + 1)
