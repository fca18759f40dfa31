"""A report as one HTML file: no script, nothing loaded from elsewhere, pictures inside.

Wide tables scroll under their own headings, with the labels staying in sight.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from benchmarks.grid.model import Grid
from benchmarks.report.blocks import (
    Block,
    Callout,
    CellText,
    Heading,
    ListBlock,
    Paragraph,
    Picture,
    Span,
    TableBlock,
)
from benchmarks.report.document import printed, report, title

STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --paper: #fff; --faint: #62676d; --line: #d4d7db;
  --warn-ink: #7a2e00; --warn: #fff1e0; --label: 8.5rem; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e6e9; --paper: #16181b; --faint: #9da3aa; --line: #3b4046;
    --warn-ink: #ffc58a; --warn: #3a2610; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 90rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.2rem; margin-top: 2.2rem; }
h3 { font-size: 1rem; margin-top: 1.6rem; }
p, ul, details.words { max-width: 60rem; }
.callout { border: 2px solid currentColor; border-radius: .3rem; padding: .6rem .9rem;
  background: var(--warn); color: var(--warn-ink); font-weight: 700; }
.table { overflow-x: auto; max-width: 100%; }
table { border-collapse: separate; border-spacing: 0; font-size: .875rem; line-height: 1.35;
  border-top: 2px solid; border-bottom: 2px solid; }
th, td { padding: .22rem .6rem; vertical-align: baseline; text-align: right; }
th { font-weight: 600; }
tbody th { font-weight: 400; }
tbody td { white-space: nowrap; font-variant-numeric: tabular-nums; }
tbody td.gap { white-space: normal; color: var(--faint); }
thead th { vertical-align: bottom; }
thead th.group { text-align: center; border-bottom: 1px solid var(--line); }
thead .low { border-bottom: 1px solid; }
tbody + tbody > tr:first-child > * { border-top: 1px solid var(--line); }
.label { text-align: left; position: sticky; left: 0; background: var(--paper); z-index: 1; }
.pair .first { width: var(--label); min-width: var(--label); max-width: var(--label); }
.pair .second { left: var(--label); min-width: 7rem; }
.words th, .words td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
sup { line-height: 0; font-size: .72em; color: var(--faint); }
.ranked td sup { display: inline-block; min-width: 1.9em; padding-left: .15em; text-align: left; }
.part { color: var(--faint); font-size: .85em; }
figure { margin: 1.2rem 0; }
figure img { max-width: 100%; height: auto; }
figcaption { color: var(--faint); }
summary { cursor: pointer; }
@media (max-width: 40rem) { .pair .second { position: static; } }
@media print {
  :root { --ink: #000; --paper: #fff; --faint: #444; --line: #999; --warn: #fff; --warn-ink: #000; }
  main { max-width: none; padding: 0; }
  .table { overflow: visible; } table { font-size: 6.5pt; } th, td { padding: 1pt 3pt; }
  .label { position: static; } tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; }
}
""".strip()
# No script can run and nothing can be fetched, whatever the text says.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(grid: Grid, folder: Path | None) -> str:
    """The whole report of a table.

    Args:
        folder: where the grid's picture lies; without it, or without the file, the picture is
            left out.
    """
    return _page(title(grid), report(grid), folder)


def printed_page(grid: Grid) -> str:
    """The page of a table that shows only what the paper prints."""
    return _page(f"{title(grid)}, as printed", printed(grid), None)


def _page(name: str, blocks: Iterable[Block], folder: Path | None) -> str:
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
        f"<title>{_plain(name)}</title>",
        f"<style>\n{STYLE}\n</style>",
        "</head>",
        "<body>",
        "<main>",
        *_body(blocks, folder),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _body(blocks: Iterable[Block], folder: Path | None) -> Iterator[str]:
    section = ""
    for block in blocks:
        match block:
            case Heading(level, text):
                section = text
                yield f"<h{level}>{_plain(text)}</h{level}>"
            case Paragraph(text):
                yield f"<p>{_plain(text)}</p>"
            case Callout(text):
                yield f'<p class="callout" role="note">{_plain(text)}</p>'
            case ListBlock(items):
                yield from ("<ul>", *(_item(term, text) for term, text in items), "</ul>")
            case Picture():
                yield from _picture(block, folder)
            case TableBlock():
                yield from _table(block, section)


