"""How networks are trained, as declared."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args

import torch
from torch import nn
from torch.optim import lr_scheduler

from benchmarks.declare.errors import DeclarationError
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
class Probe:
    """A number of the network, looked at every so many steps and at the last one, and logged.

    Looking draws no random number and changes no bit of the training.

    metric, data: a `Metric`, and the degraded set on which it is measured.
    every: steps between two looks. evaluation: how the outputs are prepared, an `Evaluation`.
    """

    # Of any type here: what trains a network must not import what measures it, or a change of a
    # metric would make every training stale.
    metric: Any
    data: Any
    every: int
    evaluation: Any

    def __post_init__(self) -> None:
        if self.every < 1:
            raise DeclarationError(
                f"{type(self).__name__} looks every so many steps, at least 1, not {self.every}"
            )

    @property
    def logged(self) -> str:
        """The name under which the number stands in the log."""
        return f"{self.metric.symbol} probed"

    def steps(self, last: int) -> Collection[int]:
        """The steps after which it looks in a training of `last` steps."""
        return {*range(int(self.every), last + 1, int(self.every)), last}

    def shortened(self, share: float) -> Self:
        """That of a training that is `share` times as long; it looks as often."""
        return replace(self, every=max(1, round(self.every * share)))


@dataclass(frozen=True)
class Best(Probe):
    """The weights that scored best where a probe looks.

    If that set is a table's own test set, the table's caption says so.
    """

    @property
    def logged(self) -> str:
        """The name under which the number stands in the log."""
        return f"{self.metric.symbol} to keep"

    def better(self, value: float, best: float | None) -> bool:
        """Whether a value is better than the best one before it, the earlier of two equal ones."""
        if best is None:
            return True
        return bool(value > best if self.metric.higher_is_better else value < best)


@dataclass(frozen=True)
class Held:
    """A module of the network that learns nothing before so many steps.

    part: its name in the network. steps: how many.
    """

    part: str
    steps: int


LOOKS = 5

Precision = Literal["float32", "tf32", "bf16"]


@dataclass(frozen=True)
class Training:
    """Everything of a training run that is not network, objective or data.

    steps: optimiser steps. batch: crops per step. crop: side of the square crop in pixels.
    augment: "none", "hflip", "flips_transpose" or "rotate".
    keep: whose weights are the result: "last", those of the last step, or the `Best`.
    probe: what is looked at on the way, for a figure of the training; None for nothing.
    held: a module that keeps the weights of its start for a while; None for none.
    precision: in which the networks of a step compute, see `benchmarks/engine/precision.py`; what
        is measured is measured in float32. "tf32" differs from "float32" on CUDA only.
    compiled: whether torch compiles the restoring network, which sums in another order then.
    threads: how many threads compute it, which its last bits depend on; None for as many as torch
        takes on the machine where it begins, which are recorded and resumed with.
    """

    steps: int
    batch: int
    crop: int
    optimizer: Optimizer
    schedule: Schedule = MultiStep()
    augment: Augmentation = "none"
    keep: Literal["last"] | Best = "last"
    threads: int | None = None
    probe: Probe | None = None
    held: Held | None = None
    precision: Precision = "float32"
    compiled: bool = False

    def __post_init__(self) -> None:
        if self.precision not in get_args(Precision):
            known = ", ".join(map(repr, get_args(Precision)))
            raise DeclarationError(f"precision must be one of {known}, not {self.precision!r}")

    @property
    def probes(self) -> list[Probe]:
        """What looks at the network on the way: the probe, and what chooses the weights."""
        return [p for p in (self.probe, self.keep) if isinstance(p, Probe)]

    def shortened(self, steps: int, **changes: Any) -> Training:
        """The same recipe in fewer steps; what happens during the training does so in proportion.

        Its weights are chosen by `LOOKS` looks at most: in a short training, looking at whole
        images as often as a long one does would take most of the time.

        Args:
            changes: other fields and their new values.
        """
        share = steps / self.steps
        keep = self.keep
        if isinstance(keep, Best):
            keep = replace(keep, every=max(round(keep.every * share), math.ceil(steps / LOOKS)))
        probe = None if self.probe is None else self.probe.shortened(share)
        schedule = self.schedule.shortened(share)
        held = self.held and replace(self.held, steps=round(self.held.steps * share))
        changes = {"schedule": schedule, "keep": keep, "probe": probe, "held": held} | changes
        return replace(self, steps=steps, **changes)
