"""A table in long form, one line per cell, for spreadsheets and scripts.

Our numbers are unrounded here: a difference between two files is a difference between two runs.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from benchmarks.grid.comparison import held
from benchmarks.grid.model import Cell, Grid, GridRow
from benchmarks.grid.precision import plain
from benchmarks.grid.ranks import our_ranks, paper_ranks

COLUMNS = (
    "table", "group", "row", "column", "ours", "ours_rank", "paper", "paper_rank", "delta",
    "run_id", "score_id", "profile", "seeds", "n_images", "stand_in", "detail",
)  # fmt: skip
PRINTED = ("table", "group", "row", "column", "printed", "rank", "bold", "mark")


def long_csv(grid: Grid) -> str:
    """The header and one line per cell, references last.

    A field without a number is empty, whatever the reason: a status is never a number. `ours` is
    the mean over seeds in its shortest exact decimal form, `paper` the printed number, `delta`
    their unrounded difference where both are of the same metric and test images, `seeds` how many
    values were averaged, `stand_in` what took the place of a metric's absent weights, `detail` why
    a number is not there, or how many answers it rests on.
    """
    ours, paper = our_ranks(grid), paper_ranks(grid)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r, row in enumerate(grid.rows):
        for c, cell in enumerate(row.cells):
            ranks = (ours.get((r, c)), paper.get((r, c)))
            writer.writerow(_line(grid, row, c, cell, ranks))
    for row in grid.references:
        for c, cell in enumerate(row.cells):
            writer.writerow(_line(grid, row, c, cell, (None, None)))
    return out.getvalue()


def printed_csv(grid: Grid) -> str:
    """What the paper prints, one line per cell: number, rank, bold type and marks as printed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(PRINTED)
    for row in grid.rows:
        for cell, column in zip(row.cells, grid.columns, strict=True):
            bold = int(cell.paper_bold) if grid.bold_known else None
            place = (grid.name, row.group, row.label, column.name)
            writer.writerow((*place, cell.paper, cell.paper_rank, bold, cell.paper_mark))
    return out.getvalue()


def _line(
    grid: Grid, row: GridRow, c: int, cell: Cell, ranks: tuple[int | None, int | None]
) -> list[object]:
    """One cell; the csv module writes None as an empty field and a float by its repr."""
    return [
        grid.name,
        row.group,
        row.name,
        grid.columns[c].name,
        cell.mean,
        ranks[0],
        None if cell.printed is None else plain(cell.printed),
        ranks[1],
        _delta(cell) if held(grid.columns[c], cell) else None,
        cell.run_id,
        cell.score_id,
        grid.profile,
        len(cell.values) or None,
        cell.n_images,
        grid.columns[c].stand_in or None,
        cell.detail or None,
    ]


def _delta(cell: Cell) -> float | None:
    """Ours − paper, subtracted in decimal so that it is exact for the two numbers as written."""
    if cell.mean is None or cell.printed is None:
        return None
    return float(Decimal(repr(cell.mean)) - cell.printed)
