"""Quantities over the cells of tables, and what is known about their values.

The same quantity is evaluated on printed numbers, where rounding bounds it, and on measured ones,
where a bootstrap over the test images does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from benchmarks.grid.bootstrap import interval
from benchmarks.grid.model import Cell as GridCell
from benchmarks.grid.model import Column, Grid
from benchmarks.grid.seeds import Seeds, half_width, of, paired

Replicates = tuple[float, ...]
Make = Callable[[Sequence[Any]], Any]
BOUNDS = ("point", "low", "high")
LEVEL = 0.95


class NoNumberError(Exception):
    """A cell that a quantity needs has no number; the message says why."""


@dataclass(frozen=True)
class Estimate:
    """A value and what bounds it.

    low, high: of the values behind a printed number; of a measured one the bounds at `level`, the
        wider of those over the choice of test images and over seeds; infinite where either is not
        known.
    replicates: the value for each bootstrap sample of the test images, of measured numbers.
    seeds: the value for each seed, of numbers behind which there is a training.
    """

    point: Fraction
    low: Fraction | float
    high: Fraction | float
    replicates: Replicates | None = None
    seeds: Seeds = None
    level: float = LEVEL

    @staticmethod
    def exactly(value: Fraction) -> Estimate:
        """A number that is not rounded."""
        return Estimate(value, value, value)

    @staticmethod
    def measured(
        point: Fraction, replicates: Replicates | None, by_seed: Seeds, level: float
    ) -> Estimate:
        """A measured number with the intervals over its images and its seeds, where both are."""
        half = half_width(by_seed, level)
        if replicates is None or math.isinf(half):
            return Estimate(point, -math.inf, math.inf, replicates, by_seed, level)
        low, high = map(Fraction, interval(replicates, level))
        around = Fraction(half)
        low, high = min(low, point - around), max(high, point + around)
        return Estimate(point, low, high, replicates, by_seed, level)

    def over(self, n: int) -> Fraction:
        """A measured value over its first n seeds."""
        if self.seeds is None or len(self.seeds) == n:
            return self.point
        return Fraction(math.fsum(self.seeds[:n]) / n)

    @property
    def bounds(self) -> str:
        """What bounds a measured value, for a reader."""
        if self.replicates is None:
            return "no interval: fewer than six test images, or not the same ones"
        if math.isinf(self.low):
            return "no interval: of one seed"
        both = f"{shown(Fraction(self.low))} to {shown(Fraction(self.high))}"
        return f"{percent(self.level)} % interval {both}"


@dataclass(frozen=True)
class Numbers:
    """The tables, and which of their numbers are meant.

    printed: the papers' numbers; else what was measured.
    exact: whether values count and not only their order, which then must be of the paper's images.
    level: of the intervals of measured numbers.
    """

    grids: Mapping[str, Grid]
    printed: bool
    exact: bool = False
    level: float = LEVEL

    def cell(self, table: str, row: str, column: str) -> tuple[GridCell, Column]:
        """A cell and its column.

        Raises:
            NoNumberError: the table is not there.
            LookupError: it has no such row or column, or several.
        """
        if table not in self.grids:
            raise NoNumberError("nothing of the table is implemented")
        grid = self.grids[table]
        rows = [line for line in grid.rows if line.key == row]
        columns = [c for c, line in enumerate(grid.columns) if line.name == column]
        if len(rows) != 1 or len(columns) != 1:
            raise LookupError(
                f"{table}: {len(rows)} rows {row!r}, {len(columns)} columns {column!r}"
            )
        return rows[0].cells[columns[0]], grid.columns[columns[0]]

    def estimate(self, table: str, row: str, column: str) -> Estimate:
        """What is known about a cell.

        Raises:
            NoNumberError: there is no number, or only one of a metric without its weights, or,
                where values count, of other test images or of a part of the paper's.
        """
        cell, place = self.cell(table, row, column)
        if self.printed:
            if cell.printed is None:
                raise NoNumberError("the paper prints none")
            value = Fraction(cell.printed)
            half = Fraction(1, 2 * 10**place.digits)
            return Estimate(value, value - half, value + half)
        if place.stand_in:
            raise NoNumberError(f"measured with {place.stand_in}")
        if self.exact and place.other_set:
            raise NoNumberError(f"not measured on the paper's images: {place.other_set}")
        if self.exact and cell.partial:
            raise NoNumberError(f"measured on {cell.n_images} of {cell.expected_images} images")
        if cell.mean is None or math.isinf(cell.mean):
            raise NoNumberError(cell.status if cell.mean is None else "infinite")
        return Estimate.measured(Fraction(cell.mean), cell.replicates or None, of(cell), self.level)


class Quantity:
    """A number made of the cells of tables."""

    def evaluate(self, numbers: Numbers) -> Estimate:
        """What is known about the quantity's value.

        Raises:
            NoNumberError: a cell has no number.
        """
        raise NotImplementedError

    def words(self, numbers: Numbers) -> str:
        """How the value comes about, for a reader."""
        return shown(self.evaluate(numbers).point)

    def __sub__(self, other: Quantity) -> Difference:
        return Difference(self, other)


@dataclass(frozen=True)
class Constant(Quantity):
    """A number of the statement itself."""

    value: str

    def evaluate(self, numbers: Numbers) -> Estimate:
        """The constant, which nothing bounds because it is exact."""
        return Estimate.exactly(Fraction(self.value))


@dataclass(frozen=True)
class Cell(Quantity):
    """The number of one cell, named as on the command line."""

    table: str
    row: str
    column: str

    def evaluate(self, numbers: Numbers) -> Estimate:
        """The printed or the measured number."""
        return numbers.estimate(self.table, self.row, self.column)

    def place(self, numbers: Numbers) -> GridCell:
        """The cell of the table model that this name stands for."""
        return numbers.cell(self.table, self.row, self.column)[0]

    def words(self, numbers: Numbers) -> str:
        """The row, the column and the number."""
        return f"{self.row}, {self.column} {self._number(numbers)}"

    def brief(self, numbers: Numbers) -> str:
        """The row and the number, where the column is clear."""
        return f"{self.row} {self._number(numbers)}"

    def _number(self, numbers: Numbers) -> str:
        """The cell's number with as many digits as the paper prints."""
        _, column = numbers.cell(self.table, self.row, self.column)
        return f"{float(self.evaluate(numbers).point):.{column.digits}f}"

    def upward(self, numbers: Numbers) -> bool:
        """Whether a greater number in the cell's column is better."""
        return bool(numbers.cell(self.table, self.row, self.column)[1].higher_is_better)


