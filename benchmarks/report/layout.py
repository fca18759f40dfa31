"""Where the words and the numbers of a table stand, as the paper lays it out.

What a cell looks like is the renderer's business: whatever it makes of one is passed through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from benchmarks.grid.model import Grid, GridRow

Words = TypeVar("Words")


@dataclass(frozen=True)
class Sheet(Generic[Words]):
    """Headers (each of one or more words, top first), and rows of labels and of cells."""

    label_headers: list[str]
    headers: list[tuple[str, ...]]
    labels: list[list[str]]
    cells: list[list[Words]]


def arrange(
    grid: Grid, rows: Sequence[GridRow], text: Callable[[int, int], Words], as_printed: bool = False
) -> Sheet[Words]:
    """Lay out `rows`; `text(row, column)` gives a cell by its place in the model.

    A repeated first label is left blank, and a column of labels that says nothing is left out.
    as_printed: with the paper's own headings.
    """
    columns = grid.columns
    headings = [column.printed_heading if as_printed else column.heading for column in columns]
    above = [_above(c.group, heading) for c, heading in zip(columns, headings, strict=True)]
    if grid.layout == "transposed":
        labels = [(c.group, heading) for c, heading in zip(columns, headings, strict=True)]
        blocks = ["" for _ in columns]
        headers = [_words(row.method, row.label.strip("-")) for row in rows]
        cells = [[text(r, c) for r in range(len(rows))] for c in range(len(columns))]
    elif grid.layout == "paired":
        sets = _groups(rows)
        labels = [(rows[members[0]].method, "") for members in sets]
        blocks = ["" for _ in sets]
        headers = [_words(*words, rows[r].label) for words in above for r in sets[0]]
        cells = [[text(r, c) for c in range(len(columns)) for r in members] for members in sets]
    else:
        labels = [(row.method, row.label) for row in rows]
        blocks = [row.group for row in rows]
        headers = above
        cells = [[text(r, c) for c in range(len(columns))] for r in range(len(rows))]
    used = [i for i in (0, 1) if any(label[i] for label in labels)] or [0]
    blanked = _without_repeats(labels, blocks)
    return Sheet(
        label_headers=[grid.headers[i] for i in used],
        headers=headers,
        labels=[[label[i] for i in used] for label in blanked],
        cells=cells,
    )


def _groups(rows: Sequence[GridRow]) -> list[list[int]]:
    """Numbers of the rows of each group, which are printed side by side.

    Raises:
        ValueError: the groups do not have the same labels.
    """
    found: dict[str, list[int]] = {}
    for r, row in enumerate(rows):
        found.setdefault(row.group, []).append(r)
    if len({tuple(rows[r].label for r in members) for members in found.values()}) > 1:
        raise ValueError("a paired layout needs the same labels in every group of rows")
    return list(found.values())


def _above(group: str, heading: str) -> tuple[str, ...]:
    """An arrow alone, where the paper names no metric, stands behind the group."""
    return (f"{group} {heading}".strip(),) if heading in ("↑", "↓") else _words(group, heading)


def _words(*parts: str) -> tuple[str, ...]:
    return tuple(part for part in parts if part)


def _without_repeats(labels: list[tuple[str, str]], blocks: list[str]) -> list[tuple[str, str]]:
    """The first label only where it, or its block, is new; needs a second to tell rows apart."""
    shown = []
    for i, (first, second) in enumerate(labels):
        repeated = i > 0 and (first, blocks[i]) == (labels[i - 1][0], blocks[i - 1])
        shown.append(("" if repeated and second else first, second))
    return shown
