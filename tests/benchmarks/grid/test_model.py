"""What a cell, a column, a row and a grid say of themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.grid.model import STAND_IN, Cell, Column, Grid, GridRow
from benchmarks.grid.precision import plain, rounded, signed

PSNR = Column("σ=25", "PSNR (dB)", "PSNR", 2, True)


@pytest.mark.parametrize(("upward", "arrow"), [(True, " ↑"), (False, " ↓"), (None, "")])
def test_headings_show_in_which_direction_a_metric_gets_better(upward: Any, arrow: str) -> None:
    column = replace(PSNR, higher_is_better=upward)
    assert column.heading == f"PSNR{arrow}"
    assert column.printed_heading == f"PSNR (dB){arrow}"


def test_a_heading_shows_that_something_stands_in_for_the_metrics_weights() -> None:
    column = replace(PSNR, metric="LPIPS", higher_is_better=False, stand_in="random weights")
    assert column.heading == f"LPIPS{STAND_IN} ↓"
    assert column.printed_heading == "PSNR (dB) ↓"


def test_a_column_without_words_has_its_arrow_alone() -> None:
    assert replace(PSNR, label="").printed_heading == "↑"
    assert replace(PSNR, group="").name == "PSNR"
    assert PSNR.name == "σ=25 PSNR"


@pytest.mark.parametrize("status", ["ok", "stale"])
def test_measured_cells_have_values(status: str) -> None:
    assert Cell("1", values=(1.0,), status=status).mean == 1.0
    with pytest.raises(ValueError, match=f"this one is '{status}' with 0 values"):
        Cell("1", status=status)


@pytest.mark.parametrize("status", ["pending", "failed", "needs", "not implemented", "n/a"])
def test_cells_that_are_not_measured_have_none(status: str) -> None:
    assert Cell("1", status=status).mean is None
    with pytest.raises(ValueError, match=f"this one is '{status}' with 2 values"):
        Cell("1", values=(1.0, 2.0), status=status)


@pytest.mark.parametrize("values", [(math.nan,), (1.0, math.nan), (math.nan, 1.0)])
def test_no_seed_may_be_nan(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="NaN is not a result: give the cell the status 'failed'"):
        Cell("1", values=values, status="ok")


@pytest.mark.parametrize(
    ("paper", "number"), [("33.180", "33.180"), ("-0.5", "-0.5"), ("1e3", "1E+3"), (" 5 ", "5")]
)
def test_a_printed_number_keeps_its_decimals(paper: str, number: str) -> None:
    assert str(Cell(paper).printed) == number


def test_mean_is_of_all_seeds_and_exact() -> None:
    assert Cell("1", values=(1e16, 1.0, -1e16), status="ok").mean == 1 / 3
    assert Cell("1").mean is None
    assert Cell("1").shown(2) is None
    assert Cell("1", values=(1.0, 1.01), status="ok").shown(2) == Decimal("1.01")  # 1.005


def test_two_seeds_have_a_deviation_and_an_infinite_one_has_none() -> None:
    two = Cell("1", values=(1.0, 3.0), status="ok")
    assert two.deviation == pytest.approx(math.sqrt(2))
    assert replace(two, values=(1.0, math.inf)).deviation is None
    assert replace(two, values=(1.0, -math.inf, 2.0)).deviation is None
    assert Cell("1").deviation is None


@pytest.mark.parametrize(
    ("measured", "expected", "partial"),
    [(12, 24, True), (24, 24, False), (None, 24, False), (12, None, False), (0, 1, True)],
)
def test_a_cell_is_partial_where_test_images_are_known_to_be_missing(
    measured: int | None, expected: int | None, partial: bool
) -> None:
    cell = Cell("1", values=(1.0,), status="ok", n_images=measured, expected_images=expected)
    assert cell.partial is partial
    assert not replace(cell, values=(), status="failed").partial


@pytest.mark.parametrize(
    ("group", "label", "key", "name"),
    [
        ("FFDNet", "+ L_SSIM", "FFDNet / + L_SSIM", "net + L_SSIM"),
        ("FFDNet", "-", "FFDNet / -", "net"),
        ("FFDNet", "", "FFDNet", "net"),
        ("", "L_1", "L_1", "net L_1"),
    ],
)
def test_a_row_has_a_key_and_a_name(group: str, label: str, key: str, name: str) -> None:
    row = GridRow(group, "net", label, [])
    assert (row.key, row.name) == (key, name)


def test_a_method_without_a_name_is_its_label() -> None:
    assert GridRow("g", "", "L_1", []).name == "L_1"


def grid(rows: list[GridRow], **changes: Any) -> Grid:
    return Grid("t", "s", "", [PSNR], rows, **changes)


def test_references_have_a_cell_per_column_too() -> None:
    odd = GridRow("g", "noisy", "input", [Cell(), Cell()])
    with pytest.raises(ValueError, match="t, row 'noisy input': 2 cells for 1 columns"):
        grid([], references=[odd])
    with pytest.raises(ValueError, match="t, row 'noisy input': 2 cells for 1 columns"):
        grid([GridRow("g", "a", "", [Cell()]), odd])


@pytest.mark.parametrize("scope", ["group", "column", None])
def test_ranks_have_a_known_scope(scope: Any) -> None:
    assert grid([], rank_within=scope).rank_within == scope
    with pytest.raises(ValueError, match=r"t: rank_within must be .*not 'row'"):
        grid([], rank_within="row")


def test_a_table_prints_numbers_if_it_prints_one() -> None:
    words = GridRow("g", "a", "", [Cell("> 30M")])
    assert not grid([words, replace(words, cells=[Cell("-")])]).prints_numbers
    assert grid([words, replace(words, cells=[Cell("30")])]).prints_numbers
    measured = replace(words, cells=[Cell(values=(1.0,), status="ok")])
    assert not grid([measured]).prints_numbers
    assert not grid([]).prints_numbers


@pytest.mark.parametrize(
    ("number", "text", "with_sign"),
    [
        ("1E-7", "0.0000001", "+0.0000001"),
        ("1E+2", "100", "+100"),
        ("33.180", "33.180", "+33.180"),
        ("-0.50", "-0.50", "-0.50"),
        ("Infinity", "∞", "+∞"),
        ("-Infinity", "-∞", "-∞"),
    ],
)
def test_numbers_are_written_out(number: str, text: str, with_sign: str) -> None:
    assert plain(Decimal(number)) == text
    assert signed(Decimal(number)) == with_sign


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (2.5, 0, "3"),  # half up and not half even
        (-2.5, 0, "-3"),
        (0.125, 2, "0.13"),
        (1.005, 2, "1.01"),  # of the shortest decimal, though the binary value lies below
        (-0.004, 2, "0.00"),
        (1e22, 1, "10000000000000000000000.0"),
        (-math.inf, 2, "-∞"),
        (3, 2, "3.00"),
    ],
)
def test_measured_values_are_rounded_half_up(value: float, digits: int, text: str) -> None:
    assert plain(rounded(value, digits)) == text
    assert not rounded(-0.004, 2).is_signed()
