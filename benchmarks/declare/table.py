"""The words in which a paper's table is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from benchmarks.declare.protocol import Protocol, Training
from benchmarks.declare.runs import Network, Released, Run
from benchmarks.metrics.metric import Metric
from losses.objective import Objective, Term


class DeclarationError(ValueError):
    """A table contradicts itself; the message names table, row and what to change."""


@dataclass(frozen=True)
class Column:
    """One measured quantity: a metric on a degraded test set."""

    metric: Metric
    data: Any
    group: str = ""

    @property
    def name(self) -> str:
        """As it is printed and asked for: `sigma=25 PSNR`."""
        return f"{self.group} {self.metric.symbol}".strip()


@dataclass(frozen=True)
class Row:
    """A trained network and the numbers that the paper prints for it.

    label: the paper's wording of the objective or method.
    printed: the row's numbers in column order, as printed, `-` for none; `|` is for the eye.
    method: the backbone's label where it differs from the group's.
    recipe: the row's own training, where the original method has one.
    released: weights to evaluate instead of training.
    """

    label: str
    model: type[nn.Module] | Network
    objective: Objective | Term | None
    printed: str
    method: str = ""
    recipe: Training | None = None
    released: Released | None = None
    note: str = ""

    @property
    def network(self) -> Network:
        """The declared network, with default arguments where the row names just the class."""
        return self.model if isinstance(self.model, Network) else Network(self.model)

    @property
    def numbers(self) -> list[str]:
        """The printed numbers, one string per column, with a leading zero."""
        words = self.printed.replace("|", " ").split()
        return ["0" + word if word.startswith(".") else word for word in words]


@dataclass(frozen=True)
class Reference:
    """A line of our own beside the paper's rows: what the input or the target itself scores."""

    label: str
    provider: Any
    clean: bool = False  # measure on the undegraded image


@dataclass(frozen=True)
class Table:
    """A table of a paper: data, protocol, columns and rows, and the printed numbers with them.

    rank_within: "group" (a block of rows), "column" (all rows) or None for no ranks.
    released: the table evaluates released weights; no profile changes it.
    """

    name: str
    source: str
    caption: str
    protocol: Protocol
    columns: tuple[Column, ...]
    groups: dict[str, list[Row]]
    train: Any = None
    rank_within: str | None = None
    references: tuple[Reference, ...] = ()
    notes: tuple[str, ...] = ()
    released: bool = False

    def __post_init__(self) -> None:
        for group, row in self.rows():
            self._check(group, row)

    def rows(self) -> list[tuple[str, Row]]:
        """All rows with their group's name, in the printed order."""
        return [(group, row) for group, rows in self.groups.items() for row in rows]

    def training(self, row: Row) -> Training:
        """The row's own recipe, or the table's."""
        training = row.recipe or self.protocol.training
        if training is None:
            raise DeclarationError(f"{self.name}, row {row.label!r}: no training is declared")
        return training

    def _check(self, group: str, row: Row) -> None:
        place = f"{self.name}, {group}, row {row.label!r}"
        if len(row.numbers) != len(self.columns):
            raise DeclarationError(
                f"{place}: {len(row.numbers)} printed numbers for {len(self.columns)} columns"
            )
        if row.objective is None:
            if row.released is None:
                raise DeclarationError(f"{place}: needs an objective or released weights")
            return
        objective = _objective(row.objective)
        at_hand = {"pred", "target", *self.train.provides, *row.network.outputs}
        absent = [f"{need!r}" for need in objective.needs if need not in at_hand]
        if absent:
            raise DeclarationError(
                f"{place}: the objective needs {', '.join(absent)}; the data and the network "
                f"give {', '.join(sorted(at_hand))}"
            )
        absent = [f"{name!r}" for name in row.network.inputs if name not in at_hand]
        if absent:
            raise DeclarationError(f"{place}: the network takes {', '.join(absent)}")


def _objective(declared: Objective | Term) -> Objective:
    return declared if isinstance(declared, Objective) else 1.0 * declared


def row_run(table: Table, row: Row, seed: int) -> Run:
    """The training that the row declares, before a profile is applied."""
    if row.objective is None:
        raise DeclarationError(f"{table.name}, row {row.label!r}: nothing to train")
    training = table.training(row)
    return Run(row.network, _objective(row.objective), table.train, training, seed)
