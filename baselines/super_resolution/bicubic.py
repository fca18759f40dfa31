"""Bicubic enlargement as MATLAB's imresize does it: the row that super-resolution is read against.

Keys' kernel with a = -0.5 and images mirrored at their borders, the border pixel included.
PyTorch has a = -0.75 in its plain bicubic mode and -0.5 in the antialiased one, which when
enlarging is the same interpolation otherwise. MATLAB rounds 8-bit images after each of the two
passes; here nothing is rounded or clipped.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# The kernel reaches two pixels; PyTorch drops what lies outside the image, MATLAB mirrors it.
BORDER = 4


class Bicubic(nn.Module):
    """Enlarges images; nothing to train.

    Args:
        scale: the factor, a positive integer.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, scale: int = 4):
        super().__init__()
        if scale < 1:
            raise ValueError(f"scale must be a positive integer, not {scale}")
        self.scale = scale

    def forward(self, small: Tensor) -> Tensor:
        """Enlarge (N, C, H, W) to (N, C, scale * H, scale * W); not clipped to [0, 1]."""
        height, width = small.shape[-2:]
        rows, columns = _mirrored(height).to(small.device), _mirrored(width).to(small.device)
        x = small.double()[..., rows, :][..., columns]
        size = (self.scale * len(rows), self.scale * len(columns))
        x = F.interpolate(x, size=size, mode="bicubic", align_corners=False, antialias=True)
        cut = self.scale * BORDER
        return x[..., cut : cut + self.scale * height, cut : cut + self.scale * width].to(
            small.dtype
        )


def _mirrored(length: int) -> Tensor:
    """Indices ..., 1, 0, 0, 1, ..., length-1, length-1, ...: BORDER more at either end."""
    index = torch.arange(-BORDER, length + BORDER) % (2 * length)
    return torch.minimum(index, 2 * length - 1 - index)
