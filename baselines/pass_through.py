"""No restoration at all: the "input" or "noisy input" row that every other row is read against.

Torch's `nn.Identity` declares neither its inputs nor a revision, which a row needs.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn


class PassThrough(nn.Module):
    """Returns the degraded image as it is; nothing to train."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def forward(self, degraded: Tensor) -> Tensor:
        """Returns the tensor that it is given, (N, C, H, W)."""
        return degraded
