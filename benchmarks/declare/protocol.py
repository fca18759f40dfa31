"""How networks are trained and how their outputs are measured, as declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from datasets.sampling import Augmentation


@dataclass(frozen=True)
class Adam:
    """Kingma and Ba, 2015."""

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser over the network's trainable parameters."""
        parameters = [p for p in network.parameters() if p.requires_grad]
        betas = (float(self.betas[0]), float(self.betas[1]))
        return torch.optim.Adam(
            parameters, lr=float(self.lr), betas=betas, weight_decay=float(self.weight_decay)
        )


@dataclass(frozen=True)
class MultiStep:
    """The learning rate is multiplied by `gamma` when each milestone (in steps) is reached."""

    milestones: tuple[int, ...] = ()
    gamma: float = 0.5

    def build(self, optimizer: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
        """The scheduler, to be stepped once per training step."""
        milestones = [int(m) for m in self.milestones]
        return torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, float(self.gamma))


@dataclass(frozen=True)
class Training:
    """Everything of a training run that is not network, objective or data.

    steps: optimiser steps. batch: crops per step. crop: side of the square crop in pixels.
    augment: "none", "hflip" or "flips_transpose". The last step's weights are the result.
    """

    steps: int
    batch: int
    crop: int
    optimizer: Adam
    schedule: MultiStep = MultiStep()
    augment: Augmentation = "none"

    def shortened(self, steps: int, **changes: Any) -> Training:
        """The same recipe in fewer steps, milestones in proportion."""
        share = steps / self.steps
        milestones = tuple(round(m * share) for m in self.schedule.milestones)
        schedule = replace(self.schedule, milestones=milestones)
        return replace(self, steps=steps, schedule=schedule, **changes)


@dataclass(frozen=True)
class Evaluation:
    """What happens to a network's output before it is measured.

    colour: the space that is measured; "RGB" is all three channels.
    levels: 256 rounds the clamped output to 8 bit, as an image file would; 0 measures floats.
    border: pixels left out at each side.
    """

    colour: str = "RGB"
    levels: int = 256
    border: int = 0

    def __post_init__(self) -> None:
        if self.colour != "RGB":
            raise ValueError(f"colour must be 'RGB', not {self.colour!r}")

    def prepare(self, image: Tensor) -> Tensor:
        """(3, H, W) in any range -> clamped to [0, 1] and rounded as declared, border kept."""
        image = image.clamp(0, 1)
        if self.levels:
            top = self.levels - 1
            image = (image * top).round() / top
        return image

    def cut(self, image: Tensor) -> Tensor:
        """(..., H, W) without the border."""
        b = self.border
        return image[..., b : image.shape[-2] - b, b : image.shape[-1] - b] if b else image

    def __str__(self) -> str:
        rounding = f"rounded to {self.levels} levels" if self.levels else "not rounded"
        border = f"border {self.border} left out" if self.border else "whole image"
        return f"{self.colour}, clamped to [0, 1], {rounding}, {border}"


@dataclass(frozen=True)
class Protocol:
    """A table's training recipe and its evaluation."""

    training: Training | None
    evaluation: Evaluation = Evaluation()
