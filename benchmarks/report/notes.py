"""What must be said under a table about its marks, gaps and rows; the same for every format."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.grid.model import MEASURED, STAND_IN, Cell, Grid, GridRow
from benchmarks.grid.ranks import our_ranks, paper_ranks, printed_ranks

STALE = "†"
_NAMED = 3  # rows that a note names; of the others it says how many they are
BOLD_LOST = "Which numbers are set in bold is lost from the transcription."
BOLD_PARTLY_LOST = "Some of the bold type is lost from the transcription."


def notes(grid: Grid, partial: str = "(n of m)") -> list[str]:
    """The declared notes, those of the rows, and those that the state of the cells asks for.

    partial: how the format marks a number of a part of the test set.
    """
    return [*_declared(grid), *_marks(grid, partial), *_gaps(grid)]


def printed_notes(grid: Grid) -> list[str]:
    """The declared notes and those of the rows, for a table that shows only what is printed."""
    return [*_declared(grid), *_bold(grid)]


def _bold(grid: Grid) -> list[str]:
    if grid.bold_known:
        return []
    kept = any(cell.paper_bold for row in grid.rows for cell in row.cells)
    return [BOLD_PARTLY_LOST if kept else BOLD_LOST]


def _declared(grid: Grid) -> list[str]:
    rows = [f"{row.name}: {row.note}" for row in (*grid.rows, *grid.references) if row.note]
    return [*grid.notes, *rows]


def _marks(grid: Grid, partial: str) -> Iterator[str]:
    every = [cell for _, cell in _cells(grid)]
    rows = [cell for row in grid.rows for cell in row.cells]
    for metric, stand_in in dict.fromkeys((c.metric, c.stand_in) for c in grid.columns):
        if stand_in:
            yield (
                f"{metric}{STAND_IN}: with {stand_in} instead of the real ones, which are not "
                "here; not to be held against the paper's numbers."
            )
    judged = grid.comparable and grid.prints_numbers
    others = (column.other_set for column in grid.columns) if judged else ()
    for other_set in filter(None, dict.fromkeys(others)):
        yield (
            f"Not the paper's test images: {other_set}. Their order is held against the paper's, "
            "their values are not."
        )
    if any(len(cell.values) > 1 for cell in every):
        one = any(len(cell.values) == 1 and cell.trained for cell in every)
        yield "±: sample standard deviation over seeds" + (
            "; cells without it are of one." if one else "."
        )
    if judged and len({len(cell.values) for cell in rows if cell.values and cell.trained}) > 1:
        yield "Ranks are of the numbers as shown; pairs are compared over the seeds that both have."
    if any(cell.status == "stale" for cell in every):
        yield f"{STALE} Stale: measured with other code than the present; --refresh runs it again."
    if parts := {(cell.n_images, cell.expected_images) for cell in every if cell.partial}:
        counts = ", ".join(f"{n} of {m}" for n, m in sorted(parts))
        yield (
            f"{partial}: measured on a part of the test set ({counts} images); not held against "
            "the paper's number, and ranked only among cells of as many images."
        )
    if grid.prints_numbers and any(cell.values and cell.printed is None for cell in rows):
        yield "The paper prints no number for some cells that are measured here; they have no rank."
    ranked, all_ranked = len(our_ranks(grid)), len(paper_ranks(grid))
    if 0 < ranked < all_ranked:
        which = (
            "that the paper ranks"
            if printed_ranks(grid)
            else "with a rank recomputed from the paper"
        )
        yield f"{ranked} of the {all_ranked} cells {which} are ranked here."


def _gaps(grid: Grid) -> list[str]:
    """Why numbers are not there, each reason once with the first rows that it is about."""
    rows: dict[str, list[str]] = {}
    for row, cell in _cells(grid):
        if cell.detail and cell.status not in MEASURED:
            rows.setdefault(_gap(cell), []).append(row.name)
    return [f"{_named(list(dict.fromkeys(names)))}: {reason}" for reason, names in rows.items()]


def _named(rows: list[str]) -> str:
    more = len(rows) - _NAMED
    return "; ".join(rows[:_NAMED]) + (f" and {more} more rows" if more > 0 else "")


def _gap(cell: Cell) -> str:
    sign = "" if cell.status == "needs" else ":"
    return " ".join(f"{cell.status}{sign} {cell.detail}".split())


def _cells(grid: Grid) -> Iterator[tuple[GridRow, Cell]]:
    for row in (*grid.rows, *grid.references):
        for cell in row.cells:
            yield row, cell
