"""The terminal shows the same table, in 130 columns and without colour."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from benchmarks.grid.choice import LedgerEntry
from benchmarks.grid.model import Cell
from benchmarks.report.terminal import printed_terminal, terminal


def test_table1_fits_and_has_every_number_with_its_rank(table1: Any) -> None:
    text = printed_terminal(table1.grid)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 130
    for r, row in enumerate(table1.grid.rows):
        line = next(li for li in lines if all(str(cell.paper) in li for cell in row.cells))
        found = re.findall(r"(\d+\.\d+)\((\d+)\)", line)
        assert found == [(cell.paper, str(table1.ranks[r, c])) for c, cell in enumerate(row.cells)]


def test_measured_table_fits_too(table1: Any, build: Any) -> None:
    grid = build.measured(table1.grid, watermark="smoke: not comparable with the paper")
    text = terminal(replace(grid, notes=["word " * 60]))
    assert max(map(len, text.splitlines())) <= 130
    assert "smoke: not comparable with the paper" in text.split("FFDNet")[0]
    assert "\x1b" not in text


def test_what_is_too_wide_is_broken_and_not_cut(table1: Any, table2: Any) -> None:
    columns = [
        replace(c, group=f"sigma{c.group[1:]}", label="MIoU (%)") for c in table1.grid.columns
    ]
    for grid in (table2.grid, replace(table1.grid, columns=columns)):
        text = printed_terminal(grid)
        assert max(map(len, text.splitlines())) <= 130
        words = [word for row in grid.rows for word in f"{row.method} {row.label}".split()]
        assert set(words) <= set(text.split())
    head = text.splitlines()[2:5]
    assert head[0].split()[-1] == "sigma=50"
    assert head[2].split() == ["↑"] * 9
    row = next(row for row in table2.grid.rows if row.method.startswith("PFSR"))
    lines = printed_terminal(table2.grid).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(row.method))
    words, numbers = lines[at].removeprefix(row.method).split("24.43(9)")
    assert len(numbers.split()) == 5  # they stand on the first line of their row
    assert row.label.startswith(" ".join(f"{words} {lines[at + 1]}".split()))


def test_asterisk_stands_behind_the_rank(table2: Any) -> None:
    assert "0.3336(1)*" in printed_terminal(table2.grid)
    assert "0.1292(1) " in printed_terminal(table2.grid)


def test_transposed_table_has_methods_as_columns(table3: Any) -> None:
    lines = printed_terminal(table3.grid).splitlines()
    psnr = next(line for line in lines if line.startswith("O-HAZE"))
    assert re.findall(r"\((\d)\)", psnr) == ["9", "8", "4", "7", "6", "5", "3", "2", "1"]


def test_paired_table_has_three_lines_of_headings(stft_table1a: Any) -> None:
    lines = printed_terminal(stft_table1a.grid).splitlines()
    rule = next(i for i, line in enumerate(lines) if line.startswith("---"))
    assert lines[rule - 3].split()[:3] == ["Network", "Set5", "Set5"]
    assert lines[rule - 1].split()[:4] == ["L_pixel", "+", "L_feat", "L_pixel"]
    numbers = "27.10 27.18 25.31 25.41 25.09 25.16 22.85 22.94"
    assert lines[rule + 1].split() == ["EDSR", *numbers.split()]


def test_printed_table_is_the_papers(table4: Any, build: Any) -> None:
    text = printed_terminal(build.measured(table4.grid, 0.5, watermark="smoke"))
    assert text == printed_terminal(table4.grid)
    assert "36.45  " in text
    assert "(" not in text.split("---")[-1]  # no ranks
    assert printed_terminal(replace(table4.grid, bold_known=False, notes=["a note"])).endswith(
        "a note\nSome of the bold type is lost from the transcription.\n"
    )


def test_printed_ranks_are_not_recomputed(build: Any) -> None:
    text = printed_terminal(build.grid([[Cell("2.00", 2)], [Cell("1.00", 1)], [Cell("3.00")]]))
    assert re.findall(r"m\d +(\S+)", text) == ["2.00(2)", "1.00(1)", "3.00"]


def test_printed_headings_are_the_papers(build: Any) -> None:
    grid = build.grid([[Cell("0.605")]])
    grid = replace(grid, columns=[replace(grid.columns[0], label="MIoU (%)", metric="MIoU")])
    assert "MIoU (%) ↑" in printed_terminal(grid)
    assert "MIoU ↑" in terminal(grid)


def test_numbers_that_look_like_other_types_stay_as_printed(build: Any) -> None:
    grid = build.grid([[Cell("33.180"), Cell("-")]])
    line = printed_terminal(replace(grid, rank_within=None)).splitlines()[-1]
    assert line.split() == ["m0", "33.180", "-"]


def test_marks_and_what_they_mean(build: Any) -> None:
    row = [
        Cell("1", values=(1.0,), status="stale"),
        Cell("1", values=(2.0, 2.2), status="ok"),
        Cell("1", values=(3.0,), status="ok", n_images=12, expected_images=24),
        Cell("1", status="needs", detail="FFDNet_color.mat"),
    ]
    ledger = [LedgerEntry("assumed", "m0", "0.1", "why")]
    reference = replace(build.grid([row]).rows[0], method="noisy input", cells=row[:1] * 4)
    text = terminal(
        build.grid([row], ledger=ledger, references=[reference], facts=[("seeds", "2")])
    )
    line = next(line for line in text.splitlines() if line.startswith("m0"))
    assert line.split() == ["m0", "1.00†", "2.10±0.14", "3.00‡", "needs"]
    assert "‡: measured on a part of the test set (12 of 24 images)" in text
    assert "m0: needs FFDNet_color.mat" in text
    assert "1 assumed, 0 cited, 0 from the paper" in text
    assert "seeds: 2" in text
    line = next(line for line in text.splitlines() if line.startswith("noisy"))
    assert "(" not in line
