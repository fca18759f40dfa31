"""Where the words and the numbers of a table stand, as the paper lays it out.

Text goes through as it is: what a number looks like is the renderer's business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.report.grid import Grid, GridRow


@dataclass(frozen=True)
class Sheet:
    """Headers (each of one or more words, top first), and rows of labels and of cells."""

    label_headers: list[str]
    headers: list[tuple[str, ...]]
    labels: list[list[str]]
    cells: list[list[str]]


def arrange(grid: Grid, rows: Sequence[GridRow], text: Callable[[int, int], str]) -> Sheet:
    """Lay out `rows`; `text(row, column)` gives a cell's text by its place in the model.

    A repeated first label is left blank, and a column of labels that says nothing is left out.
    """
    columns = grid.columns
    if grid.transposed:
        labels = [(column.group, column.heading) for column in columns]
        blocks = ["" for _ in columns]
        headers = [_words(row.method, row.label.strip("-")) for row in rows]
        cells = [[text(r, c) for r in range(len(rows))] for c in range(len(columns))]
    else:
        labels = [(row.method, row.label) for row in rows]
        blocks = [row.group for row in rows]
        headers = [_words(column.group, column.heading) for column in columns]
        cells = [[text(r, c) for c in range(len(columns))] for r in range(len(rows))]
    used = [i for i in (0, 1) if any(label[i] for label in labels)] or [0]
    blanked = _without_repeats(labels, blocks)
    return Sheet(
        label_headers=[grid.headers[i] for i in used],
        headers=headers,
        labels=[[label[i] for i in used] for label in blanked],
        cells=cells,
    )


def _words(*parts: str) -> tuple[str, ...]:
    return tuple(part for part in parts if part)


def _without_repeats(labels: list[tuple[str, str]], blocks: list[str]) -> list[tuple[str, str]]:
    """The first label only where it, or its block, is new; needs a second to tell rows apart."""
    shown = []
    for i, (first, second) in enumerate(labels):
        repeated = i > 0 and (first, blocks[i]) == (labels[i - 1][0], blocks[i - 1])
        shown.append(("" if repeated and second else first, second))
    return shown
