"""What another training would change: how far a mean over seeds is known.

The interval is Student's: mean ± t * s / sqrt(n) with the sample standard deviation s of n seeds.
Means of independent trainings add their variances, and the degrees of freedom are those of Welch
(1947) and Satterthwaite (1946). What was not trained, such as a released network, is known exactly;
of a single training nothing is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from benchmarks.grid.model import Cell


@dataclass(frozen=True)
class Spread:
    """How far a number would move with other seeds.

    variance: of the number, in its unit squared. freedom: degrees of freedom of that variance;
        infinite where it is known.
    """

    variance: float = 0.0
    freedom: float = math.inf

    def half_width(self, level: float = 0.95) -> float:
        """Half the width of the interval."""
        if not self.variance:
            return 0.0
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, (1 + level) / 2)) * math.sqrt(self.variance)

    def scaled(self, factor: float) -> Spread:
        """That of the number times a factor."""
        return Spread(factor**2 * self.variance, self.freedom)


EXACT = Spread()


def of(cell: Cell) -> Spread | None:
    """That of a measured cell; None where a single training says nothing about others."""
    if not cell.trained:
        return EXACT
    n = len(cell.values)
    return None if cell.deviation is None else Spread(cell.deviation**2 / n, n - 1)


def combined(parts: Iterable[Spread | None]) -> Spread | None:
    """That of a sum or a difference of independent numbers; None if one is not known."""
    variance = rest = 0.0
    for part in parts:
        if part is None:
            return None
        variance += part.variance
        rest += part.variance**2 / part.freedom
    return Spread(variance, variance**2 / rest if rest else math.inf)
