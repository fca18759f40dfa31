"""Distances between distributions on a line: of histograms, and of samples.

All are of plain arrays in float64 and know nothing of networks: what PDL's Figure 2 compares.
Logarithms are natural.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


def kullback_leibler(p: ArrayLike, q: ArrayLike, eps: float) -> float:
    """sum p log(p / q) of two histograms over the same bins, in nats.

    Both are made distributions, then `eps` is added to every bin and they are made so again: a bin
    that only `p` fills would count as infinite, and with disjoint supports the value is about
    -log(eps).

    Args:
        p, q: heights, (bins,), not negative.
        eps: above 0.
    """
    a, b = _distribution(p, eps), _distribution(q, eps)
    return float(np.sum(a * np.log(a / b)))


def jensen_shannon(p: ArrayLike, q: ArrayLike) -> float:
    """Half of each Kullback-Leibler divergence from the mean of both, in nats; at most log 2.

    Where one of the two fills a bin the mean does as well, so that nothing needs to be added.
    """
    a, b = _distribution(p), _distribution(q)
    mean = (a + b) / 2
    parts = (one[one > 0] * np.log(one[one > 0] / mean[one > 0]) for one in (a, b))
    return float(sum(part.sum() for part in parts)) / 2


def wasserstein(p: ArrayLike, q: ArrayLike, width: float = 1.0) -> float:
    """W_1 of two histograms over the same bins: the area between their cumulative distributions.

    Args:
        width: of a bin; the value has its unit.
    """
    apart = np.abs(np.cumsum(_distribution(p)) - np.cumsum(_distribution(q)))
    return float(apart[:-1].sum() * width)


def wasserstein_of_samples(a: ArrayLike, b: ArrayLike) -> float:
    """W_1 of two samples of one size: the mean distance of their sorted values, in their unit.

    Raises:
        ValueError: the samples differ in size, or are empty.
    """
    x, y = np.sort(np.asarray(a, np.float64).ravel()), np.sort(np.asarray(b, np.float64).ravel())
    if len(x) != len(y) or not len(x):
        raise ValueError(f"samples of {len(x)} and {len(y)} values; compare equally many")
    return float(np.abs(x - y).mean())


def common_histograms(a: ArrayLike, b: ArrayLike, bins: int) -> tuple[Values, Values, Values]:
    """Edges of equal bins over the range of both samples, and the share of either in each bin.

    Returns:
        (bins + 1,), (bins,) and (bins,); samples of one single value fill the middle of a unit.
    """
    both = np.concatenate([np.ravel(a), np.ravel(b)]).astype(np.float64)
    edges = np.histogram_bin_edges(both, bins)
    shares = [_distribution(np.histogram(np.ravel(one), edges)[0]) for one in (a, b)]
    return edges, shares[0], shares[1]


def _distribution(heights: ArrayLike, eps: float = 0.0) -> Values:
    """The heights over their sum, after `eps` was added to each share."""
    shares = np.asarray(heights, np.float64)
    if shares.ndim != 1 or not len(shares) or (shares < 0).any() or not shares.sum() > 0:
        raise ValueError("a histogram is (bins,), not negative, and holds something")
    shares = shares / shares.sum() + eps
    return np.asarray(shares / shares.sum())
