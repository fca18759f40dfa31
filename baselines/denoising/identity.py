"""No denoiser at all: the "noisy input" row that every other row is read against."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class Identity(nn.Module):
    """Returns the degraded image as it is; nothing to train."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def forward(self, degraded: Tensor) -> Tensor:
        """(N, C, H, W), the tensor given."""
        return degraded
