"""Quantities over the cells of tables, and what is known about their values.

The same quantity is evaluated on printed numbers, where rounding bounds it, and on measured ones,
where a bootstrap over the test images does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from benchmarks.grid import seeds
from benchmarks.grid.bootstrap import interval
from benchmarks.grid.model import Cell as GridCell
from benchmarks.grid.model import Column, Grid
from benchmarks.grid.seeds import Spread

Replicates = tuple[float, ...]


class NoNumberError(Exception):
    """A cell that a quantity needs has no number; the message says why."""


@dataclass(frozen=True)
class Estimate:
    """A value and what bounds it.

    low, high: of the values behind a printed number; of a measured one 95 % bounds, the wider of
        those over the choice of test images and over seeds; infinite where either is not known.
    replicates: the value for each bootstrap sample of the test images, of measured numbers.
    spread: what other trainings would change, of measured numbers; None where it is not known.
    """

    point: Fraction
    low: Fraction | float
    high: Fraction | float
    replicates: Replicates | None = None
    spread: Spread | None = seeds.EXACT

    @staticmethod
    def exactly(value: Fraction) -> Estimate:
        """A number that is not rounded."""
        return Estimate(value, value, value)

    @staticmethod
    def measured(point: Fraction, replicates: Replicates | None, spread: Spread | None) -> Estimate:
        """A measured number with the intervals over its images and its seeds, where both are."""
        if replicates is None or spread is None:
            return Estimate(point, -math.inf, math.inf, replicates, spread)
        half = Fraction(spread.half_width())
        low, high = map(Fraction, interval(replicates))
        return Estimate(point, min(low, point - half), max(high, point + half), replicates, spread)

    @property
    def bounds(self) -> str:
        """What bounds a measured value, for a reader."""
        if self.replicates is None:
            return "no interval: fewer than six test images, or not the same ones"
        if self.spread is None:
            return "no interval: of one seed"
        return f"95 % interval {shown(Fraction(self.low))} to {shown(Fraction(self.high))}"


@dataclass(frozen=True)
class Numbers:
    """The tables, and which of their numbers are meant.

    printed: the papers' numbers; else what was measured.
    exact: whether values count and not only their order, which then must be of the paper's images.
    """

    grids: Mapping[str, Grid]
    printed: bool
    exact: bool = False

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
        return Estimate.measured(Fraction(cell.mean), cell.replicates or None, seeds.of(cell))


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
        """The best value; of replicates one by one, as the best row may change with the images.

        What seeds change is taken of the row that is best.
        """
        known = [cell.evaluate(numbers) for cell in self.rows]
        choose = max if self.upward(numbers) else min
        point = choose(k.point for k in known)
        if numbers.printed:
            return Estimate(point, choose(k.low for k in known), choose(k.high for k in known))
        spread = next(k.spread for k in known if k.point == point)
        replicates = [k.replicates for k in known if k.replicates is not None]
        if len(replicates) < len(known):
            return Estimate.measured(point, None, spread)
        drawn = tuple(map(choose, zip(*replicates, strict=True)))
        return Estimate.measured(point, drawn, spread)

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
        """The difference; of replicates pair by pair, so that what the images share cancels."""
        a, b = self.left.evaluate(numbers), self.right.evaluate(numbers)
        if not numbers.printed:
            spread = seeds.combined((a.spread, b.spread))
            return Estimate.measured(a.point - b.point, _combined(a, b), spread)
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
        replicates = known.replicates and tuple(100 * value for value in known.replicates)
        spread = known.spread and known.spread.scaled(100)
        return Estimate(100 * known.point, 100 * known.low, 100 * known.high, replicates, spread)

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
        point = sum((k.point for k in known), Fraction(0)) / n
        if numbers.printed:
            return Estimate(point, sum(k.low for k in known) / n, sum(k.high for k in known) / n)
        replicates = [k.replicates for k in known if k.replicates is not None]
        total = seeds.combined(k.spread for k in known)
        spread = total and total.scaled(1 / n)
        if len(replicates) < n:
            return Estimate.measured(point, None, spread)
        means = tuple(math.fsum(values) / n for values in zip(*replicates, strict=True))
        return Estimate.measured(point, means, spread)

    def words(self, numbers: Numbers) -> str:
        """The mean with the number of its parts, such as `mean of 8: 0.085`."""
        return f"mean of {len(self.parts)}: {shown(self.evaluate(numbers).point)}"


def shown(value: Fraction) -> str:
    """A fraction as a decimal number of at most four places."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _combined(a: Estimate, b: Estimate) -> Replicates | None:
    """Differences of replicates, pair by pair; an exact number is the same in each."""
    n = len(a.replicates or b.replicates or ())
    left, right = (
        (float(e.point),) * n if e.replicates is None and e.low == e.high else e.replicates
        for e in (a, b)
    )
    if left is None or right is None or not n:
        return None
    return tuple(x - y for x, y in zip(left, right, strict=True))