def _plain(text: str) -> str:
    return escape(" ".join(text.split()))


def _item(term: str, text: str) -> str:
    name = f"<strong>{_plain(term)}</strong>: " if term else ""
    return f"<li>{name}{_plain(text)}</li>"


def _picture(picture: Picture, folder: Path | None) -> Iterator[str]:
    if folder is None or not (folder / picture.file).is_file():
        return
    data = base64.b64encode((folder / picture.file).read_bytes()).decode("ascii")
    caption = _plain(picture.caption)
    yield f'<figure>\n<img src="data:image/png;base64,{data}" alt="{caption}">'
    yield f"<figcaption>{caption}</figcaption>\n</figure>"


def _table(table: TableBlock, section: str) -> Iterator[str]:
    """A table in its own scrolling region; one of words alone can be folded."""
    if not table.headers:
        yield f'<details class="words" open>\n<summary>{len(table.labels)} entries</summary>'
    ranked = any(cell.raised for row in table.cells for cell in row)
    kinds = {"words": not table.headers, "pair": len(table.label_headers) == 2, "ranked": ranked}
    names = " ".join(name for name, is_one in kinds.items() if is_one)
    yield f'<div class="table" role="region" aria-label="{_plain(section)}" tabindex="0">'
    yield f'<table class="{names}">' if names else "<table>"
    yield from _head(table)
    yield "<tbody>"
    for r in range(len(table.labels)):
        if r in table.starts:
            yield "</tbody>\n<tbody>"
        cells = [_cell(cell) for cell in table.cells[r]]
        yield f"<tr>{''.join([*_labels(table, r), *cells])}</tr>"
    yield "</tbody>\n</table>\n</div>"
    if not table.headers:
        yield "</details>"


def _head(table: TableBlock) -> Iterator[str]:
    yield "<thead>"
    levels = table.header_rows()
    for level, spans in enumerate(levels):
        corner = []
        if level == 0:
            corner = [_corner(i, word, len(levels)) for i, word in enumerate(table.label_headers)]
        yield f"<tr>{''.join([*corner, *map(_heading, spans)])}</tr>"
    yield "</thead>"


def _corner(i: int, word: str, rows: int) -> str:
    return _labelled(word, f'scope="col" class="low {_label(i)}"{_over("row", rows)}')


def _heading(span: Span) -> str:
    over = _over("col", span.columns) + _over("row", span.rows)
    kind = "low" if span.lowest else "group"
    return f'<th scope="col" class="{kind}"{over}>{_plain(span.text)}</th>'


def _labels(table: TableBlock, r: int) -> Iterator[str]:
    """The words before the numbers; one left blank belongs to the label above it."""
    for i, word in enumerate(table.labels[r]):
        if not table.headers and i > 0:
            yield f"<td>{_plain(word)}</td>"
        elif i > 0:
            yield _labelled(word, f'scope="row" class="{_label(i)}"')
        elif rows := table.rows_of_label(r):
            yield _labelled(word, f'scope="row" class="{_label(i)}"{_over("row", rows)}')


def _labelled(word: str, attributes: str) -> str:
    """A heading, or an empty cell: an empty heading would name nothing."""
    if word:
        return f"<th {attributes}>{_plain(word)}</th>"
    return f"<td {attributes.partition(' ')[2]}></td>"


def _label(i: int) -> str:
    return "label second" if i == 1 else "label first"


def _over(what: str, count: int) -> str:
    return f' {what}span="{count}"' if count > 1 else ""


def _cell(cell: CellText) -> str:
    words = _plain(cell.value)
    words = f"<i>{words}</i>" if cell.italic else words
    words = f"<b>{words}</b>" if cell.bold else words
    raised = f"<sup>{_plain(cell.raised)}</sup>" if cell.raised else ""
    part = f' <span class="part">{_plain(cell.part)}</span>' if cell.part else ""
    kind = ' class="gap"' if cell.detail else ""
    return f"<td{kind}>{words}{raised}{part}</td>"
