"""Our numbers against the paper's: the difference of each, and two verdicts on each column.

On value: how far apart, and how many agree within a tolerance. The tolerance is what the numbers
themselves leave open: the digits that the paper does not print, and how far our mean would move
with other test images (`benchmarks.grid.bootstrap`). What another training would change is not in
it. On order: how many pairs of methods that the paper puts in an order come out in the same order,
over the seeds that both have, Kendall's tau-b over these pairs, and the pairs that come out the
other way round. What deserves to be called reproduced is left to the reader.

A value is held against the paper's where it is of the whole of the paper's test set. Of a part of
it, or of other images, only the order is: what all methods gain or lose by easier images falls out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import NamedTuple

from benchmarks.grid import bootstrap, seeds
from benchmarks.grid.model import Cell, Column, Grid
from benchmarks.grid.ranks import Place, scopes


class Pair(NamedTuple):
    """Our number and the paper's for one cell, both at printed precision.

    tolerance: half a unit in the last digit that both have, or half the width of the 95 %
        bootstrap interval over test images if that is more; to one digit more than is printed.
        None where the two are not of the same images, so that their values are not compared.
    mean: our number unrounded; None where only the rounded one is known.
    """

    ours: Decimal
    paper: Decimal
    tolerance: Decimal | None
    mean: Decimal | None = None

    @property
    def difference(self) -> Decimal:
        """How much our number is above the paper's: ours − paper."""
        return self.ours - self.paper

    @property
    def agrees(self) -> bool:
        """Whether our number, before it is rounded, lies within the tolerance of the paper's."""
        ours = self.ours if self.mean is None else self.mean
        return self.tolerance is not None and abs(ours - self.paper) <= self.tolerance


@dataclass(frozen=True)
class Ordered:
    """Two methods that the paper orders, and that are in an order here as well.

    better, worse: keys of the rows, as the paper orders them.
    decided: whether both 95 % intervals of their difference exclude zero, the bootstrap's over test
        images and Student's over seeds, so that neither other images nor other trainings would
        turn them round again. False where one is not known.
    """

    better: str
    worse: str
    decided: bool


@dataclass(frozen=True)
class Verdict:
    """The agreement in one column.

    cells: how many values are compared; agreeing: how many of them within their tolerance.
    mean, largest: of the differences ours − paper, at printed precision; the largest by
        absolute value. None where no value is compared.
    tau: Kendall's tau-b, 1 for the paper's order and -1 for its reverse, over the pairs within a
        ranking scope; None where the paper or the measurement orders none of them.
    pairs: how many pairs of a ranking scope the paper orders.
    agreed, flipped: those that come out in its order, and in the reverse one, in reading order; the
        rest of `pairs` is tied here.
    """

    name: str
    cells: int
    agreeing: int
    mean: Decimal | None
    largest: Decimal | None
    tau: float | None
    pairs: int
    agreed: tuple[Ordered, ...]
    flipped: tuple[Ordered, ...]


def held(column: Column, cell: Cell) -> bool:
    """Whether a value may be held against the paper's: by its metric, of all its test images."""
    return not (column.stand_in or column.other_set or cell.partial)


def compared(grid: Grid) -> dict[Place, Pair]:
    """The cells where both have a number, and ours is by the real metric."""
    found = {}
    for r, row in enumerate(grid.rows):
        for c, (column, cell) in enumerate(zip(grid.columns, row.cells, strict=True)):
            ours, paper = cell.shown(column.digits), cell.printed
            if column.stand_in or ours is None or paper is None or not ours.is_finite():
                continue
            mean = Decimal(repr(cell.mean))  # the shortest decimal, as it is rounded
            tolerance = _tolerance(cell, paper, column.digits) if held(column, cell) else None
            found[r, c] = Pair(ours, paper, tolerance, mean)
    return found


def interval(cell: Cell) -> tuple[float, float] | None:
    """The 95 % bootstrap interval of the mean over test images; None without replicates."""
    return bootstrap.interval(cell.replicates) if cell.replicates else None


def verdicts(grid: Grid) -> list[Verdict]:
    """The verdict of each column of which there is any; none for a table that is not comparable."""
    if not grid.comparable:
        return []
    pairs = compared(grid)
    found = []
    for c in range(len(grid.columns)):
        line = {place: pair for place, pair in pairs.items() if place[1] == c}
        verdict = _verdict(grid, c, line)
        if verdict.cells or verdict.pairs:
            found.append(verdict)
    return found


