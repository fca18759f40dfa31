"""Student's interval over seeds, its combination, and what one training leaves open."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.grid import seeds
from benchmarks.grid.comparison import exceeds
from benchmarks.grid.model import Cell
from benchmarks.grid.seeds import EXACT, Spread

VALUES = (31.2, 30.7, 31.9)
OTHERS = (28.0, 28.1, 28.3, 27.6)


def cell(*values, trained=True, **changes):
    return replace(Cell(status="ok", values=values, trained=trained), **changes)


def test_half_width_is_students():
    low, high = stats.t.interval(0.95, 2, np.mean(VALUES), stats.sem(VALUES))
    found = seeds.of(cell(*VALUES)).half_width()
    assert found == pytest.approx((high - low) / 2)
    assert found == pytest.approx(4.302653 * np.std(VALUES, ddof=1) / math.sqrt(3), rel=1e-6)


def test_difference_is_welchs():
    both = seeds.combined([seeds.of(cell(*VALUES)), seeds.of(cell(*OTHERS))])
    welch = stats.ttest_ind(VALUES, OTHERS, equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert both.freedom == pytest.approx(welch.df)
    assert both.half_width() == pytest.approx((interval.high - interval.low) / 2)


def test_a_single_training_says_nothing_and_what_is_not_trained_is_exact():
    assert seeds.of(cell(31.0)) is None
    assert seeds.of(cell(31.0, math.inf)) is None
    assert seeds.of(cell(31.0, trained=False)) == EXACT
    assert seeds.of(Cell()) == EXACT
    assert EXACT.half_width() == 0


def test_combination_with_something_exact_changes_nothing():
    spread = seeds.of(cell(*VALUES))
    found = seeds.combined([spread, EXACT])
    assert (found.variance, found.freedom) == pytest.approx((spread.variance, 2))
    assert seeds.combined([EXACT, EXACT]) == EXACT
    assert seeds.combined([spread, None, EXACT]) is None


def test_equal_trainings_have_no_spread():
    assert seeds.of(cell(5.0, 5.0)).half_width() == 0
    assert seeds.combined([seeds.of(cell(5.0, 5.0))] * 2).half_width() == 0


def test_scale_of_a_number_is_that_of_its_interval():
    spread = seeds.of(cell(*VALUES))
    assert spread.scaled(100).half_width() == pytest.approx(100 * spread.half_width())
    assert isinstance(spread, Spread)


IMAGES = {"n_images": 6, "replicates": tuple(np.linspace(30.9, 31.1, 100))}
LOWER = {"n_images": 6, "replicates": tuple(np.linspace(29.9, 30.1, 100))}


@pytest.mark.parametrize(
    ("one", "other", "decided"),
    [
        (cell(31.0, 31.1, 30.9, **IMAGES), cell(30.0, 30.1, 29.9, **LOWER), True),
        (cell(31.0, 33.0, 29.0, **IMAGES), cell(30.0, 30.1, 29.9, **LOWER), False),  # seeds
        (cell(31.0, **IMAGES), cell(30.0, 30.1, 29.9, **LOWER), False),  # one of them unknown
        (cell(31.0, trained=False, **IMAGES), cell(30.0, trained=False, **LOWER), True),
        (cell(30.0, 30.1, 29.9, **LOWER), cell(31.0, 31.1, 30.9, **IMAGES), False),  # below
        (
            cell(31.0, 31.1, 30.9, n_images=6),
            cell(30.0, 30.1, 29.9, **LOWER),
            False,
        ),  # no images
    ],
)
def test_a_difference_is_decided_where_images_and_seeds_allow_it(one, other, decided):
    assert exceeds(one, other) == decided


def test_images_that_disagree_leave_a_difference_open():
    wide = tuple(np.linspace(25, 37, 100))
    assert not exceeds(cell(31.0, 31.0, n_images=6, replicates=wide), cell(30.0, 30.0, **LOWER))
