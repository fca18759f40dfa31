"""Quantities over the cells of tables, and what is known about their values.

The same quantity is evaluated on printed numbers, where rounding bounds it, and on measured ones,
where a bootstrap over the test images does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.report.bootstrap import interval
from benchmarks.report.grid import Cell as GridCell
from benchmarks.report.grid import Column, Grid


class NoNumberError(Exception):
    """A cell that a quantity needs has no number."""


@dataclass(frozen=True)
class Estimate:
    """A value and what bounds it.

    low, high: of the values behind a printed number, or 95 % bounds over the choice of test
        images; infinite where nothing is known.
    replicates: the value for each bootstrap sample of the test images, of measured numbers.
    """

    point: Fraction
    low: Fraction | float
    high: Fraction | float
    replicates: tuple[float, ...] | None = None

    @staticmethod
    def exactly(value: Fraction) -> Estimate:
        """A number that is not rounded."""
        return Estimate(value, value, value)

    @staticmethod
    def measured(point: Fraction, replicates: tuple[float, ...] | None) -> Estimate:
        """A measured number with the interval of its replicates, if there are any."""
        if replicates is None:
            return Estimate(point, -math.inf, math.inf)
        low, high = interval(replicates)
        return Estimate(point, Fraction(low), Fraction(high), replicates)


@dataclass(frozen=True)
class Numbers:
    """The tables, and which of their numbers are meant.

    printed: the papers' numbers; else what was measured.
    """

    grids: Mapping[str, Grid]
    printed: bool

    def cell(self, table: str, row: str, column: str) -> tuple[GridCell, Column]:
        """A cell and its column.

        Raises:
            NoNumberError: the table is not there.
            LookupError: it has no such row or column, or several.
        """
        if table not in self.grids:
            raise NoNumberError
        grid = self.grids[table]
        rows = [line for line in grid.rows if line.key == row]
        columns = [c for c, line in enumerate(grid.columns) if line.name == column]
        if len(rows) != 1 or len(columns) != 1:
            raise LookupError(
                f"{table}: {len(rows)} rows {row!r}, {len(columns)} columns {column!r}"
            )
        return rows[0].cells[columns[0]], grid.columns[columns[0]]

    def estimate(self, table: str, row: str, column: str) -> Estimate:
        """What is known about a cell."""
        cell, place = self.cell(table, row, column)
        if self.printed:
            if cell.printed is None:
                raise NoNumberError
            value = Fraction(cell.printed)
            half = Fraction(1, 2 * 10**place.digits)
            return Estimate(value, value - half, value + half)
        if cell.mean is None or cell.partial or math.isinf(cell.mean):
            raise NoNumberError
        return Estimate.measured(Fraction(cell.mean), cell.replicates or None)


class Quantity:
    """A number made of the cells of tables."""

    def evaluate(self, numbers: Numbers) -> Estimate:
        """Its value.

        Raises:
            NoNumberError: a cell has no number.
        """
        raise NotImplementedError

    def words(self, numbers: Numbers) -> str:
        """How it comes about, for a reader."""
        return shown(self.evaluate(numbers).point)

    def __sub__(self, other: Quantity) -> Difference:
        return Difference(self, other)


@dataclass(frozen=True)
class Constant(Quantity):
    """A number of the statement itself."""

    value: str

    def evaluate(self, numbers: Numbers) -> Estimate:
        """Exactly that."""
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

    def words(self, numbers: Numbers) -> str:
        """With as many digits as the paper prints."""
        _, column = numbers.cell(self.table, self.row, self.column)
        return f"{float(self.evaluate(numbers).point):.{column.digits}f}"

    def improvement_on(self, other: Cell, numbers: Numbers) -> Quantity:
        """By how much this is better, in the column's direction."""
        _, column = numbers.cell(self.table, self.row, self.column)
        return self - other if column.higher_is_better else other - self


@dataclass(frozen=True)
class Difference(Quantity):
    """One quantity less another."""

    left: Quantity
    right: Quantity

    def evaluate(self, numbers: Numbers) -> Estimate:
        """Of replicates pair by pair, so that what the images have in common cancels."""
        a, b = self.left.evaluate(numbers), self.right.evaluate(numbers)
        if not numbers.printed:
            return Estimate.measured(a.point - b.point, _combined(a, b))
        return Estimate(a.point - b.point, a.low - b.high, a.high - b.low)

    def words(self, numbers: Numbers) -> str:
        """`36.454 - 35.913 = 0.541`."""
        total = shown(self.evaluate(numbers).point)
        return f"{self.left.words(numbers)} - {self.right.words(numbers)} = {total}"


@dataclass(frozen=True)
class Gain(Quantity):
    """By how much one cell is better than another, whichever way its metric goes."""

    of: Cell
    over: Cell

    def evaluate(self, numbers: Numbers) -> Estimate:
        """Positive if better."""
        return self.of.improvement_on(self.over, numbers).evaluate(numbers)

    def words(self, numbers: Numbers) -> str:
        """The column and the subtraction."""
        return f"{self.of.column}: {self.of.improvement_on(self.over, numbers).words(numbers)}"


@dataclass(frozen=True)
class Mean(Quantity):
    """The mean of several quantities."""

    parts: tuple[Quantity, ...]

    def evaluate(self, numbers: Numbers) -> Estimate:
        """Of measured cells: the images of different test sets are drawn independently."""
        known = [part.evaluate(numbers) for part in self.parts]
        n = len(known)
        point = sum((k.point for k in known), Fraction(0)) / n
        if numbers.printed:
            return Estimate(point, sum(k.low for k in known) / n, sum(k.high for k in known) / n)
        replicates = [k.replicates for k in known if k.replicates is not None]
        if len(replicates) < n:
            return Estimate.measured(point, None)
        means = tuple(math.fsum(values) / n for values in zip(*replicates, strict=True))
        return Estimate.measured(point, means)

    def words(self, numbers: Numbers) -> str:
        """`mean of 8: 0.085`."""
        return f"mean of {len(self.parts)}: {shown(self.evaluate(numbers).point)}"


def shown(value: Fraction) -> str:
    """A fraction as a decimal number of at most four places."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _combined(a: Estimate, b: Estimate) -> tuple[float, ...] | None:
    """Differences of replicates, pair by pair; an exact number is the same in each."""
    n = len(a.replicates or b.replicates or ())
    left, right = (
        (float(e.point),) * n if e.replicates is None and e.low == e.high else e.replicates
        for e in (a, b)
    )
    if left is None or right is None or not n:
        return None
    return tuple(x - y for x, y in zip(left, right, strict=True))
