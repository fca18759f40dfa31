"""A table as Markdown, in the paper's layout, with everything that a reviewer asks next.

Our numbers with ranks come first, then the paper's in the same shape, then the difference. They
are three tables and not one: nine columns of "ours (paper)" can be neither read nor compared.
`benchmarks.report.markdown_reader` reads the tables back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from benchmarks.report import ledger
from benchmarks.report.comparison import compared, verdicts
from benchmarks.report.grid import Cell, Column, Grid, GridRow
from benchmarks.report.layout import arrange
from benchmarks.report.notes import STALE, notes
from benchmarks.report.precision import plain, rounded, signed
from benchmarks.report.ranks import our_ranks, paper_ranks

MEASURED = "Measured"
REFERENCES = "For reference (ours, not ranked)"
PRINTED = "The paper's numbers"
DIFFERENCE = "Difference, ours − paper"
AGREEMENT = "Agreement"


def markdown(grid: Grid) -> str:
    """The whole report of a table."""
    parts = [_title(grid)]
    if grid.watermark:
        parts.append(f"> **{escape(grid.watermark)}**")
    parts += [f"## {MEASURED}", _measured(grid, grid.rows), _legend(grid)]
    if grid.references:
        unranked = replace(grid, rows=grid.references, references=[], rank_within=None)
        parts += [f"### {REFERENCES}", _measured(unranked, unranked.rows)]
    if grid.picture:
        what = f"The first test image, {escape(grid.columns[-1].group)}, as every row restores it"
        parts += [what + ":", f"![{what}]({grid.picture})"]
    if grid.prints_numbers:
        parts += [f"## {PRINTED}", _printed(grid)]
        if grid.comparable:
            parts += [f"## {DIFFERENCE}", _difference(grid)]
        if verdicts(grid):
            parts += [f"## {AGREEMENT}", _agreement(grid)]
    if grid.facts:
        parts += ["## What was run", _list(f"**{escape(k)}**: {escape(v)}" for k, v in grid.facts)]
    parts += ["## Ledger", _ledger(grid)]
    if said := notes(grid):
        parts += ["## Notes", _list(escape(note) for note in said)]
    return "\n\n".join(parts) + "\n"


def printed_markdown(grid: Grid) -> str:
    """Only what the paper prints."""
    return "\n\n".join([_title(grid), f"## {PRINTED}", _printed(grid), _legend(grid)]) + "\n"


def escape(text: str) -> str:
    """Text that stands in a table cell or a list item as it is: no markup, one line."""
    text = " ".join(text.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"[\\`*|~$\[\]]", r"\\\g<0>", text)
    # Within a word an underscore is no markup; `L_1` stays readable in the file.
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)


def _title(grid: Grid) -> str:
    return f"# {escape(grid.source)}: {escape(grid.title)}"


def _legend(grid: Grid) -> str:
    if grid.rank_within is None:
        return "↑ higher is better, ↓ lower is better."
    within = {
        "group": "among the rows of its group",
        "column": "in its row" if grid.transposed else "in its column",
        "row": "in its row, per group of columns",
    }[grid.rank_within]
    shown = f"(n): rank {within}, ties share the better rank. " if grid.ranks_shown else ""
    return f"{shown}Bold: the best {within}. ↑ higher is better, ↓ lower is better."


def _measured(grid: Grid, rows: Sequence[GridRow]) -> str:
    ranks = our_ranks(grid)

    def text(r: int, c: int) -> str:
        cell, column = rows[r].cells[c], grid.columns[c]
        number = cell.shown(column.digits)
        if number is None:
            return escape(_gap(cell))
        words = plain(number) + _spread(cell, column) + (STALE if cell.status == "stale" else "")
        if grid.prints_numbers and cell.printed is None:
            words = f"*{words}*"
        words = _ranked(grid, words, ranks.get((r, c)), "")
        return f"{words} ({cell.n_images} of {cell.expected_images})" if cell.partial else words

    return _table(grid, rows, text)


def _gap(cell: Cell) -> str:
    """What stands in place of a number."""
    return f"needs {cell.detail}".strip() if cell.status == "needs" else cell.status


def _spread(cell: Cell, column: Column) -> str:
    if cell.deviation is None:
        return ""
    return f" ± {plain(rounded(cell.deviation, column.digits))}"


def _ranked(grid: Grid, words: str, rank: int | None, mark: str) -> str:
    """The number with its rank as a superscript, in bold if it is the best."""
    raised = (f"({rank})" if rank and grid.ranks_shown else "") + escape(mark)
    words = f"**{words}**" if rank == 1 else words
    return words + (f" <sup>{raised}</sup>" if raised else "")


def _printed(grid: Grid) -> str:
    ranks = paper_ranks(grid)

    def text(r: int, c: int) -> str:
        cell = grid.rows[r].cells[c]
        words = escape(cell.paper or "-") if cell.printed is None else plain(cell.printed)
        return _ranked(grid, words, ranks.get((r, c)), cell.paper_mark)

    return _table(grid, grid.rows, text)


def _difference(grid: Grid) -> str:
    pairs = compared(grid)

    def text(r: int, c: int) -> str:
        return signed(pairs[r, c].difference) if (r, c) in pairs else "-"

    return _table(grid, grid.rows, text)


def _agreement(grid: Grid) -> str:
    rows = [
        [
            escape(verdict.name),
            signed(verdict.mean),
            signed(verdict.largest),
            f"{verdict.equal} of {verdict.cells}",
            f"{verdict.ordered} of {verdict.pairs}" if verdict.pairs else "-",
        ]
        for verdict in verdicts(grid)
    ]
    headers = ["", "mean difference", "largest", "same number", "pairs in the paper's order"]
    return _lines(headers, rows, labels=1)


def _ledger(grid: Grid) -> str:
    count = " ".join([ledger.summary(grid.ledger) + ".", escape(grid.ledger_note)]).rstrip()
    if not grid.ledger:
        return count
    rows = [
        [escape(word) for word in (entry.kind, entry.where, entry.value, entry.reason)]
        for entry in ledger.merged(grid.ledger)
    ]
    return count + "\n\n" + _lines(["Source", "Where", "Value", "Reason or place"], rows, labels=4)


def _table(grid: Grid, rows: Sequence[GridRow], text: Callable[[int, int], str]) -> str:
    sheet = arrange(grid, rows, text)
    headers = [*sheet.label_headers, *(" ".join(header) for header in sheet.headers)]
    lines = [
        [*map(escape, labels), *cells]
        for labels, cells in zip(sheet.labels, sheet.cells, strict=True)
    ]
    return _lines([escape(header) for header in headers], lines, labels=len(sheet.label_headers))


def _lines(headers: list[str], rows: list[list[str]], labels: int) -> str:
    rule = ["---"] * labels + ["--:"] * (len(headers) - labels)
    return "\n".join(f"| {' | '.join(words)} |" for words in [headers, rule, *rows])


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {_no_list_sign(item)}" for item in items)


def _no_list_sign(text: str) -> str:
    """`+ L_SSIM` or `1. seed` at the start of an item would open another list."""
    return re.sub(r"^(\d*)([-+#]|(?<=\d)[.)])", r"\1\\\2", text)
