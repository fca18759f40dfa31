"""What a fraction of independent answers leaves open."""

from __future__ import annotations

import math
from statistics import NormalDist


def interval(p: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval of a fraction, without continuity correction (Wilson 1927).

    Args:
        p: the fraction, 0..1. n: of how many answers, at least 1. level: in (0, 1).
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (0.0 if p == 0 else middle - half), (1.0 if p == 1 else middle + half)
