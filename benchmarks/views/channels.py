"""Features of single images as samples per channel, and which few channels a figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

    from losses.features import FeatureExtractor

Samples = NDArray[np.float64]

EXTREMES = 3  # the least, the middle and the greatest


def channel_values(extractor: FeatureExtractor, image: Tensor) -> Samples:
    """What each channel of the extractor's single layer gives over an image.

    Args:
        image: (3, H, W) in [0, 1].

    Returns:
        (C, H' * W') float64.
    """
    import torch

    with torch.no_grad():
        (features,) = extractor(image[None]).values()
    values: Samples = features[0].flatten(1).double().cpu().numpy()
    return values


def alive(*samples: Samples) -> list[int]:
    """The channels that vary in every one of the samples: a dead one has no distribution."""
    varies = np.logical_and.reduce([np.ptp(sample, axis=1) > 0 for sample in samples])
    return np.flatnonzero(varies).tolist()


def extremes(channels: list[int], distances: list[float]) -> list[int]:
    """The channels with the least, the middle and the greatest of their distances.

    Of equal distances the channel of the lower number comes first; of fewer than three channels,
    all are taken.
    """
    order = sorted(zip(distances, channels, strict=True))
    places = dict.fromkeys((0, (len(order) - 1) // 2, len(order) - 1)) if order else ()
    return [order[place][1] for place in places]


def nearest(channels: list[int], values: list[float], share: float) -> list[int]:
    """The channels whose value is nearest to the median of all, a share of them, at least three."""
    middle = float(np.median(values))
    count = max(EXTREMES, round(share * len(channels)))
    order = sorted(zip([abs(v - middle) for v in values], channels, strict=True))
    return sorted(channel for _, channel in order[:count])
