"""What can be said about quantities, and whether it holds.

"holds" and "fails" are said where the value and its bounds agree, "undecided" where the truth may
lie on either side, "no data" where a number is missing. The bounds of a measured value are those of
other test images and of other trainings.

A statement of many parts holds if each of them does, which needs no correction, and fails with any
of them: among many, one would by chance. So a part makes it fail only at a level that leaves all of
them together the 5 % that one alone is left (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from benchmarks.claims.quantities import (
    Cell,
    Estimate,
    Gain,
    NoNumberError,
    Numbers,
    Quantity,
    percent,
)
from benchmarks.grid import wilson

Truth = Literal["holds", "fails", "undecided", "no data"]
SHOWN = 3


class Outcome(NamedTuple):
    """Whether a statement holds, and the numbers that decide it."""

    truth: Truth
    why: str


class Statement:
    """Something that numbers can bear out or contradict."""

    def check(self, numbers: Numbers) -> Outcome:
        """Whether the numbers bear the statement out, and which of them decide it."""
        try:
            return self._check(numbers)
        except NoNumberError as error:
            return Outcome("no data", str(error))

    def _check(self, numbers: Numbers) -> Outcome:
        raise NotImplementedError


def _why(quantity: Quantity, estimate: Estimate, numbers: Numbers) -> str:
    words = quantity.words(numbers)
    return words if numbers.printed else f"{words} ({estimate.bounds})"


@dataclass(frozen=True)
class Positive(Statement):
    """The statement that a quantity is greater than zero."""

    quantity: Quantity

    def _check(self, numbers: Numbers) -> Outcome:
        estimate = self.quantity.evaluate(numbers)
        return Outcome(_sign(estimate), _why(self.quantity, estimate, numbers))


def _sign(estimate: Estimate) -> Truth:
    """Whether a value is above zero; rounding keeps order, so a bound of zero itself is safe."""
    if estimate.point > 0 and estimate.low >= 0:
        return "holds"
    if estimate.point < 0 and estimate.high <= 0:
        return "fails"
    return "undecided"


def greater(left: Quantity, right: Quantity) -> Positive:
    """The statement that the left quantity is greater than the right one."""
    return Positive(left - right)


@dataclass(frozen=True)
class Between(Statement):
    """The statement that a quantity lies within two bounds; printed numbers count as they stand.

    A number that is stated says nothing of other test images than the paper's.
    """

    quantity: Quantity
    low: str
    high: str

    def _check(self, numbers: Numbers) -> Outcome:
        numbers = replace(numbers, exact=True)
        estimate = self.quantity.evaluate(numbers)
        low, high = Fraction(self.low), Fraction(self.high)
        why = f"{_why(self.quantity, estimate, numbers)}, to be within {self.low} and {self.high}"
        if numbers.printed:
            return Outcome("holds" if low <= estimate.point <= high else "fails", why)
        return Outcome(_within(estimate, low, high), why)


@dataclass(frozen=True)
class States(Statement):
    """The statement that a quantity is the text's number, at the text's precision.

    As for `Between`, it is one about the paper's test images.
    """

    quantity: Quantity
    stated: str

    def _check(self, numbers: Numbers) -> Outcome:
        numbers = replace(numbers, exact=True)
        estimate, stated = self.quantity.evaluate(numbers), Fraction(self.stated)
        half = Fraction(1, 2) * Fraction(10) ** int(Decimal(self.stated).as_tuple().exponent)
        why = f"{_why(self.quantity, estimate, numbers)}; the text says {self.stated}"
        if numbers.printed and abs(estimate.point - stated) <= half:
            return Outcome("holds", why)
        truth = _within(estimate, stated - half, stated + half)
        return Outcome("undecided" if numbers.printed and truth == "holds" else truth, why)


def _within(estimate: Estimate, low: Fraction, high: Fraction) -> Truth:
    if low <= estimate.low and estimate.high <= high:
        return "holds"
    return "undecided" if estimate.low < high and low < estimate.high else "fails"


@dataclass(frozen=True)
class Preferred(Statement):
    """The statement that more than half of all raters prefer one to the other.

    answers: of how many answers the printed fraction is; a measured one knows it itself.
    """

    fraction: Cell
    answers: int

    def _check(self, numbers: Numbers) -> Outcome:
        p = float(self.fraction.evaluate(numbers).point)
        n = self.answers if numbers.printed else self.fraction.place(numbers).answers
        if not n:
            raise NoNumberError("the number of answers is not known")
        low, high = wilson.interval(p, n, numbers.level)
        words, level = self.fraction.words(numbers), percent(numbers.level)
        why = f"{words} of {n} answers, {level} % interval {low:.3f} to {high:.3f}"
        if low <= 0.5 <= high:
            return Outcome("undecided", why)
        return Outcome("holds" if p > 0.5 else "fails", why)


@dataclass(frozen=True)
class All(Statement):
    """The statement that every one of its parts holds."""

    parts: tuple[Statement, ...]

    def _check(self, numbers: Numbers) -> Outcome:
        n = len(self.parts)
        outcomes = [part.check(numbers) for part in self.parts]
        together = replace(numbers, level=1 - (1 - numbers.level) / n)
        outcomes = [
            part.check(together) if outcome.truth == "fails" else outcome
            for part, outcome in zip(self.parts, outcomes, strict=True)
        ]
        for truth, verb in (
            ("fails", "fail"),
            ("no data", "have no number"),
            ("undecided", "are undecided"),
        ):
            these = list(dict.fromkeys(o.why for o in outcomes if o.truth == truth))
            if these:
                count = sum(outcome.truth == truth for outcome in outcomes)
                more = "; and more" if len(these) > SHOWN else ""
                why = f"{count} of {n} {verb}: {'; '.join(these[:SHOWN])}{more}"
                return Outcome(truth, why)  # type: ignore[arg-type]
        return Outcome("holds", outcomes[0].why if n == 1 else f"{n} of {n} comparisons")


def every(*parts: Statement) -> All:
    """Join statements into one that holds if all do; parts of a joined one count one by one."""
    flat: list[Statement] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else (part,)
    return All(tuple(flat))


def beats(table: str, row: str, others: Iterable[str], columns: Iterable[str]) -> All:
    """The statement that a row is better than each of the others in every column."""
    columns = tuple(columns)
    return All(
        tuple(
            Positive(Gain(Cell(table, row, column), Cell(table, other, column)))
            for other in others
            for column in columns
        )
    )


@dataclass(frozen=True)
class Claim:
    """What a paper says in words, as a statement.

    place: where it stands; says: the claim in brief; reading: how the words were made a
    statement, where that was a choice.
    """

    place: str
    says: str
    statement: Statement
    reading: str = ""
