"""Small alignment networks for the tests of losses that look at faces through one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

POINTS = 4


class Aligner(nn.Module):
    """Faces to heatmaps (N, 4, H / stride, W / stride); batch normalisation tells what trains."""

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.body = nn.Sequential(
                nn.Conv2d(3, 8, 4 if stride > 1 else 3, stride, 0 if stride > 1 else 1),
                nn.BatchNorm2d(8),
                nn.Softplus(),
                nn.Conv2d(8, POINTS, 1),
            )

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images)


class Small(Aligner):
    """Maps of a quarter of the size."""

    def __init__(self) -> None:
        super().__init__(stride=4)


class Stacked(Aligner):
    """Gives earlier maps after its last ones."""

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        maps = super().forward(images)
        return maps, 0 * maps
