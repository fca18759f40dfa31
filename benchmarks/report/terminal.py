"""A table for a terminal: the paper's layout in plain characters, without colour.

D2SM Table 1, the widest, fits 130 columns. A status is one word here; what it needs stands below.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.report import ledger
from benchmarks.report.grid import Grid, GridRow
from benchmarks.report.layout import arrange
from benchmarks.report.notes import STALE, notes
from benchmarks.report.precision import plain, rounded
from benchmarks.report.ranks import Ranks, our_ranks, paper_ranks

WIDTH = 130
PARTIAL = "‡"


def terminal(grid: Grid) -> str:
    """Our numbers, then what was run, how much of it is assumed, and the notes."""
    parts = [_title(grid)]
    if grid.watermark:
        parts.append(f"*** {grid.watermark} ***")
    parts.append(_table(grid, grid.rows, _measured(grid, grid.rows, our_ranks(grid))))
    if grid.references:
        unranked = replace(grid, rows=grid.references, references=[], rank_within=None)
        table = _table(unranked, unranked.rows, _measured(unranked, unranked.rows, {}))
        parts.append("For reference (ours, not ranked)\n\n" + table)
    facts = [f"{name}: {value}" for name, value in grid.facts]
    facts.append(f"choices: {ledger.summary(grid.ledger)}")
    parts.append("\n".join(_wrapped(facts)))
    if said := notes(grid, PARTIAL):
        parts.append("\n".join(_wrapped(said)))
    return "\n\n".join(parts) + "\n"


def printed_terminal(grid: Grid) -> str:
    """Only what the paper prints."""
    ranks = paper_ranks(grid)

    def text(r: int, c: int) -> str:
        cell = grid.rows[r].cells[c]
        words = (cell.paper or "-") if cell.printed is None else plain(cell.printed)
        return words + _rank(grid, ranks.get((r, c))) + cell.paper_mark

    return f"{_title(grid)}, as printed\n\n{_table(grid, grid.rows, text)}\n"


def _title(grid: Grid) -> str:
    return f"{grid.source}: {grid.title}"


def _rank(grid: Grid, rank: int | None) -> str:
    return f"({rank})" if rank and grid.ranks_shown else ""


def _measured(grid: Grid, rows: Sequence[GridRow], ranks: Ranks) -> Callable[[int, int], str]:
    def text(r: int, c: int) -> str:
        cell, digits = rows[r].cells[c], grid.columns[c].digits
        number = cell.shown(digits)
        if number is None:
            return cell.status
        spread = f"±{plain(rounded(cell.deviation, digits))}" if cell.deviation is not None else ""
        marks = (STALE if cell.status == "stale" else "") + (PARTIAL if cell.partial else "")
        return plain(number) + spread + marks + _rank(grid, ranks.get((r, c)))

    return text


def _table(grid: Grid, rows: Sequence[GridRow], text: Callable[[int, int], str]) -> str:
    from tabulate import tabulate

    sheet = arrange(grid, rows, text)
    labels = len(sheet.label_headers)
    return tabulate(
        [[*words, *cells] for words, cells in zip(sheet.labels, sheet.cells, strict=True)],
        headers=[*sheet.label_headers, *("\n".join(header) for header in sheet.headers)],
        tablefmt="simple",
        disable_numparse=True,
        colalign=["left"] * labels + ["right"] * len(sheet.headers),
    )


def _wrapped(lines: Sequence[str]) -> list[str]:
    return [textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in lines]
