"""Agreement in value and in order: tolerances, Kendall's tau against scipy, paired differences."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from benchmarks.grid.bootstrap import counts
from benchmarks.grid.comparison import Ordered, Pair, Verdict, compared, interval, verdicts
from benchmarks.grid.model import Cell, Column, Grid, GridRow


def cell(paper: str, ours: float, **changes: Any) -> Cell:
    return Cell(paper, values=(ours,), status="ok", **changes)


def column(cells: list[Cell], groups: str = "", upward: bool = True, **changes: Any) -> Grid:
    """Rows A, B, ... of one column with two decimals, ranked within it or within `groups`."""
    rows = [
        GridRow(group, "network", chr(ord("A") + r), [c])
        for r, (group, c) in enumerate(zip(groups or [""] * len(cells), cells, strict=True))
    ]
    scope = "group" if groups else "column"
    columns = [Column("set", "PSNR", "PSNR", 2, upward)]
    return replace(Grid("t", "Source, Table 1", "", columns, rows, scope), **changes)  # type: ignore[arg-type]


def verdict(grid: Grid) -> Verdict:
    (found,) = verdicts(grid)
    return found


def spread(mean: float, half_width: float) -> tuple[float, ...]:
    """Replicates whose 95 % interval reaches exactly `half_width` to both sides."""
    return tuple((mean + half_width / 0.95 * np.linspace(-1, 1, 2001)).tolist())


def measured(values: np.ndarray, paper: str) -> Cell:
    """A cell with per-image values, and with replicates as the store would give them."""
    names = [f"image{i}" for i in range(len(values))]
    replicates = tuple((counts(names) @ values / len(values)).tolist())
    return cell(paper, float(values.mean()), replicates=replicates, n_images=len(values))


def pair(paper: str, ours: float, **changes: Any) -> Pair:
    return compared(column([cell(paper, ours, **changes)]))[0, 0]


def test_without_replicates_the_tolerance_is_half_the_last_printed_digit() -> None:
    assert pair("30.00", 30.2).tolerance == Decimal("0.005")
    assert pair("30.0", 30.2).tolerance == Decimal("0.05")  # printed with fewer digits
    assert pair("30", 30.2).tolerance == Decimal("0.5")
    assert pair("30", 30.2).agrees
    assert not pair("30.0", 30.2).agrees


def test_agreement_is_that_of_the_unrounded_mean() -> None:
    # Shown as 30.02, two digits from 30.00, and yet within 0.015 of it, and the other way round.
    near, far = (pair("30.00", x, replicates=spread(x, 0.015)) for x in (30.0150, 30.0151))
    assert (near.ours, far.ours) == (Decimal("30.02"), Decimal("30.02"))
    assert (near.difference, far.difference) == (Decimal("0.02"), Decimal("0.02"))
    assert (near.agrees, far.agrees) == (True, False)


def test_numbers_that_look_the_same_agree() -> None:
    for ours in (29.995, 30.0, 30.0049999, 30.005):
        assert pair("30.00", ours).agrees, ours
    assert not pair("30.00", 29.99499).agrees
    assert not pair("30.00", 30.00501).agrees


def test_tolerance_is_the_larger_of_the_digit_and_the_interval() -> None:
    assert pair("30.00", 30.2, replicates=spread(30.2, 0.25)).tolerance == Decimal("0.250")
    assert pair("30.00", 30.2, replicates=spread(30.2, 0.25)).agrees
    assert pair("30.00", 30.2, replicates=spread(30.2, 0.19)).agrees is False
    assert pair("30.00", 30.2, replicates=spread(30.2, 0.004)).tolerance == Decimal("0.005")


def test_tolerance_of_normal_values_has_a_closed_form() -> None:
    values = np.random.default_rng(4).normal(30, 3, 500)
    found = compared(column([measured(values, "30.00")]))[0, 0]
    assert float(found.tolerance) == pytest.approx(1.96 * values.std() / 500**0.5, rel=0.06)
    low, high = interval(measured(values, "30.00")) or (0, 0)
    assert low < values.mean() < high


def test_seeds_widen_no_tolerance() -> None:
    # The spread over seeds is another quantity than the interval over test images.
    two = Cell("30.00", values=(29.0, 31.0), status="ok")
    assert interval(two) is None
    assert compared(column([two]))[0, 0].tolerance == Decimal("0.005")


def test_a_pair_known_only_as_printed_is_judged_as_printed() -> None:
    assert Pair(Decimal("30.01"), Decimal("30.00"), Decimal("0.01")).agrees
    assert not Pair(Decimal("30.01"), Decimal("30.00"), Decimal("0.005")).agrees


def test_what_is_not_compared(build: Any) -> None:
    row = [
        cell("-", 3.0),
        cell("> 30M", 3.0),
        cell("40.00", float("inf")),
        Cell("40.00"),
        cell("40.00", 40.0, n_images=500, expected_images=500),
    ]
    assert set(compared(build.grid([row]))) == {(0, 4)}


PART = {"n_images": 2, "expected_images": 500}


@pytest.mark.parametrize(("images", "columns"), [(PART, {}), ({}, {"other_set": "Kodak24()"})])
def test_other_images_than_the_papers_give_an_order_and_no_difference(
    images: dict[str, int], columns: dict[str, str]
) -> None:
    """However near the values are: 31.00 is the paper's number to the last digit."""
    cells = [
        cell("30.00", 30.2, **images),
        cell("31.00", 31.0, **images),
        cell("29", 30.1, **images),
    ]
    grid = column(cells)
    grid = replace(grid, columns=[replace(grid.columns[0], **columns)])
    pairs = compared(grid)
    assert {p.tolerance for p in pairs.values()} == {None}
    assert not any(p.agrees for p in pairs.values())
    found = verdict(grid)
    assert (found.cells, found.agreeing, found.mean, found.largest) == (0, 0, None, None)
    assert (len(found.agreed), found.pairs, found.tau) == (3, 3, 1.0)


