"""What README and docs/evidence.md show of our numbers is what the committed tables have."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from benchmarks.papers.registry import TABLES

ROOT = Path(__file__).parents[3]
PAGES = ("README.md", "docs/evidence.md")
NUMBER = re.compile(r"(?:∞|-?\d+\.\d+)(?: ± (\d+\.\d+))?")


def shown(page: str) -> list[tuple[str, list[list[str]]]]:
    """Tables of a page that say in a comment before them which table they are of."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = re.findall(r"<!-- (\w+) -->\n\n((?:\|.*\n)+)", text)
    split = [
        (name, [[c.strip() for c in line.strip("|").split("|")] for line in lines.splitlines()])
        for name, lines in found
    ]
    return [(name, [lines[0], *lines[2:]]) for name, lines in split]


def committed(name: str) -> dict[tuple[str, str], dict[str, str]]:
    """The cells of a committed lite table by row and column."""
    with (ROOT / "results" / "tables" / "lite" / f"{name}.csv").open(encoding="utf-8") as file:
        return {(line["row"], line["column"]): line for line in csv.DictReader(file)}


def test_both_pages_show_tables() -> None:
    assert {name for page in PAGES for name, _ in shown(page)} == {
        "d2sm_table1",
        "pdl_table2",
        "stft_table1c",
    }
    assert all(shown(page) for page in PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_numbers_of_ours_and_of_the_papers_are_those_of_the_tables(page: str) -> None:
    """A heading is `COLUMN: paper` or `here`; a row is named as in the table."""
    for name, (head, *lines) in shown(page):
        cells = committed(name)
        digits = {c.name: c.digits for c in TABLES[name].printed().columns}
        column = ""
        for heading, place in zip(head[1:], range(1, len(head)), strict=True):
            column = heading.split(" ↑")[0].split(" ↓")[0] if ":" in heading else column
            for line in lines:
                cell = cells[line[0], column]
                if heading.endswith("paper"):
                    assert line[place] == cell["paper"], (name, line[0], column)
                    continue
                value = NUMBER.fullmatch(line[place])
                assert value, line
                ours = f"{float(cell['ours']):.{digits[column]}f}"
                assert line[place].split(" ")[0] == ours, (name, line[0], column)
