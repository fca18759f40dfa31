"""How much a number hangs on the choice of test images: the paired bootstrap over images.

Efron, Tibshirani: An Introduction to the Bootstrap (1993), percentile intervals (chapter 13). A
test set of n images is drawn again and again from itself, n images with replacement, and the
number is taken anew each time. All cells of one test set share their draws, so that the difference
of two cells is resampled pair by pair: what makes an image hard for both falls out of it.

The interval speaks of test images alone. What another training would give is the spread over
seeds, which one run cannot show. Below some twenty images it is too narrow: by the factor
sqrt((n - 1) / n), and because no draw holds an image that was not tested. Below six no verdict is
taken from it: five images that all speak for one side do so by chance in one case of sixteen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 2000
LEAST_IMAGES = 6  # for a verdict, see above


def counts(images: Sequence[str], resamples: int = RESAMPLES) -> np.ndarray:
    """How often each image is drawn in each resample.

    The generator is numpy's PCG64, seeded with the SHA-256 of the names in their order, and each
    resample takes n numbers of `Generator.integers`: the same test set gives the same draws on
    every machine, another set or another order gives others.

    Args:
        images: the names of the test images, in the order of the per-image values.

    Returns:
        (resamples, n) int32, read-only; each row sums to n.

    Raises:
        ValueError: fewer than two images, of which nothing can be learnt about others.
    """
    if len(images) < 2:
        raise ValueError(f"a bootstrap over test images needs at least two, not {len(images)}")
    return _counts(tuple(images), resamples)


@lru_cache(maxsize=4)  # a table has one or a few test sets; the matrix of 500 images takes 4 MB
def _counts(images: tuple[str, ...], resamples: int) -> np.ndarray:
    import numpy as np

    names = json.dumps(images, ensure_ascii=True).encode()
    seed = int.from_bytes(hashlib.sha256(names).digest(), "big")
    generator = np.random.Generator(np.random.PCG64(seed))
    n = len(images)
    drawn = np.empty((resamples, n), np.int32)
    for row in drawn:
        row[:] = np.bincount(generator.integers(n, size=n), minlength=n)
    drawn.flags.writeable = False
    return drawn


def interval(replicates: Sequence[float] | np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The percentile interval: the middle `level` of the replicates.

    Raises:
        ValueError: no replicates, one that is not finite, or a level outside (0, 1).
    """
    import numpy as np

    values = np.asarray(replicates, np.float64)
    if not values.size or not np.isfinite(values).all():
        raise ValueError("an interval needs replicates, and all of them finite")
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, such as 0.95, not {level}")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
