"""Heatmaps of landmarks by a network that judges faces and does not learn."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losses.chunks import Looking, in_chunks
from losses.objective import Resources


class FrozenAligner(Looking):
    """Maps faces (N, 3, H, W) in [0, 1] to heatmaps (N, 68, h, w); the gradient reaches the faces.

    Terms that share an aligner hold the same module, each in one of these: so it is left out of
    checkpoints wherever it stands.
    """

    frozen = True

    def __init__(self, aligner: Any, resources: Resources):
        super().__init__()
        self.network = resources.frozen(aligner)

    def train(self, mode: bool = True) -> FrozenAligner:
        """Stays in eval mode: a judge's batch statistics are those of its own training."""
        return super().train(False)

    def forward(self, images: Tensor) -> Tensor:
        """The first output of the aligner: its last heatmaps, where it gives earlier ones too."""
        maps: Tensor = in_chunks(self._maps, self.chunk, images)
        return maps

    def _maps(self, images: Tensor) -> Tensor:
        maps: Tensor | tuple[Tensor, ...] = self.network(images)
        return maps[0] if isinstance(maps, tuple) else maps


def normalised(maps: Tensor, low: Tensor | None = None) -> Tensor:
    """The heatmaps of each face with the lowest of all their values as 0 and the highest as 1.

    Args:
        maps: (N, P, h, w).
        low: what takes the place of the lowest values, (N, 1, 1, 1), such as `lowest(others)`.
    Returns:
        (N, P, h, w), and 0 everywhere in maps that are flat.
    """
    low = lowest(maps) if low is None else low
    spread = maps.amax(dim=(1, 2, 3), keepdim=True) - low
    return (maps - low) / torch.where(spread == 0, torch.ones_like(spread), spread)


def lowest(maps: Tensor) -> Tensor:
    """The lowest value of each face's heatmaps, (N, P, h, w) to (N, 1, 1, 1)."""
    return maps.amin(dim=(1, 2, 3), keepdim=True)