def test_parts_of_a_test_set_have_an_order_if_they_are_equally_large() -> None:
    sizes = [2, 2, 3, 500]
    cells = [
        cell(str(30 + i), 30.0 + i, n_images=n, expected_images=500) for i, n in enumerate(sizes)
    ]
    found = verdict(column(cells))
    assert (found.cells, found.pairs) == (1, 1)


def test_one_measured_part_has_no_verdict_at_all() -> None:
    assert verdicts(column([cell("30.00", 30.0, **PART), Cell("31.00")])) == []


def test_verdict_counts_agreeing_cells_and_keeps_the_worst() -> None:
    found = verdict(
        column([cell("30.00", 30.001), cell("31.00", 31.5), cell("32.00", 31.2), cell("33", 33.4)])
    )
    assert (found.name, found.cells, found.agreeing) == ("set PSNR", 4, 2)
    assert (found.mean, found.largest) == (Decimal("0.03"), Decimal("-0.80"))


def test_a_mean_that_rounds_to_zero_has_no_sign() -> None:
    found = verdict(column([cell("30.00", 29.99), cell("30.00", 30.0), cell("30.00", 30.0)]))
    assert str(found.mean) == "0.00"


@settings(deadline=None)  # a busy machine is no failure
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=12))
def test_tau_is_scipys(numbers: list[tuple[int, int]]) -> None:
    found = verdict(column([cell(str(paper), float(ours)) for paper, ours in numbers]))
    expected = kendalltau(*zip(*numbers, strict=True), variant="b").statistic
    if np.isnan(expected):
        assert found.tau is None
    else:
        assert found.tau == pytest.approx(expected, abs=1e-12)


def test_tau_within_groups_takes_only_pairs_within_groups() -> None:
    # Each group is in order; across groups the order is reversed.
    cells = [cell("1", 11.0), cell("2", 12.0), cell("11", 1.0), cell("12", 2.0)]
    found = verdict(column(cells, groups="GGHH"))
    assert (found.tau, len(found.agreed), found.pairs, found.flipped) == (1.0, 2, 2, ())
    # Of the six pairs of the column two are in order: (2 - 4) / 6.
    assert verdict(column(cells)).tau == pytest.approx(-1 / 3)


def test_tau_counts_ties_of_either_side_in_the_denominator() -> None:
    # Paper 1 < 2 = 2, ours 1 < 2 < 3: two pairs in order, one tied there only.
    found = verdict(column([cell("1", 1.0), cell("2", 2.0), cell("2", 3.0)]))
    assert found.tau == pytest.approx(2 / (2 * 3) ** 0.5)


def test_order_is_taken_over_the_seeds_that_both_have() -> None:
    """Three seeds have the better mean, and the one that the other has as well is the worse one."""
    three = cell("31", 30.0, trained=True)
    three = replace(three, values=(30.0, 32.0, 32.0))
    one, fixed = cell("30", 30.5, trained=True), cell("29", 30.5)
    found = verdict(column([three, one, fixed]))
    assert found.agreed == (Ordered("A", "C", decided=False),)
    assert found.flipped == (Ordered("A", "B", decided=False),)


def test_order_is_taken_of_printed_numbers() -> None:
    found = verdict(column([cell("1", 2.001), cell("2", 2.004)]))
    assert (found.tau, len(found.agreed), found.pairs, found.flipped) == (None, 0, 1, ())


