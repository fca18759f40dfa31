"""Bicubic enlargement as Pillow does it, for images that Pillow has made smaller.

Keys' kernel with a = -0.5, as MATLAB's (`baselines.super_resolution.bicubic`); but at a border the
pixels that there are share the weight, the width is changed first, and an 8-bit image is rounded
between the two passes, as it is after them.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F


class PillowBicubic(nn.Module):
    """Enlarges 8-bit images; nothing to train.

    Args:
        scale: the factor, a positive integer.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, scale: int = 8):
        super().__init__()
        if scale < 1:
            raise ValueError(f"scale must be a positive integer, not {scale}")
        self.scale = scale

    def forward(self, small: Tensor) -> Tensor:
        """Enlarge (N, C, H, W) to (N, C, scale * H, scale * W), multiples of 1/255 in [0, 1]."""
        height, width = small.shape[-2:]
        x = _rounded(small.double() * 255)
        for size in ((height, self.scale * width), (self.scale * height, self.scale * width)):
            # Only with antialiasing does PyTorch take this kernel, which is else the same here.
            x = _rounded(F.interpolate(x, size=size, mode="bicubic", antialias=True))
        return (x / 255).to(small.dtype)


def _rounded(values: Tensor) -> Tensor:
    """To whole numbers in 0..255, halves upwards, which a factor of 4 makes many of."""
    return (values + 0.5 + 1e-9).floor().clamp(0, 255)
