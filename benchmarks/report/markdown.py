"""A report as Markdown; `tests.benchmarks.report.markdown_reader` reads its tables back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from benchmarks.grid.drawing import Drawing
from benchmarks.grid.model import Grid
from benchmarks.report.blocks import (
    Block,
    Callout,
    CellText,
    Heading,
    ListBlock,
    Paragraph,
    Picture,
    TableBlock,
)
from benchmarks.report.document import drawn, printed, report


def markdown(grid: Grid) -> str:
    """The whole report of a table."""
    return _text(report(grid))


def printed_markdown(grid: Grid) -> str:
    """The Markdown of only what the paper prints."""
    return _text(printed(grid))


def drawing_markdown(grid: Grid, drawing: Drawing, file: str) -> str:
    """The whole report of a figure, whose picture is the file beside it."""
    return _text(drawn(grid, drawing, file))


def escape(text: str) -> str:
    """Text that stands in a table cell or a list item as it is: no markup, one line."""
    text = " ".join(text.split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"[\\`*|~$\[\]]", r"\\\g<0>", text)
    # Within a word an underscore is no markup; `L_1` stays readable in the file.
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", r"\\_", text)


def _text(blocks: Iterable[Block]) -> str:
    return "\n\n".join(map(_block, blocks)) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {escape(text)}"
        case Paragraph(text):
            return _no_list_sign(escape(text))
        case Callout(text):
            return f"> **{escape(text)}**"
        case Picture(file, caption):
            return f"{escape(caption)}:\n\n![{escape(caption)}]({file})"
        case ListBlock(items):
            return "\n".join(f"- {_item(term, text)}" for term, text in items)
        case TableBlock():
            return _table(block)


def _item(term: str, text: str) -> str:
    return f"**{escape(term)}**: {escape(text)}" if term else _no_list_sign(escape(text))


def _no_list_sign(text: str) -> str:
    """`+ L_SSIM` or `1. seed` at the start of a line would open a list."""
    return re.sub(r"^(\d*)([-+#]|(?<=\d)[.)])", r"\1\\\2", text)


def _table(table: TableBlock) -> str:
    headers = [*table.label_headers, *(" ".join(words) for words in table.headers)]
    rule = ["---"] * len(table.label_headers) + ["--:"] * len(table.headers)
    rows = [
        [*map(escape, labels), *map(_cell, cells)]
        for labels, cells in zip(table.labels, table.cells, strict=True)
    ]
    return "\n".join(_line(words) for words in [list(map(escape, headers)), rule, *rows])


def _line(words: Sequence[str]) -> str:
    return f"| {' | '.join(words)} |"


def _cell(cell: CellText) -> str:
    words = escape(cell.value)
    words = f"*{words}*" if cell.italic else words
    words = f"**{words}**" if cell.bold else words
    raised = f"<sup>{escape(cell.raised)}</sup>" if cell.raised else ""
    return " ".join(part for part in (words, raised, cell.part) if part)
