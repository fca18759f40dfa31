"""Something for a view to look at: images and networks that are made up."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from losses.local_resources import LocalResources

RESOURCES = LocalResources()


def photograph(seed: int, size: int = 48) -> Tensor:
    """A made image with edges and texture, (3, size, size) in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=size, mode="nearest")[0]
    return (0.8 * smooth + 0.2 * torch.rand(3, size, size, generator=generator)).clamp(0, 1)


class MadeSight:
    """Images by number; networks that add what is said to the clean image; curves that are said."""

    resources = RESOURCES

    def __init__(
        self,
        inputs: list[Tensor],
        targets: list[Tensor],
        networks: dict[str, Any] | None = None,
        curves: dict[str, tuple[tuple[int, float], ...]] | None = None,
    ):
        self.inputs, self.targets = inputs, targets
        self.networks, self.curves = networks or {}, curves or {}

    @property
    def labels(self) -> tuple[str, ...]:
        return (*self.networks, *self.curves)

    def count(self, data: Any) -> int:
        return len(self.targets)

    def sample(self, data: Any, i: int) -> dict[str, Tensor]:
        return {"input": self.inputs[i], "target": self.targets[i]}

    def restored(self, label: str, data: Any, i: int) -> Tensor:
        found: Tensor = self.networks[label](self.inputs[i], self.targets[i])
        return found.clamp(0, 1)

    def curve(self, label: str) -> tuple[tuple[int, float], ...]:
        return self.curves[label]
