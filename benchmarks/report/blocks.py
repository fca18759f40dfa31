"""The parts of which a report is made: plain text without escapes, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import NamedTuple

from benchmarks.report.notes import STALE


@dataclass(frozen=True)
class CellText:
    """One cell of a table, in parts.

    text: a number at printed precision, or the words in its place; detail: what follows such
        words, as the missing file follows "needs".
    spread: standard deviation over seeds, "" for none; stale: whether other code measured it.
    rank, mark: raised behind the number.
    images: measured and expected number of test images, where they differ.
    """

    text: str
    detail: str = ""
    spread: str = ""
    stale: bool = False
    bold: bool = False
    italic: bool = False
    rank: int | None = None
    mark: str = ""
    images: tuple[int, int] | None = None

    @property
    def value(self) -> str:
        """What is bold or italic if the cell is: the number with its spread, or the words."""
        spread = f" ± {self.spread}" if self.spread else ""
        detail = f" {self.detail}" if self.detail else ""
        return self.text + detail + spread + (STALE if self.stale else "")

    @property
    def raised(self) -> str:
        """The rank in parentheses and the mark behind it."""
        return (f"({self.rank})" if self.rank else "") + self.mark

    @property
    def part(self) -> str:
        """How much of the test set the number is of, where that is not all of it."""
        return f"({self.images[0]} of {self.images[1]})" if self.images else ""


class Span(NamedTuple):
    """A heading over `columns` columns from number `first` on, `rows` header rows high.

    lowest: whether the numbers stand right below it.
    """

    text: str
    first: int
    columns: int
    rows: int
    lowest: bool


@dataclass(frozen=True)
class Heading:
    """A heading of a report; level 1 is the title of the whole."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of running text."""

    text: str


@dataclass(frozen=True)
class Callout:
    """A paragraph that must not be overlooked."""

    text: str


@dataclass(frozen=True)
class TableBlock:
    """Rows of labels (words, to the left) and of cells (numbers, to the right).

    headers: above each column of cells, one or more words, top first.
    starts: numbers of the rows with which a new group of rows begins, the first row excepted.
    """

    label_headers: list[str]
    headers: list[tuple[str, ...]]
    labels: list[list[str]]
    cells: list[list[CellText]]
    starts: frozenset[int] = frozenset()

    def header_rows(self) -> list[list[Span]]:
        """The headings row by row, top first: neighbours under one word share it."""
        depth = max(map(len, self.headers), default=1)
        return [list(self._level(level, depth)) for level in range(depth)]

    def rows_of_label(self, r: int) -> int:
        """How many rows the first label of row `r` stands for; 0 if it is that of the row above."""
        if self._continues(r):
            return 0
        return 1 + len(list(takewhile(self._continues, range(r + 1, len(self.labels)))))

    def _continues(self, r: int) -> bool:
        blank = len(self.label_headers) > 1 and not self.labels[r][0]
        return blank and r > 0 and r not in self.starts

    def _level(self, level: int, depth: int) -> Iterator[Span]:
        def above(c: int) -> tuple[tuple[str, ...], int | None]:
            lowest = len(self.headers[c]) == level + 1
            return self.headers[c][: level + 1], c if lowest else None

        there = [c for c, words in enumerate(self.headers) if len(words) > level]
        for (words, column), members in groupby(there, above):
            columns, lowest = list(members), column is not None
            rows = depth - level if lowest else 1
            yield Span(words[level], columns[0], len(columns), rows, lowest)


@dataclass(frozen=True)
class ListBlock:
    """Items of (term, text); an item without a term has an empty one."""

    items: list[tuple[str, str]]


@dataclass(frozen=True)
class Picture:
    """An image file beside the table, and what it shows."""

    file: str
    caption: str


Block = Heading | Paragraph | Callout | TableBlock | ListBlock | Picture
