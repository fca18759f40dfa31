"""How networks are trained and how their outputs are measured, as declared."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

import torch
from torch import Tensor, nn
from torch.optim import lr_scheduler

from benchmarks.metrics.luma import Luma, luma
from benchmarks.metrics.metric import Metric
from datasets.sampling import Augmentation


def _trainable(network: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


@dataclass(frozen=True)
class Adam:
    """Kingma and Ba, 2015."""

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser over the network's trainable parameters."""
        betas = (float(self.betas[0]), float(self.betas[1]))
        return torch.optim.Adam(
            _trainable(network),
            lr=float(self.lr),
            betas=betas,
            weight_decay=float(self.weight_decay),
        )


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum, as torch has it (no dampening)."""

    lr: float
    momentum: float = 0.9
    weight_decay: float = 0.0

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser over the network's trainable parameters."""
        return torch.optim.SGD(
            _trainable(network),
            lr=float(self.lr),
            momentum=float(self.momentum),
            weight_decay=float(self.weight_decay),
        )


@dataclass(frozen=True)
class RMSprop:
    """Tieleman and Hinton, 2012; `alpha` is the decay of the mean of squared gradients."""

    lr: float
    alpha: float = 0.99
    momentum: float = 0.0
    weight_decay: float = 0.0

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        """The optimiser over the network's trainable parameters."""
        return torch.optim.RMSprop(
            _trainable(network),
            lr=float(self.lr),
            alpha=float(self.alpha),
            momentum=float(self.momentum),
            weight_decay=float(self.weight_decay),
        )


Optimizer = Adam | SGD | RMSprop


@dataclass(frozen=True)
class MultiStep:
    """The learning rate is multiplied by `gamma` when each milestone (in steps) is reached."""

    milestones: tuple[int, ...] = ()
    gamma: float = 0.5

    def build(self, optimizer: torch.optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
        """The scheduler, to be stepped once per training step."""
        milestones = [int(m) for m in self.milestones]
        return lr_scheduler.MultiStepLR(optimizer, milestones, float(self.gamma))

    def shortened(self, share: float) -> MultiStep:
        """The schedule of a training that is `share` times as long."""
        return replace(self, milestones=tuple(round(m * share) for m in self.milestones))


@dataclass(frozen=True)
class EveryStep:
    """The learning rate is multiplied by `gamma` after each `every` steps."""

    every: int
    gamma: float = 0.5

    def build(self, optimizer: torch.optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
        """The scheduler, to be stepped once per training step."""
        return lr_scheduler.StepLR(optimizer, int(self.every), float(self.gamma))

    def shortened(self, share: float) -> EveryStep:
        """The schedule of a training that is `share` times as long; at least one step apart."""
        return replace(self, every=max(1, round(self.every * share)))


@dataclass(frozen=True)
class Exponential:
    """The learning rate is multiplied by `gamma` after every step."""

    gamma: float

    def build(self, optimizer: torch.optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
        """The scheduler, to be stepped once per training step."""
        return lr_scheduler.ExponentialLR(optimizer, float(self.gamma))

    def shortened(self, share: float) -> Exponential:
        """The schedule of a training that is `share` times as long: it ends at the same rate."""
        return replace(self, gamma=float(self.gamma) ** (1 / share))


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from the first learning rate to `last` (Loshchilov and Hutter 2017, Eq. 5).

    last: the learning rate after the last step, as a share of the first.
    """

    last: float = 0.0

    def build(self, optimizer: torch.optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
        """The scheduler, to be stepped once per training step."""
        last = float(self.last) * float(optimizer.param_groups[0]["lr"])
        return lr_scheduler.CosineAnnealingLR(optimizer, steps, last)

    def shortened(self, share: float) -> Cosine:
        """The same: it spans a training of any length."""
        return self


Schedule = MultiStep | EveryStep | Exponential | Cosine


@dataclass(frozen=True)
class Best:
    """The weights that scored best on a set, looked at every so many steps and at the last one.

    If that set is a table's own test set, the table's caption says so.

    metric, data: what is measured, and on which degraded set. every: steps between two looks.
    evaluation: as the outputs are prepared for it.
    """

    metric: Metric
    data: Any
    every: int
    evaluation: Evaluation

    def better(self, value: float, best: float | None) -> bool:
        """Whether a value is better than the best one before it, the earlier of two equal ones."""
        if best is None:
            return True
        return value > best if self.metric.higher_is_better else value < best


@dataclass(frozen=True)
class Training:
    """Everything of a training run that is not network, objective or data.

    steps: optimiser steps. batch: crops per step. crop: side of the square crop in pixels.
    augment: "none", "hflip" or "flips_transpose".
    keep: whose weights are the result: "last", those of the last step, or the `Best`.
    """

    steps: int
    batch: int
    crop: int
    optimizer: Optimizer
    schedule: Schedule = MultiStep()
    augment: Augmentation = "none"
    keep: Literal["last"] | Best = "last"

    def shortened(self, steps: int, **changes: Any) -> Training:
        """The same recipe in fewer steps; what happens during the training does so in proportion.

        Args:
            changes: other fields and their new values.
        """
        share = steps / self.steps
        keep = self.keep
        if isinstance(keep, Best):
            keep = replace(keep, every=max(1, round(keep.every * share)))
        schedule = self.schedule.shortened(share)
        return replace(self, steps=steps, schedule=schedule, keep=keep, **changes)


Colour = Literal["RGB", "Y (MATLAB)", "Y (Pillow)"]


@dataclass(frozen=True)
class Evaluation:
    """What happens to a network's output before it is measured.

    colour: what is measured by metrics of pixels: "RGB", all three channels together, or one of
        the two lumas, see `benchmarks.metrics.luma`. Metrics that look through a network take RGB.
    levels: 256 rounds the clamped output, and a luma, to 8 bit as an image file would; 0 measures
        floats.
    border: pixels left out at each side.
    """

    colour: Colour = "RGB"
    levels: int = 256
    border: int = 0

    def __post_init__(self) -> None:
        if self.colour not in get_args(Colour):
            known = ", ".join(map(repr, get_args(Colour)))
            raise ValueError(f"colour must be one of {known}, not {self.colour!r}")
        if self.levels not in (0, 256) or self.border < 0:
            raise ValueError(
                f"levels must be 0 or 256 and border at least 0, not {self.levels!r} and "
                f"{self.border!r}"
            )

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

    def in_colour(self, image: Tensor) -> Tensor:
        """(3, H, W) in [0, 1] -> what metrics of pixels measure: the same, or (1, H, W)."""
        if self.colour == "RGB":
            return image
        return luma(image, cast(Luma, str(self.colour)), self.levels)

    def __str__(self) -> str:
        rounding = f"rounded to {self.levels} levels" if self.levels else "not rounded"
        border = f"border {self.border} left out" if self.border else "whole image"
        return f"{self.colour}, clamped to [0, 1], {rounding}, {border}"


@dataclass(frozen=True)
class Protocol:
    """A table's training recipe and its evaluation."""

    training: Training | None
    evaluation: Evaluation = Evaluation()