def _tolerance(cell: Cell, paper: Decimal, digits: int) -> Decimal:
    # A paper that prints 27.1 in a column of 27.05 leaves more open there.
    exponent = paper.as_tuple().exponent
    decimals = min(digits, -exponent) if isinstance(exponent, int) else digits
    half_unit = Decimal(5).scaleb(-decimals - 1)
    if (bounds := interval(cell)) is None:
        return half_unit
    half_width = Decimal(repr((bounds[1] - bounds[0]) / 2))
    return max(half_unit, half_width.quantize(Decimal(1).scaleb(-digits - 1), ROUND_HALF_UP))


def _verdict(grid: Grid, c: int, line: dict[Place, Pair]) -> Verdict:
    differences = [pair.difference for pair in line.values() if pair.tolerance is not None]
    pairs = [
        (a, b, line[a].paper - line[b].paper, _ahead(grid, a, b))
        for scope in scopes(grid)
        for a, b in combinations([place for place in scope if place in line], 2)
        if _alike(_cell(grid, a), _cell(grid, b))
    ]
    return Verdict(
        name=grid.columns[c].name,
        cells=len(differences),
        agreeing=sum(pair.agrees for pair in line.values()),
        mean=_mean(differences, grid.columns[c].digits),
        largest=max(differences, key=abs, default=None),
        tau=_tau_b([(paper, ours) for _, _, paper, ours in pairs]),
        pairs=sum(paper != 0 for _, _, paper, _ in pairs),
        agreed=tuple(
            _ordered(grid, a, b, paper, ours) for a, b, paper, ours in pairs if paper * ours > 0
        ),
        flipped=tuple(
            _ordered(grid, a, b, paper, ours) for a, b, paper, ours in pairs if paper * ours < 0
        ),
    )


def _ahead(grid: Grid, a: Place, b: Place) -> Decimal:
    """By how much one measured place exceeds another, at printed precision."""
    digits = grid.columns[a[1]].digits
    one, other = (c.shown(digits) for c in seeds.common(_cell(grid, a), _cell(grid, b)))
    assert one is not None
    assert other is not None
    return one - other


def _alike(one: Cell, other: Cell) -> bool:
    """Whether two cells can be put in an order: parts of a test set if they are equally large."""
    return one.n_images == other.n_images or not (one.partial or other.partial)


def _mean(differences: list[Decimal], digits: int) -> Decimal | None:
    """The mean difference at printed precision."""
    if not differences:
        return None
    mean = sum(differences, Decimal(0)) / len(differences)
    # The sign `+` turns a negative zero into zero.
    return +mean.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _tau_b(differences: list[tuple[Decimal, Decimal]]) -> float | None:
    """Kendall's tau-b (1945) from the differences of each pair; ties count in the denominator."""
    concordant = sum(paper * ours > 0 for paper, ours in differences)
    discordant = sum(paper * ours < 0 for paper, ours in differences)
    untied = [sum(pair[i] != 0 for pair in differences) for i in (0, 1)]
    if not all(untied):
        return None
    return (concordant - discordant) / math.sqrt(untied[0] * untied[1])


def _ordered(grid: Grid, a: Place, b: Place, paper: Decimal, ours: Decimal) -> Ordered:
    """Two places as a pair, given by how much `a` exceeds `b` in the paper and here."""
    upward = grid.columns[a[1]].higher_is_better
    better, worse = (a, b) if (paper > 0) == upward else (b, a)
    high, low = (a, b) if ours > 0 else (b, a)
    return Ordered(
        better=grid.rows[better[0]].key,
        worse=grid.rows[worse[0]].key,
        decided=exceeds(_cell(grid, high), _cell(grid, low)),
    )


def exceeds(one: Cell, other: Cell) -> bool:
    """Whether the 95 % intervals of one cell less another of the same images are above zero."""
    paired = one.n_images == other.n_images and len(one.replicates) == len(other.replicates)
    if one.mean is None or other.mean is None or not (one.replicates and paired):
        return False
    one, other = seeds.common(one, other)
    assert one.mean is not None
    assert other.mean is not None
    by_seed = seeds.paired(
        lambda values: values[0] - values[1],
        [(one.mean, seeds.of(one)), (other.mean, seeds.of(other))],
    )
    differences = [a - b for a, b in zip(one.replicates, other.replicates, strict=True)]
    above = one.mean - other.mean > seeds.half_width(by_seed)
    return above and bootstrap.interval(differences)[0] > 0


def _cell(grid: Grid, place: Place) -> Cell:
    return grid.rows[place[0]].cells[place[1]]
