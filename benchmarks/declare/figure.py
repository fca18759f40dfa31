"""A figure of a paper: a view, and the rows of tables whose trained networks it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.table import Row, Table
from benchmarks.grid.model import Grid
from benchmarks.views.view import View

# Table, group and label of a row.
Place = tuple[Table, str, str]


@dataclass(frozen=True, kw_only=True)
class Figure(Exhibit):
    """A figure that the suite draws anew.

    view: what is looked at; its choices stand in the ledger.
    rows: by the label in the figure, the row of a table whose trained network is looked at; it is
        the table's own training, shared with it in the store. Empty where no network is needed.
    prints: the numbers that the paper prints in the figure, as a table of the figure's name.
    notes: what must be known about the figure. assumptions: choices that stand nowhere else.
    """

    name: str
    source: str
    caption: str
    view: View
    rows: dict[str, Place] = field(default_factory=dict)
    prints: Table | None = None
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for label in self.rows:
            self.row(label)
        if self.prints is not None and self.prints.name != self.name:
            raise DeclarationError(
                f"{self.name}: its printed numbers are those of {self.prints.name!r}; one figure "
                "has one name"
            )

    def row(self, label: str) -> Row:
        """The row behind a label of the figure.

        Raises:
            DeclarationError: its table has no such row, or the row no network.
        """
        table, group, name = self.rows[label]
        found = [row for where, row in table.rows() if (where, row.label) == (group, name)]
        place = f"{self.name}, {label!r}: {table.name}"
        if len(found) != 1:
            known = ", ".join(f"{where!r} / {row.label!r}" for where, row in table.rows())
            count = "no row" if not found else "several rows"
            raise DeclarationError(f"{place} has {count} {group!r} / {name!r}; it has {known}")
        if found[0].model is None:
            raise DeclarationError(f"{place}: the network of {name!r} is not implemented")
        return found[0]

    @property
    def tables(self) -> list[Table]:
        """The tables whose rows are looked at, each once."""
        return list({id(table): table for table, _, _ in self.rows.values()}.values())

    @property
    def cells(self) -> int:
        """How many numbers the paper prints in it."""
        return 0 if self.prints is None else self.prints.cells

    @property
    def runnable(self) -> int:
        """Zero: it is drawn, and fills no cells."""
        return 0

    @property
    def how_much(self) -> str:
        """How it is made, in words for a list."""
        return f"--figure {self.name} draws it"

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The view, and of each table what its looked-at rows are trained with."""
        return (self.view, self.assumptions, *self._trainings())

    def _trainings(self) -> Iterator[Any]:
        for table in self.tables:
            yield from (table.train, table.protocol, table.assumptions)
        for label in self.rows:
            yield self.row(label)

    def printed(self) -> Grid:
        """The numbers that the paper prints in the figure; a grid without cells if there are none.

        The figure's own source and caption stand above them.
        """
        if self.prints is not None:
            return replace(self.prints.printed(), source=self.source, title=self.caption)
        return Grid(
            name=self.name,
            source=self.source,
            title=self.caption,
            columns=[],
            rows=[],
            rank_within=None,
        )
