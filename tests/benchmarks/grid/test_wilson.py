"""Wilson's interval against scipy and against what the text of a study may claim."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from benchmarks.grid.wilson import interval


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.floats(0.5, 0.9999),
)
def test_interval_is_the_one_of_scipy(answers: tuple[int, int], level: float) -> None:
    k, n = answers
    expected = binomtest(k, n).proportion_ci(level, method="wilson")
    assert interval(k / n, n, level) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_interval_of_even_answers_has_a_closed_form() -> None:
    # z^2 = n: the middle stays 1/2 and the half width is 1/2 * sqrt(1/2).
    n = 1.959963984540054**2
    low, high = interval(0.5, n)  # type: ignore[arg-type]
    assert (low, high) == pytest.approx((0.5 - 0.125**0.5, 0.5 + 0.125**0.5))


def test_interval_of_all_or_none_ends_exactly_there() -> None:
    for n in range(1, 500):
        assert interval(0.0, n)[0] == 0.0
        assert interval(1.0, n)[1] == 1.0
        assert 0 < interval(0.0, n)[1] == pytest.approx(1 - interval(1.0, n)[0])
