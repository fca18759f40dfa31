"""What can be said about quantities, and whether it holds.

"holds" and "fails" are said where the value and its bounds agree, "undecided" where the truth may
lie on either side, "no data" where a number is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from benchmarks.report.quantities import Constant, Estimate, NoNumberError, Numbers, Quantity

Truth = Literal["holds", "fails", "undecided", "no data"]
SHOWN = 3


class Outcome(NamedTuple):
    """Whether a statement holds, and the numbers that decide it."""

    truth: Truth
    why: str


class Statement:
    """Something that numbers can bear out or contradict."""

    def check(self, numbers: Numbers) -> Outcome:
        """Whether it holds."""
        try:
            return self._check(numbers)
        except NoNumberError:
            return Outcome("no data", "")

    def _check(self, numbers: Numbers) -> Outcome:
        raise NotImplementedError


@dataclass(frozen=True)
class Positive(Statement):
    """A quantity is greater than zero."""

    quantity: Quantity

    def _check(self, numbers: Numbers) -> Outcome:
        estimate = self.quantity.evaluate(numbers)
        return Outcome(_sign(estimate), self.quantity.words(numbers))


def _sign(estimate: Estimate) -> Truth:
    """Rounding keeps the order of two numbers, so a bound of zero itself is on the safe side."""
    if estimate.point > 0 and estimate.low >= 0:
        return "holds"
    if estimate.point < 0 and estimate.high <= 0:
        return "fails"
    return "undecided"


def greater(left: Quantity, right: Quantity | str) -> Positive:
    """The left quantity is greater than the right one."""
    return Positive(left - (Constant(right) if isinstance(right, str) else right))


@dataclass(frozen=True)
class Between(Statement):
    """A quantity lies between two bounds, or on one."""

    quantity: Quantity
    low: str
    high: str

    def _check(self, numbers: Numbers) -> Outcome:
        estimate, low, high = (
            self.quantity.evaluate(numbers),
            Fraction(self.low),
            Fraction(self.high),
        )
        why = f"{self.quantity.words(numbers)}, to be within {self.low} and {self.high}"
        inside = low <= estimate.point <= high
        if numbers.printed:
            return Outcome("holds" if inside else "fails", why)
        if inside and low <= estimate.low and estimate.high <= high:
            return Outcome("holds", why)
        return Outcome("fails" if estimate.high < low or estimate.low > high else "undecided", why)


@dataclass(frozen=True)
class States(Statement):
    """A quantity is the number that the text gives, at the text's precision."""

    quantity: Quantity
    stated: str

    def _check(self, numbers: Numbers) -> Outcome:
        estimate, stated = self.quantity.evaluate(numbers), Fraction(self.stated)
        half = Fraction(1, 2) * Fraction(10) ** int(Decimal(self.stated).as_tuple().exponent)
        why = f"{self.quantity.words(numbers)}; the text says {self.stated}"
        if abs(estimate.point - stated) <= half:
            return Outcome("holds", why)
        # What was rounded, or another choice of test images, may still give the stated number.
        possible = estimate.low < stated + half and stated - half < estimate.high
        return Outcome("undecided" if possible else "fails", why)


@dataclass(frozen=True)
class Preferred(Statement):
    """More than half of all raters prefer one to the other; a fraction of so many answers."""

    fraction: Quantity
    answers: int

    def _check(self, numbers: Numbers) -> Outcome:
        p = float(self.fraction.evaluate(numbers).point)
        half = 1.96 * (p * (1 - p) / self.answers) ** 0.5
        why = f"{self.fraction.words(numbers)} of {self.answers} answers, ±{half:.3f}"
        if abs(p - 0.5) <= half:
            return Outcome("undecided", why)
        return Outcome("holds" if p > 0.5 else "fails", why)


@dataclass(frozen=True)
class All(Statement):
    """Every part holds."""

    parts: tuple[Statement, ...]

    def _check(self, numbers: Numbers) -> Outcome:
        outcomes = [part.check(numbers) for part in self.parts]
        n = len(outcomes)
        for truth in ("fails", "no data", "undecided"):
            these = [outcome.why for outcome in outcomes if outcome.truth == truth]
            if truth == "no data" and these:
                return Outcome(truth, f"{n - len(these)} of {n} comparisons are measured")
            if these:
                more = f"; and {len(these) - SHOWN} more" if len(these) > SHOWN else ""
                verb = "fail" if truth == "fails" else "are undecided"
                return Outcome(
                    truth,
                    f"{len(these)} of {n} {verb}: {'; '.join(these[:SHOWN])}{more}",
                )
        return Outcome("holds", outcomes[0].why if n == 1 else f"{n} of {n} comparisons")


def every(*parts: Statement) -> All:
    """All of them; parts that are themselves many count one by one."""
    flat: list[Statement] = []
    for part in parts:
        flat += part.parts if isinstance(part, All) else (part,)
    return All(tuple(flat))


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