@dataclass(frozen=True)
class Best(Quantity):
    """The best of several rows in a column, whichever it is; a choice on the test images."""

    rows: tuple[Cell, ...]

    @property
    def column(self) -> str:
        """The column that the rows are compared in."""
        return self.rows[0].column

    def evaluate(self, numbers: Numbers) -> Estimate:
        """The best value; which row it is of may change with the images and with the seed."""
        known = [cell.evaluate(numbers) for cell in self.rows]
        choose: Make = max if self.upward(numbers) else min
        if not numbers.printed:
            return _made(choose, known, numbers)
        return Estimate(*(choose([getattr(k, bound) for k in known]) for bound in BOUNDS))

    def words(self, numbers: Numbers) -> str:
        """The cell of the row that turns out best, in words."""
        return self._which(numbers).words(numbers)

    def brief(self, numbers: Numbers) -> str:
        """The row that turns out best, and its number."""
        return self._which(numbers).brief(numbers)

    def _which(self, numbers: Numbers) -> Cell:
        best = self.evaluate(numbers).point
        return next(cell for cell in self.rows if cell.evaluate(numbers).point == best)

    def upward(self, numbers: Numbers) -> bool:
        """Whether a greater number in the column is better."""
        return self.rows[0].upward(numbers)


@dataclass(frozen=True)
class Difference(Quantity):
    """One quantity less another."""

    left: Quantity
    right: Quantity

    def evaluate(self, numbers: Numbers) -> Estimate:
        """The difference; what both sides share of images and of seeds falls out."""
        a, b = self.left.evaluate(numbers), self.right.evaluate(numbers)
        if not numbers.printed:
            return _made(lambda values: values[0] - values[1], [a, b], numbers)
        return Estimate(a.point - b.point, a.low - b.high, a.high - b.low)

    def words(self, numbers: Numbers) -> str:
        """The subtraction in words, such as `PDL 0.57 less L1 0.57 = 0`."""
        total = shown(self.evaluate(numbers).point)
        return f"{self.left.words(numbers)} less {self.right.words(numbers)} = {total}"