def test_no_scope_no_order() -> None:
    found = verdict(column([cell("1", 2.0), cell("2", 1.0)], rank_within=None))
    assert (found.tau, len(found.agreed), found.pairs, found.flipped) == (None, 0, 0, ())
    assert found.cells == 2


@pytest.mark.parametrize("upward", [True, False])
def test_flips_name_the_better_row_of_the_paper(upward: bool) -> None:
    cells = [cell("1", 3.0), cell("2", 1.0), cell("2", 0.0), cell("3", 3.0)]
    found = verdict(column(cells, groups="GGGG", upward=upward)).flipped
    one, two = (("G / B", "G / A"), ("G / C", "G / A"))
    if not upward:
        one, two = one[::-1], two[::-1]
    assert found == (Ordered(*one, decided=False), Ordered(*two, decided=False))


def test_every_ordered_pair_is_kept_tied_or_flipped(table1: Any, build: Any) -> None:
    generator = np.random.default_rng(0)
    grid = build.measured(table1.grid)
    rows = [
        replace(
            row,
            cells=[
                replace(c, values=(round(c.values[0] + generator.normal(0, 0.5), 1),))
                for c in row.cells
            ],
        )
        for row in grid.rows
    ]
    found = verdicts(replace(grid, rows=rows))
    assert len(found) == 9
    for c, line in enumerate(found):
        papers = [(row.group, row.cells[c].printed, row.cells[c].values[0]) for row in rows]
        ordered = flipped = pairs = 0
        for i, a in enumerate(papers):
            for b in papers[:i]:
                if a[0] == b[0] and a[1] != b[1]:
                    pairs += 1
                    ordered += (a[1] > b[1]) == (a[2] > b[2]) and a[2] != b[2]
                    flipped += (a[1] > b[1]) == (a[2] < b[2]) and a[2] != b[2]
        assert (len(line.agreed), line.pairs, len(line.flipped)) == (ordered, pairs, flipped)
    assert 0 < sum(len(line.flipped) for line in found) < sum(line.pairs for line in found)


def test_a_constant_gain_on_every_image_is_decided_though_the_intervals_overlap() -> None:
    values = np.random.default_rng(5).normal(30, 3, 100)
    better, worse = measured(values + 0.1, "30.00"), measured(values, "30.50")
    (low, _), (_, high) = interval(better), interval(worse)  # type: ignore[misc]
    assert low < high - 0.5
    (flip,) = verdict(column([better, worse])).flipped
    assert flip == Ordered("B", "A", decided=True)
    assert verdict(column([worse, better])).flipped == (Ordered("A", "B", decided=True),)
    agreeing = replace(worse, paper="29.50")
    for cells, pair in (([better, agreeing], ("A", "B")), ([agreeing, better], ("B", "A"))):
        found = verdict(column(cells))
        assert (found.agreed, found.flipped) == ((Ordered(*pair, decided=True),), ())


def test_the_same_gain_on_unrelated_images_is_not_decided() -> None:
    values = np.random.default_rng(5).normal(30, 3, 100)
    shuffled = np.random.default_rng(6).permutation(values)
    cells = [measured(shuffled + 0.1, "30.00"), measured(values, "30.50")]
    assert [flip.decided for flip in verdict(column(cells)).flipped] == [False]
    found = verdict(column([cells[0], replace(cells[1], paper="29.50")]))
    assert found.agreed == (Ordered("A", "B", decided=False),)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_paired_difference_is_decided_as_by_its_standard_error(factor: float) -> None:
    # A mean gain of `factor` times 1.96 standard errors of the gain itself.
    generator = np.random.default_rng(7)
    values, noise = generator.normal(30, 3, 200), generator.normal(0, 0.3, 200)
    noise -= noise.mean()
    gain = factor * 1.96 * noise.std() / 200**0.5
    cells = [measured(values + noise + gain, "30.00"), measured(values, "30.50")]
    (flip,) = verdict(column(cells)).flipped
    assert flip.decided == (factor > 1)


def test_a_flip_without_replicates_or_of_other_images_is_open() -> None:
    values = np.random.default_rng(5).normal(30, 1, 50)
    worse = measured(values, "40.00")
    for other in (
        replace(measured(values + 5, "30.00"), replicates=()),
        replace(measured(values + 5, "30.00"), n_images=49),
    ):
        (flip,) = verdict(column([other, worse])).flipped
        assert not flip.decided


def test_a_smoke_table_has_no_verdict(table1: Any, build: Any) -> None:
    assert len(verdicts(build.measured(table1.grid))) == 9
    assert verdicts(build.measured(table1.grid, comparable=False)) == []


def test_a_column_without_measurements_has_no_verdict(build: Any) -> None:
    assert verdicts(build.grid([[Cell("1"), cell("-", 1.0)]])) == []
