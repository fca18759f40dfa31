"""Distances between distributions are SciPy's, and those of closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr
from scipy.stats import wasserstein_distance

from benchmarks.views.distributions import (
    common_histograms,
    jensen_shannon,
    kullback_leibler,
    wasserstein,
    wasserstein_of_samples,
)

DRAW = np.random.default_rng(0)
P, Q = DRAW.random(20), DRAW.random(20)


def test_kullback_leibler_is_scipys_of_the_same_shares() -> None:
    p, q = P / P.sum(), Q / Q.sum()
    assert kullback_leibler(P, Q, 1e-300) == pytest.approx(rel_entr(p, q).sum(), rel=1e-12)
    a, b = (p + 0.01) / 1.2, (q + 0.01) / 1.2
    assert kullback_leibler(P, Q, 0.01) == pytest.approx(rel_entr(a, b).sum(), rel=1e-12)


def test_kullback_leibler_of_equals_is_zero_and_of_a_coin_known() -> None:
    assert kullback_leibler(P, 3 * P, 1e-12) == pytest.approx(0, abs=1e-14)
    assert kullback_leibler([1, 1], [1, 3], 1e-300) == pytest.approx(
        0.5 * math.log(2) + 0.5 * math.log(2 / 3)
    )


def test_jensen_shannon_is_the_square_of_scipys_distance() -> None:
    assert jensen_shannon(P, Q) == pytest.approx(jensenshannon(P, Q) ** 2, rel=1e-12)
    assert jensen_shannon(P, Q) == pytest.approx(jensen_shannon(Q, P), rel=1e-12)


@pytest.mark.parametrize("shift", [3, 4, 50])
def test_with_disjoint_supports_divergences_are_constant_and_the_way_is_not(shift: int) -> None:
    """JSD = ln 2; KL of a uniform histogram over k bins is log((1/k + eps) / eps); W_1 = shift."""
    k, eps = 3, 1e-6
    p, q = np.zeros(60), np.zeros(60)
    p[:k] = q[shift : shift + k] = 1
    assert jensen_shannon(p, q) == pytest.approx(math.log(2), rel=1e-12)
    expected = (math.log((1 / k + eps) / eps) * 1) / (1 + 60 * eps)
    assert kullback_leibler(p, q, eps) == pytest.approx(expected, rel=1e-9)
    assert wasserstein(p, q) == pytest.approx(shift, rel=1e-12)


@pytest.mark.parametrize("width", [1.0, 0.25])
def test_wasserstein_of_histograms_is_scipys(width: float) -> None:
    places = width * np.arange(20)
    expected = wasserstein_distance(places, places, P, Q)
    assert wasserstein(P, Q, width) == pytest.approx(expected, rel=1e-12)


def test_wasserstein_of_samples_is_scipys() -> None:
    a, b = DRAW.normal(size=(6, 5)), DRAW.normal(1, 2, size=30)
    assert wasserstein_of_samples(a, b) == pytest.approx(
        wasserstein_distance(a.ravel(), b), rel=1e-12
    )
    assert wasserstein_of_samples(b, b + 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize(("a", "b"), [([1.0], [1.0, 2.0]), ([], [])])
def test_samples_of_two_sizes_are_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match="compare equally many"):
        wasserstein_of_samples(a, b)


@pytest.mark.parametrize("wrong", [[], [0, 0], [1, -1], [[1, 2], [3, 4]]])
def test_what_is_no_histogram_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="a histogram is"):
        wasserstein(wrong, wrong)


def test_histograms_share_their_bins_and_hold_everything() -> None:
    edges, p, q = common_histograms([0.0, 0.1, 0.9], [1.0, 4.0, 4.0], 4)
    assert edges.tolist() == [0, 1, 2, 3, 4]
    assert p.tolist() == [1, 0, 0, 0]
    assert q == pytest.approx(np.array([0, 1 / 3, 0, 2 / 3]))
