"""Reads the tables of a Markdown report back: numbers, ranks and marks.

What was printed can so be checked against the store, and against the file of an earlier run.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from decimal import Decimal

_CELL = re.compile(
    r"""
    (?P<bold>\*\*)? (?P<italic>\*)?
    (?P<words>(?:\\.|[^\\*<])+?)
    \*{0,3}
    (?:\ <sup>(?:\((?P<rank>\d+)\))?(?P<mark>[^<]*)</sup>)?
    (?:\ \((?P<n>\d+)\ of\ (?P<m>\d+)\))?
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(
    r"(?P<number>[+-]?(?:\d+(?:\.\d+)?|∞))(?: ± (?P<spread>\d+(?:\.\d+)?))?(?P<stale>†)?"
)


@dataclass(frozen=True)
class ReadCell:
    """A table cell: its text without markup, its type, and its parts where it is a number.

    images: measured and expected number of test images, where the cell says that they differ.
    """

    text: str
    number: Decimal | None = None
    spread: Decimal | None = None
    rank: int | None = None
    mark: str = ""
    bold: bool = False
    italic: bool = False
    stale: bool = False
    images: tuple[int, int] | None = None


@dataclass(frozen=True)
class ReadTable:
    """A table under its heading; `labels` are the leading words of each row."""

    heading: str
    header: list[str]
    labels: list[list[str]]
    cells: list[list[ReadCell]]


def parse_markdown(text: str) -> dict[str, ReadTable]:
    """The tables of a report by the heading above each.

    Left-aligned columns are labels, right-aligned ones are cells.

    Raises:
        ValueError: a row has another number of cells than its header.
    """
    tables: dict[str, ReadTable] = {}
    heading, lines = "", []
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            heading = unescape(line.lstrip("#").strip())
        if line.startswith("|"):
            lines.append(_split(line))
        elif lines:
            tables[heading] = _table(heading, lines)
            lines = []
    return tables


def unescape(text: str) -> str:
    """The text that `benchmarks.report.markdown.escape` was given."""
    return html.unescape(re.sub(r"\\([\W_])", r"\1", text))


def _split(line: str) -> list[str]:
    """The cells of a row; an escaped pipe is part of a cell."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]


def _table(heading: str, lines: list[list[str]]) -> ReadTable:
    header, rule, *rows = lines
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"{heading}: a row has {len(row)} cells, its header {len(header)}")
    labels = sum(not mark.endswith(":") for mark in rule)
    return ReadTable(
        heading=heading,
        header=[unescape(word) for word in header],
        labels=[[unescape(word) for word in row[:labels]] for row in rows],
        cells=[[_cell(word) for word in row[labels:]] for row in rows],
    )


def _cell(text: str) -> ReadCell:
    match = _CELL.fullmatch(text)
    if match is None:
        return ReadCell(unescape(text))
    part = match.groupdict()
    cell = ReadCell(
        text=unescape(re.sub(r"</?sup>|(?<!\\)\*", "", text)),
        rank=int(part["rank"]) if part["rank"] else None,
        mark=unescape(part["mark"] or ""),
        bold=bool(part["bold"]),
        italic=bool(part["italic"]),
    )
    number = _NUMBER.fullmatch(part["words"])
    if number is None:
        return cell
    return replace(
        cell,
        number=Decimal(number["number"].replace("∞", "Infinity")),
        spread=Decimal(number["spread"]) if number["spread"] else None,
        stale=bool(number["stale"]),
        images=(int(part["n"]), int(part["m"])) if part["n"] else None,
    )
