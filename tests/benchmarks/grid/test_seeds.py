"""Student's interval over seeds, paired by seed, and what one training leaves open."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks.grid import seeds
from benchmarks.grid.comparison import exceeds
from benchmarks.grid.model import Cell

VALUES = (31.2, 30.7, 31.9)


def cell(*values, trained=True, **changes):
    return replace(Cell(status="ok", values=values, trained=trained), **changes)


def test_half_width_is_students():
    low, high = stats.t.interval(0.95, 2, np.mean(VALUES), stats.sem(VALUES))
    found = seeds.half_width(seeds.of(cell(*VALUES)))
    assert found == pytest.approx((high - low) / 2)
    assert found == pytest.approx(4.302653 * np.std(VALUES, ddof=1) / math.sqrt(3), rel=1e-6)


def less(one, other):
    return seeds.paired(lambda v: v[0] - v[1], [(c.mean, seeds.of(c)) for c in (one, other)])


def test_difference_is_that_of_the_paired_test():
    one, other = cell(*VALUES), cell(30.9, 30.1, 31.8)
    test = stats.ttest_rel(one.values, other.values).confidence_interval(0.95)
    assert seeds.half_width(less(one, other)) == pytest.approx((test.high - test.low) / 2)


def test_seeds_that_one_side_lacks_are_left_out():
    assert less(cell(3.0, 4.0, 5.0), cell(1.0, 1.0)) == (2.0, 3.0)
    assert seeds.half_width(less(cell(3.0, 4.0, 5.0), cell(1.0))) == math.inf


def test_what_is_not_trained_is_the_same_for_every_seed():
    released = cell(1.0, trained=False)
    assert less(cell(3.0, 4.0), released) == (2.0, 3.0)
    assert less(released, released) is None
    assert seeds.half_width(None) == 0


def test_a_single_training_says_nothing():
    assert seeds.half_width(seeds.of(cell(31.0))) == math.inf
    assert seeds.half_width(seeds.of(cell(31.0, math.inf))) == math.inf
    assert seeds.half_width(seeds.of(Cell())) == 0


def test_equal_trainings_have_no_spread():
    assert seeds.half_width((5.0, 5.0)) == 0


IMAGES = {"n_images": 6, "replicates": tuple(np.linspace(30.9, 31.1, 100))}
LOWER = {"n_images": 6, "replicates": tuple(np.linspace(29.9, 30.1, 100))}


@pytest.mark.parametrize(
    ("one", "other", "decided"),
    [
        (cell(31.0, 31.1, 30.9, **IMAGES), cell(30.0, 30.1, 29.9, **LOWER), True),
        (cell(31.0, 33.0, 29.0, **IMAGES), cell(30.0, 30.1, 29.9, **LOWER), False),  # seeds
        (cell(31.0, 33.0, 29.0, **IMAGES), cell(30.0, 32.1, 27.9, **LOWER), True),  # paired
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
