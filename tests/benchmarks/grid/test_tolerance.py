"""Closed forms of the tolerance of a difference, of its mean, and of what decides a flip."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.grid.comparison import compared, interval, verdicts
from benchmarks.grid.model import Cell, Grid


def replicates(low: float, high: float) -> tuple[float, ...]:
    """Forty of which the middle 95 % reach exactly from `low` to `high`."""
    return (low,) * 5 + ((low + high) / 2,) * 30 + (high,) * 5


def cell(paper: str, ours: float, **changes: Any) -> Cell:
    return Cell(paper, values=(ours,), status="ok", **changes)


def of(build: Any, *cells: Cell, **changes: Any) -> Grid:
    """A column of two digits."""
    return build.grid([[one] for one in cells], **changes)


@pytest.mark.parametrize(
    ("half_width", "tolerance"),
    [
        (0.0225, "0.023"),  # half up and not half even
        (0.02249, "0.022"),
        (0.0049, "0.005"),
        (0.0056, "0.006"),
        (1.23456, "1.235"),
    ],
)
def test_half_the_interval_is_rounded_to_one_digit_more_than_is_printed(
    build: Any, half_width: float, tolerance: str
) -> None:
    one = cell("30.00", 30.0, replicates=replicates(-half_width, half_width))
    assert str(compared(of(build, one))[0, 0].tolerance) == tolerance


@pytest.mark.parametrize(
    ("paper", "tolerance"), [("30.000", "0.005"), ("30.0", "0.05"), ("30", "0.5"), ("3E+1", "5")]
)
def test_half_a_unit_is_of_the_last_digit_that_both_have(
    build: Any, paper: str, tolerance: str
) -> None:
    assert compared(of(build, cell(paper, 30.0)))[0, 0].tolerance == Decimal(tolerance)


def test_interval_is_that_of_the_replicates() -> None:
    assert interval(cell("1", 1.0, replicates=replicates(0.5, 2.5))) == (0.5, 2.5)
    assert interval(cell("1", 1.0)) is None


def test_difference_is_of_rounded_numbers_and_agreement_of_the_mean(build: Any) -> None:
    ((pair),) = compared(of(build, cell("30.00", 30.0051))).values()
    assert (pair.ours, pair.difference, pair.mean) == (
        Decimal("30.01"), Decimal("0.01"), Decimal("30.0051"),
    )  # fmt: skip
    assert not pair.agrees


def test_nothing_stands_in_for_the_papers_metric(build: Any) -> None:
    grid = build.grid([[cell("30.00", 30.0), cell("30.00", 30.0)]])
    columns = [replace(grid.columns[0], stand_in="random weights"), grid.columns[1]]
    found = replace(grid, columns=columns)
    assert set(compared(found)) == {(0, 1)}
    assert [verdict.name for verdict in verdicts(found)] == ["set1 PSNR"]


def test_mean_of_the_differences_is_rounded_half_up(build: Any) -> None:
    # 0.01 + 0 + ... over four: 0.0025 -> 0.00; 0.02 over four: 0.005 -> 0.01.
    for first, mean in ((30.01, "0.00"), (30.02, "0.01"), (29.98, "-0.01"), (30.06, "0.02")):
        cells = [cell("30.00", ours) for ours in (first, 30.0, 30.0, 30.0)]
        (verdict,) = verdicts(of(build, *cells))
        assert str(verdict.mean) == mean


def test_largest_difference_keeps_its_sign(build: Any) -> None:
    (verdict,) = verdicts(of(build, cell("30.00", 29.5), cell("30.00", 30.4)))
    assert (verdict.largest, verdict.mean) == (Decimal("-0.50"), Decimal("-0.05"))


@pytest.mark.parametrize(("low", "decided"), [(-0.01, False), (0.0, False), (0.01, True)])
def test_a_flip_is_decided_where_the_paired_interval_excludes_zero(
    build: Any, low: float, decided: bool
) -> None:
    level = replicates(0.0, 0.0)
    gain = replicates(low, 1.0)
    cells = (
        cell("30.00", 31.0, replicates=gain, n_images=40),
        cell("30.50", 30.0, replicates=level, n_images=40),
    )
    (verdict,) = verdicts(of(build, *cells))
    (flip,) = verdict.flipped
    assert (flip.better, flip.worse, flip.decided) == ("g", "g", decided)
    (verdict,) = verdicts(of(build, *cells[::-1]))
    assert [flip.decided for flip in verdict.flipped] == [decided]


@pytest.mark.parametrize(
    "changes", [{"n_images": 39}, {"replicates": (5.0,) * 39}, {"replicates": ()}]
)
def test_a_flip_of_unpaired_cells_is_open(build: Any, changes: dict[str, Any]) -> None:
    better = cell("30.00", 35.0, replicates=(5.0,) * 40, n_images=40)
    worse = cell("30.50", 30.0, replicates=(0.0,) * 40, n_images=40)
    for first, second in ((replace(better, **changes), worse), (better, replace(worse, **changes))):
        (verdict,) = verdicts(of(build, first, second))
        assert [flip.decided for flip in verdict.flipped] == [False]


def test_columns_are_judged_apart(build: Any) -> None:
    grid = build.grid([[cell("1", 2.0), cell("1", 1.0)], [cell("2", 1.0), Cell("2")]])
    first, second = verdicts(grid)
    assert (first.name, first.cells, first.pairs, len(first.flipped)) == ("set0 PSNR", 2, 1, 1)
    assert (second.name, second.cells, second.pairs, second.tau) == ("set1 PSNR", 1, 0, None)
