"""The terminal shows the same table, in 130 columns and without colour."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from benchmarks.report.grid import Cell, LedgerEntry
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


def test_asterisk_stands_behind_the_rank(table2: Any) -> None:
    assert "0.3336(1)*" in printed_terminal(table2.grid)
    assert "0.1292(1) " in printed_terminal(table2.grid)


def test_transposed_table_has_methods_as_columns(table3: Any) -> None:
    lines = printed_terminal(table3.grid).splitlines()
    psnr = next(line for line in lines if line.startswith("O-HAZE"))
    assert re.findall(r"\((\d)\)", psnr) == ["9", "8", "4", "7", "6", "5", "3", "2", "1"]


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
    assert line.split() == ["m0", "1.00†(1)", "2.10±0.14(1)", "3.00‡(1)", "needs"]
    assert "‡: measured on a part of the test set (12 of 24 images)" in text
    assert "m0: needs FFDNet_color.mat" in text
    assert "1 assumed, 0 cited, 0 from the paper" in text
    assert "seeds: 2" in text
    line = next(line for line in text.splitlines() if line.startswith("noisy"))
    assert "(" not in line
