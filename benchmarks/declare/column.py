"""The columns of a paper's table: what is measured, and on which images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.protocol import Evaluation
from benchmarks.metrics.metric import Metric


@dataclass(frozen=True)
class Unmeasured:
    """A quantity that a paper prints and that this suite does not measure."""

    symbol: str
    digits: int
    higher_is_better: bool | None


@dataclass(frozen=True)
class Derived(Unmeasured):
    """A quantity that is computed from the other columns, see `benchmarks.grid.derived`."""


@dataclass(frozen=True)
class Column:
    """One measured quantity: a metric on a degraded test set.

    data: the test set; None where it is not implemented, or derived from other columns.
    label: the paper's heading where it is not the metric's symbol.
    evaluation: the column's own, where it is measured otherwise than the table says.
    """

    metric: Metric | Unmeasured
    data: Any = None
    group: str = ""
    label: str | None = None
    evaluation: Evaluation | None = None

    @property
    def implemented(self) -> bool:
        """Whether the suite can fill the column, given the data."""
        return isinstance(self.metric, Derived) or self.measured

    @property
    def measured(self) -> bool:
        """Whether there is a metric to measure on a test set."""
        return self.data is not None and isinstance(self.metric, Metric)

    @property
    def name(self) -> str:
        """The column's name as it is printed and asked for: `sigma=25 PSNR`."""
        return f"{self.group} {self.metric.symbol}".strip()


@dataclass(frozen=True)
class PerGroup:
    """What differs where a network of its own is trained for each group of columns.

    data: training data, or a recipe, by the group's name.
    """

    data: dict[str, Any]

    @property
    def provides(self) -> tuple[str, ...]:
        """The entries that samples of every group have."""
        first, *others = (data.provides for data in self.data.values())
        return tuple(name for name in first if all(name in other for other in others))

    def of(self, group: str, missing: str) -> Any:
        """What a group has.

        Args:
            missing: the beginning of the message where it has nothing.

        Raises:
            DeclarationError: it has nothing.
        """
        if group not in self.data:
            raise DeclarationError(f"{missing} for the columns {group!r}")
        return self.data[group]
