"""Our numbers against the paper's: the difference of each, and two verdicts on each column.

On value: how far apart, and how many agree to the printed digit. On order: how many pairs of
methods that the paper puts in an order come out in the same order. What deserves to be called
reproduced is left to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import NamedTuple

from benchmarks.report.grid import Grid
from benchmarks.report.ranks import Place, scopes


class Pair(NamedTuple):
    """Our number and the paper's for one cell, both at printed precision."""

    ours: Decimal
    paper: Decimal

    @property
    def difference(self) -> Decimal:
        """Ours − paper."""
        return self.ours - self.paper


@dataclass(frozen=True)
class Verdict:
    """The agreement in one column, or in one row where a table is ranked along its rows.

    cells: how many are compared; equal: how many of them at printed precision.
    mean, largest: of the differences ours − paper, at printed precision; the largest by
        absolute value.
    ordered, pairs: pairs of a ranking scope in the paper's order, of those that it orders.
    """

    name: str
    cells: int
    equal: int
    mean: Decimal
    largest: Decimal
    ordered: int
    pairs: int


def compared(grid: Grid) -> dict[Place, Pair]:
    """The cells where both have a number and ours is of the whole test set."""
    found = {}
    for r, row in enumerate(grid.rows):
        for c, cell in enumerate(row.cells):
            ours, paper = cell.shown(grid.columns[c].digits), cell.printed
            if ours is not None and paper is not None and ours.is_finite() and not cell.partial:
                found[r, c] = Pair(ours, paper)
    return found


def verdicts(grid: Grid) -> list[Verdict]:
    """One per column, or per row if ranked along rows; none for a table that is not comparable."""
    if not grid.comparable:
        return []
    pairs = compared(grid)
    axis = 0 if grid.rank_within == "row" else 1
    names = [line.name for line in (grid.columns if axis else grid.rows)]
    found = []
    for i, name in enumerate(names):
        line = {place: pair for place, pair in pairs.items() if place[axis] == i}
        if line:
            found.append(_verdict(grid, name, line))
    return found


def _verdict(grid: Grid, name: str, line: dict[Place, Pair]) -> Verdict:
    differences = [pair.difference for pair in line.values()]
    largest = max(differences, key=abs)
    orders = [
        ((line[a].paper - line[b].paper), (line[a].ours - line[b].ours))
        for scope in scopes(grid)
        for a, b in combinations([place for place in scope if place in line], 2)
    ]
    return Verdict(
        name=name,
        cells=len(line),
        equal=differences.count(Decimal(0)),
        mean=(sum(differences, Decimal(0)) / len(line)).quantize(largest, ROUND_HALF_UP),
        largest=largest,
        ordered=sum(paper * ours > 0 for paper, ours in orders),
        pairs=sum(paper != 0 for paper, _ in orders),
    )
