"""Numbers that are computed from other numbers of the same table.

PDL (version 1, Eq. 7) scores a row against the best of each column, and prints the best values as a
row of their own:

    score = PSNR / PSNR_max * MS-SSIM / MS-SSIM_max * LPIPS_min / LPIPS
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from benchmarks.grid.model import Cell, Grid, GridRow

Number = TypeVar("Number", float, Fraction)

SCORE = "Score"
SCORED = {"PSNR": True, "MS-SSIM": True, "LPIPS": False}  # whether more is better


def with_derived(grid: Grid) -> Grid:
    """The grid with its score column and its row of best values, where everything is measured.

    A best value is one among all methods, so that it stays open as long as one of them is missing.
    """
    metrics = [column.metric for column in grid.columns]
    rows = grid.rows
    if any(row.role == "best" for row in rows):
        rows = [_best(grid, row) if row.role == "best" else row for row in rows]
    if SCORE in metrics:
        rows = _scored(rows, metrics)
    return replace(grid, rows=rows)


def score(own: Mapping[str, Number], best: Mapping[str, Number]) -> Number:
    """Eq. 7 from the metrics of a row and the best values, by name."""
    psnr, ms_ssim, lpips = SCORED
    return (own[psnr] / best[psnr]) * (own[ms_ssim] / best[ms_ssim]) * (best[lpips] / own[lpips])


def _best(grid: Grid, row: GridRow) -> GridRow:
    cells = []
    for c, (cell, column) in enumerate(zip(row.cells, grid.columns, strict=True)):
        found = [r.cells[c].mean for r in grid.rows if r.role == "method"]
        values = [value for value in found if value is not None]
        if values and len(values) == len(found):
            best = max(values) if column.higher_is_better else min(values)
            trained = any(r.cells[c].trained for r in grid.rows)
            cells.append(_filled(cell, best, trained))
        else:
            cells.append(replace(cell, status="pending"))
    return replace(row, cells=cells)


def _scored(rows: Sequence[GridRow], metrics: list[str]) -> list[GridRow]:
    index = {metric: metrics.index(metric) for metric in (*SCORED, SCORE)}
    methods = [_measured(row, index) for row in rows if row.role == "method"]
    complete = [values for values in methods if values is not None]
    scored = []
    for row in rows:
        cells, own = list(row.cells), _measured(row, index)
        if own is None or len(complete) < len(methods):
            cells[index[SCORE]] = replace(cells[index[SCORE]], status="pending")
        else:
            best = {
                metric: (max if upward else min)(values[metric] for values in complete)
                for metric, upward in SCORED.items()
            }
            trained = any(c.trained for r in rows for c in r.cells)
            cells[index[SCORE]] = _filled(cells[index[SCORE]], score(own, best), trained)
        scored.append(replace(row, cells=cells))
    return scored


def _measured(row: GridRow, index: Mapping[str, int]) -> dict[str, float] | None:
    values = {metric: row.cells[index[metric]].mean for metric in SCORED}
    known = {metric: value for metric, value in values.items() if value is not None}
    return known if len(known) == len(values) else None


def _filled(cell: Cell, value: float, trained: bool) -> Cell:
    return replace(cell, values=(value,), status="ok", trained=trained)