@dataclass(frozen=True)
class Gain(Quantity):
    """By how much one number is better than another of its column, whichever way that goes."""

    of: Cell | Best
    over: Cell | Best

    def evaluate(self, numbers: Numbers) -> Estimate:
        """The gain, which is positive if the first number is better than the second."""
        upward = self.of.upward(numbers)
        ordered = (self.of, self.over) if upward else (self.over, self.of)
        return Difference(*ordered).evaluate(numbers)

    def words(self, numbers: Numbers) -> str:
        """The column, both rows, and the gain."""
        gain = float(self.evaluate(numbers).point)
        both = f"{self.of.brief(numbers)} against {self.over.brief(numbers)}"
        return f"{self.of.column}: {both}, {'+' if gain > 0 else ''}{shown(Fraction(gain))}"


@dataclass(frozen=True)
class Percent(Quantity):
    """A fraction, in percentage points."""

    part: Quantity

    def evaluate(self, numbers: Numbers) -> Estimate:
        """The fraction times a hundred."""
        known = self.part.evaluate(numbers)
        if not numbers.printed:
            return _made(lambda values: 100 * values[0], [known], numbers)
        return Estimate(100 * known.point, 100 * known.low, 100 * known.high)

    def words(self, numbers: Numbers) -> str:
        """The fraction in words, and its value in percentage points."""
        return f"{self.part.words(numbers)}, {shown(self.evaluate(numbers).point)} points"


@dataclass(frozen=True)
class Mean(Quantity):
    """The mean of several quantities."""

    parts: tuple[Quantity, ...]

    def evaluate(self, numbers: Numbers) -> Estimate:
        """The mean; images of different test sets are drawn independently of each other."""
        known = [part.evaluate(numbers) for part in self.parts]
        n = len(known)
        if not numbers.printed:
            return _made(lambda values: sum(values) / n, known, numbers)
        return Estimate(*(sum(getattr(k, bound) for k in known) / n for bound in BOUNDS))

    def words(self, numbers: Numbers) -> str:
        """The mean with the number of its parts, such as `mean of 8: 0.085`."""
        return f"mean of {len(self.parts)}: {shown(self.evaluate(numbers).point)}"


def shown(value: Fraction) -> str:
    """A fraction as a decimal number of at most four places."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent(level: float) -> str:
    """A level in per cent, such as `95` or `99.44`, rounded down where digits are left out."""
    return f"{math.floor(level * 1e4 + 1e-6) / 100:g}"


def _made(make: Make, known: Sequence[Estimate], numbers: Numbers) -> Estimate:
    """A quantity of measured numbers: of their values, draw by draw of the images, seed by seed."""
    by_seed = paired(make, [(float(k.point), k.seeds) for k in known])
    point = make([k.over(len(by_seed or ())) for k in known])
    return Estimate.measured(point, _drawn(make, known), by_seed, numbers.level)


def _drawn(make: Make, known: Sequence[Estimate]) -> Replicates | None:
    """The quantity for each draw; an exact number is the same in each."""
    n = max(len(k.replicates or ()) for k in known)
    columns = [
        (float(k.point),) * n if k.replicates is None and k.low == k.high else k.replicates
        for k in known
    ]
    there = [column for column in columns if column]
    if len(there) < len(columns):
        return None
    return tuple(make(values) for values in zip(*there, strict=True))
