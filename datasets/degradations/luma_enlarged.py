"""Luma made smaller and enlarged again: the task of networks that sharpen an enlarged image.

So cszn/DnCNN tests super-resolution (Demo_test_DnCNN3.m): the small image is an 8-bit file in
colour, made by MATLAB's imresize; it is enlarged in floats, by imresize again, and luma is taken of
that and of the original, neither of them rounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from datasets.degradations.bicubic import Downscaled, imresize
from datasets.luma import luma


@dataclass(frozen=True)
class LumaEnlarged(Downscaled):
    """A data set made smaller and enlarged to its size, in luma.

    `data`, `scale`, `levels` and `border` are those of `Downscaled`, which makes the small image.

    The input has a luma PSNR of 28.43 dB on Set5 at scale 4, without 4 pixels at each side.
    """

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return f"luma of {super().key}, enlarged again"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input and target, (1, h, w): luma over 255, not rounded. Draws nothing."""
        made = super().degraded(entries, generator)
        large = imresize(made["input"], Fraction(self.scale), border=self.border, levels=0)
        return {
            name: luma(image, "Y (MATLAB)", 0)
            for name, image in (("input", large), ("target", made["target"]))
        }
