"""The bootstrap over test images against the normal law, scipy, and its own promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.grid.bootstrap import RESAMPLES, counts, interval


def names(n: int) -> list[str]:
    return [f"image{i:04}" for i in range(n)]


def test_interval_of_a_normal_mean_has_a_closed_form() -> None:
    values = np.random.default_rng(1).normal(30, 3, 400)
    low, high = interval(counts(names(400)) @ values / 400)
    expected = 1.959964 * values.std() / math.sqrt(400)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.05)
    assert (high + low) / 2 == pytest.approx(values.mean(), abs=0.1 * expected)


def test_interval_is_the_one_of_scipy() -> None:
    from scipy.stats import bootstrap

    values = np.random.default_rng(2).lognormal(0, 1, 60)  # skewed, so the two ends differ
    found = interval(counts(names(60)) @ values / 60)
    result = bootstrap((values,), np.mean, n_resamples=20000, method="percentile", rng=3)
    width = result.confidence_interval.high - result.confidence_interval.low
    assert found == pytest.approx(tuple(result.confidence_interval), abs=0.05 * width)


def test_level_is_the_share_of_replicates_inside() -> None:
    replicates = [float(i) for i in range(1001)]
    assert interval(replicates) == pytest.approx((25, 975))
    assert interval(replicates, 0.5) == pytest.approx((250, 750))


def test_draws_are_the_same_everywhere() -> None:
    # Golden: a change of these numbers changes every published interval.
    golden = [[0, 2, 1], [3, 0, 0], [2, 0, 1], [1, 2, 0], [1, 1, 1], [1, 0, 2]]
    assert counts(["a", "b", "c"], 6).tolist() == golden


def test_the_same_images_share_their_draws_and_others_do_not() -> None:
    drawn = counts(names(20))
    assert drawn.shape == (RESAMPLES, 20)
    assert np.array_equal(drawn, counts(tuple(names(20))))
    assert np.array_equal(drawn[:50], counts(names(20), 50))
    assert not np.array_equal(drawn, counts(names(20)[::-1]))
    assert not np.array_equal(counts(["ab", "c"]), counts(["a", "bc"]))


@settings(max_examples=20)
@given(st.integers(2, 40))
def test_each_resample_holds_as_many_images_as_the_test_set(n: int) -> None:
    drawn = counts(names(n), 7)
    assert drawn.sum(axis=1).tolist() == [n] * 7
    assert drawn.min() >= 0


def test_every_image_is_drawn_as_often_as_by_chance() -> None:
    drawn = counts(names(50))
    # Binomial with n trials of 1/n: mean 1, variance 1 - 1/n.
    assert drawn.mean(axis=0) == pytest.approx(np.ones(50), abs=4.5 / math.sqrt(RESAMPLES))
    assert drawn.var() == pytest.approx(1 - 1 / 50, rel=0.02)
    assert (drawn == 0).mean() == pytest.approx((1 - 1 / 50) ** 50, rel=0.02)


def test_shared_draws_cannot_be_changed_by_one_of_their_users() -> None:
    with pytest.raises(ValueError, match="read-only"):
        counts(names(3))[0, 0] = 9


@pytest.mark.parametrize("images", [[], ["one"]])
def test_one_image_says_nothing_about_others(images: list[str]) -> None:
    with pytest.raises(ValueError, match="at least two"):
        counts(images)


@pytest.mark.parametrize("replicates", [[], [1.0, math.inf], [math.nan]])
def test_interval_refuses_what_has_none(replicates: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        interval(replicates)


@pytest.mark.parametrize("level", [95, 1.5, 1, 0, -0.5])
def test_level_is_a_share(level: float) -> None:
    with pytest.raises(ValueError, match=rf"such as 0\.95, not {level}$"):
        interval([1.0, 2.0], level)


def test_draws_are_small_integers_whatever_the_names() -> None:
    # Golden, as above: names go in as ASCII.
    drawn = counts(["ä", "ö", "ü"], 3)
    assert drawn.dtype == np.int32
    assert drawn.tolist() == [[1, 0, 2], [1, 2, 0], [0, 2, 1]]
