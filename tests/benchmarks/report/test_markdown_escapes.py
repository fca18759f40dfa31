"""No label and no note can break the Markdown in which it stands."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_reader import parse_markdown, unescape

from benchmarks.grid.model import Cell
from benchmarks.report.markdown import escape, markdown, printed_markdown

PAPERS = "The paper's numbers"


def test_labels_cannot_break_the_table(build: Any) -> None:
    evil = "a|b <sup>(1)</sup> **c** `d` _e_ [f](g) \\| &lt; $x$ ~~h~~"
    grid = build.grid([[Cell("1")], [Cell("2", paper_mark="*|")]])
    rows = [replace(grid.rows[0], method=evil), grid.rows[1]]
    columns = [replace(grid.columns[0], group=evil)]
    text = printed_markdown(replace(grid, rows=rows, columns=columns, title=evil))
    table = parse_markdown(text)[PAPERS]
    assert table.labels[0] == [evil]
    assert table.header[1] == f"{evil} PSNR ↑"
    assert table.cells[1][0].mark == "*|"
    # An active character is one that no backslash precedes.
    line = next(line for line in text.splitlines() if line.startswith("| a"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
    assert not re.search(r"<(?!/?sup>\()", line.split(" | ")[0])


@given(st.text(alphabet="aL1 _*|<>&;\\`[]()$~+-#.\n", max_size=30))
def test_escaped_text_is_one_line_and_reads_back(text: str) -> None:
    escaped = escape(text)
    assert "\n" not in escaped
    assert unescape(escaped) == " ".join(text.split())


def test_underscores_within_a_name_stay_readable() -> None:
    assert escape("+ L_Contextual") == "+ L_Contextual"
    assert escape("_x_") == "\\_x\\_"


def test_reader_refuses_a_ragged_table() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        parse_markdown("# t\n\n| a | b | c |\n| --- | --: | --: |\n| 1 | 2 |\n")


def test_a_note_never_opens_a_list_of_its_own(build: Any) -> None:
    notes = ["+ L_SSIM", "- none", "# heading", "1. first", "12 images"]
    text = markdown(build.grid([[Cell("1")]], notes=notes))
    listed = text.split("## Notes\n\n")[1].splitlines()[: len(notes)]
    assert listed == ["- \\+ L_SSIM", "- \\- none", "- \\# heading", "- 1\\. first", "- 12 images"]
