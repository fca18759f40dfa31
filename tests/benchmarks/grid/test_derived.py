"""Scores and best values are computed from the rows that were measured."""

from dataclasses import replace
from fractions import Fraction

import pytest

from benchmarks.grid.derived import score, with_derived
from benchmarks.grid.model import Cell, Column, Grid, GridRow
from benchmarks.papers.registry import TABLES


def measured(grid, leave_out=()):
    """The printed numbers as measurements, without the score and the row of best values."""
    columns = [column.metric for column in grid.columns]
    rows = []
    for row in grid.rows:
        known = row.role != "best" and row.key not in leave_out
        cells = [
            replace(cell, values=(float(cell.paper),), status="ok")
            if known and metric != "Score"
            else replace(cell, status="not implemented")
            for cell, metric in zip(row.cells, columns, strict=True)
        ]
        rows.append(replace(row, cells=cells))
    return replace(grid, rows=rows)


@pytest.mark.parametrize("number", [1, 3, 5, 6])
def test_scores_of_the_printed_numbers_are_the_printed_scores(number):
    """Within 0.006, which is what rounding can do; but one, which the audit finds."""
    grid = with_derived(measured(TABLES[f"pdl_v1_table{number}"].printed()))
    odd = {("pdl_v1_table3", "PDL / 0.01"), ("pdl_v1_table5", "PDL / 0.010")}
    for row in grid.rows:
        *_, score = row.cells
        assert score.status == "ok"
        tolerance = 0.015 if (grid.name, row.key) in odd else 0.006
        assert score.mean == pytest.approx(float(score.paper), abs=tolerance), row.key


def test_best_values_are_those_of_the_methods():
    grid = with_derived(measured(TABLES["pdl_v1_table5"].printed()))
    best = grid.rows[-1]
    assert best.role == "best"
    assert [cell.mean for cell in best.cells] == pytest.approx([33.07, 0.974, 0.092, 1.0])


def test_the_input_has_a_score_and_is_never_the_best():
    table = measured(TABLES["pdl_v1_table1"].printed())
    rows = [
        replace(row, cells=[replace(row.cells[0], values=(99.0,)), *row.cells[1:]])
        if row.role == "input"
        else row
        for row in table.rows
    ]
    grid = with_derived(replace(table, rows=rows))
    assert grid.rows[-1].cells[0].mean == 27.14
    assert grid.rows[0].cells[-1].status == "ok"


def test_nothing_is_derived_while_a_method_is_missing():
    grid = with_derived(measured(TABLES["pdl_v1_table3"].printed(), leave_out=("CTXDP",)))
    assert {row.cells[-1].status for row in grid.rows} == {"pending"}
    assert {cell.status for cell in grid.rows[-1].cells} == {"pending"}
    assert grid.rows[0].cells[0].status == "ok"


def test_other_tables_stay_as_they_are():
    grid = TABLES["d2sm_table1"].printed()
    assert with_derived(grid) == grid


def small(*rows, role="method"):
    """PSNR, MS-SSIM, LPIPS and the score of Eq. 7; a row None is not measured."""
    names = ("PSNR", "MS-SSIM", "LPIPS", "Score")
    columns = [Column("", name, name, 3, name != "LPIPS") for name in names]
    lines = []
    for r, values in enumerate(rows):
        cells = [Cell("1", values=(v,), status="ok") for v in values or ()]
        gap = Cell("1", status="not implemented")
        lines.append(GridRow("g", f"m{r}", "", cells + [gap] * (4 - len(cells))))
    lines.append(GridRow("g", "best", "", [Cell("1", status="not implemented")] * 4, role="best"))
    lines[0] = replace(lines[0], role=role)
    return with_derived(Grid("t", "s", "", columns, lines))


def scores(grid):
    return [row.cells[-1].mean for row in grid.rows]


def test_score_is_the_product_of_the_shares_of_the_best():
    own, best = ((2, 3, 5), (8, 4, 1))
    names = ("PSNR", "MS-SSIM", "LPIPS")
    found = score(*(dict(zip(names, map(Fraction, line), strict=True)) for line in (own, best)))
    assert found == Fraction(2 * 3 * 1, 8 * 4 * 5)


def test_scores_and_best_values_have_a_closed_form():
    grid = small((20.0, 0.5, 0.25), (40.0, 0.25, 0.5), (10.0, 0.5, 0.125))
    assert scores(grid)[:3] == pytest.approx([1 / 2 * 1 / 2, 1 / 2 * 1 / 4, 1 / 4])
    assert [cell.mean for cell in grid.rows[3].cells[:3]] == [40.0, 0.5, 0.125]
    assert scores(grid)[3] == 1.0
    assert {cell.status for row in grid.rows for cell in row.cells} == {"ok"}


def test_the_input_is_scored_against_the_methods_and_changes_no_other_score():
    rows = ((80.0, 1.0, 0.0625), (40.0, 0.5, 0.25), (20.0, 0.5, 0.5))
    grid = small(*rows, role="input")
    assert scores(grid) == pytest.approx([2 * 2 * 4, 1, 1 / 4, 1])


def test_an_input_that_is_not_measured_holds_nothing_up():
    grid = small(None, (40.0, 0.5, 0.25), (20.0, 0.5, 0.5), role="input")
    assert scores(grid) == [None, 1.0, 0.25, 1.0]
    assert [row.cells[-1].status for row in grid.rows] == ["pending", "ok", "ok", "ok"]


def test_a_missing_method_leaves_all_of_it_open():
    grid = small((40.0, 0.5, 0.25), (20.0, 0.5))
    assert scores(grid) == [None, None, None]
    assert [cell.status for cell in grid.rows[2].cells] == ["ok", "ok", "pending", "pending"]
    assert [row.cells[-1].status for row in grid.rows] == ["pending"] * 3


def test_best_values_need_no_score():
    grid = small((20.0, 0.5, 0.25), (40.0, 0.25, 0.5))
    rows = [replace(row, cells=row.cells[:3]) for row in grid.rows]
    rows[2] = replace(rows[2], cells=[Cell("1", status="not implemented")] * 3)
    found = with_derived(replace(grid, rows=rows, columns=grid.columns[:3]))
    assert [cell.mean for cell in found.rows[2].cells] == [40.0, 0.5, 0.25]
