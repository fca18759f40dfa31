"""What can provide a network with weights: a training, a released file, or nothing to learn.

Providers nest: a run may start from another, and its objective or its metric may hold a judge
that is itself a run. So runs form a small graph, which the engine walks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from baselines.taps import tapped
from benchmarks.declare.training import Training
from losses.objective import Objective, Term


@dataclass(frozen=True)
class Network:
    """An architecture and its constructor's arguments, not built yet.

    taps: layers whose outputs it gives besides its own, see `baselines.taps`.
    """

    architecture: type[nn.Module]
    arguments: tuple[tuple[str, Any], ...] = ()
    taps: tuple[str, ...] = ()

    def build(self) -> nn.Module:
        """A new instance, initialised from torch's global generator."""
        module = self.architecture(**dict(self.arguments))
        return tapped(module, self.taps) if self.taps else module

    def tapped(self, *taps: str) -> Network:
        """The same network, which gives these layers' outputs besides."""
        return replace(self, taps=taps)

    @property
    def name(self) -> str:
        """The name of the architecture's class."""
        return self.architecture.__name__

    @property
    def learns(self) -> bool:
        """Whether it has parameters; a classical method has none."""
        with torch.device("meta"):
            return any(True for _ in self.build().parameters())

    @property
    def inputs(self) -> tuple[str, ...]:
        """Batch entries that `forward` takes, in order."""
        return self.architecture.inputs  # type: ignore[attr-defined]

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what `forward` returns, the restored image first."""
        return (*self.architecture.outputs, *self.taps)  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        taps = f".tapped({', '.join(map(repr, self.taps))})" if self.taps else ""
        return f"{self.name}({', '.join(f'{k}={v!r}' for k, v in self.arguments)}){taps}"


def network(architecture: type[nn.Module], **arguments: Any) -> Network:
    """Declare a network: `network(EDSR, width=256)`."""
    return Network(architecture, tuple(sorted(arguments.items())))


@dataclass(frozen=True)
class Run:
    """One training: the unit that is stored, resumed and shared between tables."""

    network: Network
    objective: Objective | Term
    data: Any
    training: Training
    seed: int = 0
    start: Provider | None = None


@dataclass(frozen=True)
class Released:
    """A network with weights that somebody published; found by name, checked by sha256.

    Where its file comes from is told by `weight_sources`.

    sha256: the file's digest or its first digits; "" where no source prints one.
    part: which module of a network they are the weights of, if not the whole; such are a start.
    """

    network: Network
    file: str
    sha256: str
    part: str = ""


@dataclass(frozen=True)
class Fixed:
    """A network without parameters, such as the identity that shows the noisy input."""

    network: Network


@dataclass(frozen=True)
class LastStep:
    """The weights after the last step of a training that keeps others, its best ones."""

    run: Run

    @property
    def network(self) -> Network:
        """That of the training."""
        return self.run.network


Provider = Run | Released | Fixed | LastStep


@dataclass(frozen=True)
class Judge:
    """A network that looks at results, declared once with what provides it in each profile.

    lite: in the order of preference; the first whose weights are there.
    """

    name: str
    smoke: Provider
    lite: tuple[Provider, ...]
    paper: Provider
