"""What another training would change: how far a mean over seeds is known.

The interval is Student's: mean ± t * s / sqrt(n), with the sample standard deviation s of one
number per seed. A quantity of several cells is formed seed by seed first: rows of one seed share
their crops and their noise, often their start, and what these make of both falls out of a
difference.

What was not trained is the same for every seed, and a single training says nothing about others.
"Another training" is one of what a profile trains: where rows start from released weights, the
steps after these.

So that this holds for differences, they are taken over the seeds that all their cells have: three
seeds against one would compare what the other two made of one side.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.grid.model import Cell

# One number per seed; None for what no training is behind.
Seeds = tuple[float, ...] | None


def of(cell: Cell) -> Seeds:
    """The numbers of a measured cell."""
    return cell.values if cell.trained else None


def common(*cells: Cell) -> list[Cell]:
    """Measured cells with the seeds that all of them have, the first ones of each."""
    n = min((len(cell.values) for cell in cells if cell.trained), default=0)
    return [replace(c, values=c.values[:n]) if c.trained else c for c in cells]


def paired(make: Callable[[Sequence[float]], float], parts: Sequence[tuple[float, Seeds]]) -> Seeds:
    """A quantity of several numbers, seed by seed, as far as all of them go.

    Args:
        make: the quantity of one number of each part.
        parts: the mean of each, for those that are the same for every seed, and its seeds.
    """
    lengths = [len(seeds) for _, seeds in parts if seeds is not None]
    if not lengths:
        return None
    return tuple(
        make([mean if seeds is None else seeds[i] for mean, seeds in parts])
        for i in range(min(lengths))
    )


def half_width(seeds: Seeds, level: float = 0.95) -> float:
    """Half the width of the interval; infinite of one seed."""
    if seeds is None:
        return 0.0
    if len(seeds) < 2 or not all(map(math.isfinite, seeds)):
        return math.inf
    from scipy.special import stdtrit

    quantile = float(stdtrit(len(seeds) - 1, (1 + level) / 2))
    return quantile * statistics.stdev(seeds) / math.sqrt(len(seeds))
