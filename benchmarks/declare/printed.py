"""Numbers as a paper prints them: with rank, bold type and marks.

A row's numbers stand in one string, in column order: `**36.454**(1) .936(2) -  .3366(2)*`. Double
asterisks are bold type, the superscript rank stands in parentheses, an asterisk behind it is the
paper's own. `-` is a cell that the paper leaves out, `|` is for the eye.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from benchmarks.declare.errors import DeclarationError

_NUMBER = re.compile(
    r"(?P<bold>\*\*)?(?P<text>[^\s()*]+)(?(bold)\*\*)(?:\((?P<rank>\d+)\))?(?P<mark>\*)?"
)


@dataclass(frozen=True)
class PrintedNumber:
    """A number as it is printed; text: its digits with a leading zero, or what replaces them."""

    text: str
    rank: int | None = None
    bold: bool = False
    mark: str = ""


def read_numbers(line: str) -> list[PrintedNumber]:
    """The numbers of a row, in order.

    Raises:
        ValueError: a word is no number with its marks; the message shows it.
    """
    return [_number(word) for word in line.replace("|", " ").split()]


def check_line(line: str, count: int, unit: str, place: str) -> None:
    """Check that a row has as many numbers as there are columns, or whatever `unit` names.

    Raises:
        DeclarationError: it has not, or a word is no number; the message begins with `place`.
    """
    try:
        found = len(read_numbers(line))
    except ValueError as error:
        raise DeclarationError(f"{place}: {error}") from error
    if found != count:
        raise DeclarationError(f"{place}: {found} printed numbers for {count} {unit}")


def _number(word: str) -> PrintedNumber:
    match = _NUMBER.fullmatch(word)
    if match is None:
        raise ValueError(f"{word!r} is not a printed number such as .925, **.925**(1) or .3366(2)*")
    text = match["text"]
    return PrintedNumber(
        text="0" + text if text.startswith(".") else text,
        rank=int(match["rank"]) if match["rank"] else None,
        bold=bool(match["bold"]),
        mark=match["mark"] or "",
    )
