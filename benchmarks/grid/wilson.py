"""What a fraction of independent answers leaves open."""

from __future__ import annotations

import math

NORMAL_95 = 1.959963984540054  # 97.5 % of a normal variable lie below


def interval(p: float, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a fraction, without continuity correction (Wilson 1927).

    Args:
        p: the fraction, 0..1. n: of how many answers, at least 1.
    """
    z = NORMAL_95
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (0.0 if p == 0 else middle - half), (1.0 if p == 1 else middle + half)
