"""What a view is: something to look at in trained networks, that becomes a plain drawing.

A view is declared as a metric is: a frozen dataclass that stores what a figure's paper says and
what is assumed, and builds nothing until it is drawn. Profiles replace its data and its feature
network as they do those of a table.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from benchmarks.grid.drawing import Drawing

if TYPE_CHECKING:
    from torch import Tensor

    from losses.objective import Resources


class Sight(Protocol):
    """What a view may look at; the engine provides it."""

    @property
    def resources(self) -> Resources:
        """Device and weights, for a feature network."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """The figure's names of the networks, in the declared order; each a network of its own."""
        ...

    def count(self, data: Any) -> int:
        """How many images a declared test set has."""
        ...

    def sample(self, data: Any, i: int) -> dict[str, Tensor]:
        """Image `i` of a degraded test set, with "input" and "target" (3, H, W) in [0, 1]."""
        ...

    def restored(self, label: str, data: Any, i: int) -> Tensor:
        """Image `i` as a network restores it, (3, H, W), clamped to [0, 1] and not rounded."""
        ...

    def curve(self, label: str) -> tuple[tuple[int, float], ...]:
        """Step and value of every look of the probe in a network's training.

        Raises:
            LookupError: its training has no probe, or the log lacks a look.
        """
        ...


@dataclass(frozen=True)
class View:
    """Something to look at; its fields and its revision are part of a figure's identity."""

    revision: ClassVar[int] = 1

    @property
    @abstractmethod
    def note(self) -> str:
        """What is shown, in one sentence, for the caption of what was run."""

    @abstractmethod
    def draw(self, sight: Sight) -> Drawing:
        """Look, and give the drawing; draws no random numbers but from seeds of its own."""
