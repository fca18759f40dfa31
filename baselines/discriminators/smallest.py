"""The smallest image that a discriminator judges."""

from __future__ import annotations

from torch import Tensor, nn


def check_size(discriminator: nn.Module, images: Tensor, smallest: int) -> None:
    """Raises ValueError where a side of `images`, (N, C, H, W), is shorter than `smallest`."""
    height, width = images.shape[-2:]
    if min(height, width) < smallest:
        raise ValueError(
            f"{type(discriminator).__name__} judges images of {smallest}x{smallest} and more, not "
            f"{height}x{width}: use larger crops"
        )
