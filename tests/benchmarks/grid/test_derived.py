"""Scores and best values are computed from the rows that were measured."""

from dataclasses import replace

import pytest

from benchmarks.grid.derived import with_derived
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
