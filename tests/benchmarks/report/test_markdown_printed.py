"""The Markdown of a table as the paper prints it, read back cell by cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from markdown_reader import parse_markdown

from benchmarks.grid.model import Cell, Column, Grid, GridRow
from benchmarks.report.markdown import markdown, printed_markdown

OURS, PAPERS = "Measured", "The paper's numbers"


@pytest.mark.parametrize("name", ["table1", "table2", "table3", "table4", "stft_table1a"])
def test_printed_table_reads_back_as_printed(name: str, request: pytest.FixtureRequest) -> None:
    printed = request.getfixturevalue(name)
    table = parse_markdown(printed_markdown(printed.grid))[PAPERS]
    for r, row in enumerate(printed.grid.rows):
        for c, cell in enumerate(row.cells):
            line, position = printed.at(r, c)
            read = table.cells[line][position]
            assert read.number == cell.printed
            assert read.rank == printed.ranks.get((r, c))
            assert read.mark == cell.paper_mark
            assert read.bold == ((r, c) in printed.bold)
            assert read.text.startswith(str(cell.paper))


def test_transposed_table_is_printed_with_methods_as_columns(table3: Any) -> None:
    table = parse_markdown(printed_markdown(table3.grid))[PAPERS]
    assert table.header[:3] == ["Method", "Metric", "DCP [15]"]
    assert table.labels == [
        ["I-HAZE", "PSNR ↑"],
        ["", "SSIM ↑"],
        ["O-HAZE", "PSNR ↑"],
        ["", "SSIM ↑"],
    ]


def test_paired_table_has_both_rows_under_each_column(stft_table1a: Any, build: Any) -> None:
    table = parse_markdown(printed_markdown(stft_table1a.grid))[PAPERS]
    assert table.header[:3] == ["Network", "Set5 PSNR ↑ L_pixel", "Set5 PSNR ↑ + L_feat"]
    assert table.header[3] == "Set14 PSNR ↑ L_pixel"
    assert table.labels == [["EDSR"], ["RCAN"]]
    grid = build.measured(stft_table1a.grid)
    cells = [Cell(values=(20.0,), status="ok") for _ in grid.columns]
    bicubic = replace(grid.rows[0], group="", method="bicubic", label="", cells=cells)
    nearest = replace(bicubic, method="nearest")
    tables = parse_markdown(markdown(replace(grid, references=[bicubic, nearest])))
    reference = tables["For reference (ours, not ranked)"]
    assert reference.labels == [["bicubic"], ["nearest"]]
    assert reference.header == ["Network", *(f"{c.group} PSNR ↑" for c in grid.columns)]


def test_ranks_and_bold_are_the_papers_even_where_it_errs(build: Any) -> None:
    cells = [Cell("2.00", 2, True), Cell("1.00", 1), Cell("3.00")]
    grid = build.grid([[cell] for cell in cells])
    for text in (printed_markdown(grid), markdown(grid)):
        read = [row[0] for row in parse_markdown(text)[PAPERS].cells]
        assert [(cell.rank, cell.bold) for cell in read] == [(2, True), (1, False), (None, False)]
        assert "recomputed" not in text


def test_printed_headings_are_the_papers_and_measured_ones_ours(build: Any) -> None:
    grid = build.measured(build.grid([[Cell("0.605")]]))
    grid = replace(grid, columns=[replace(grid.columns[0], label="MIoU (%)", metric="MIoU")])
    tables = parse_markdown(markdown(grid))
    assert tables[OURS].header[1] == "set0 MIoU ↑"
    assert tables[PAPERS].header[1] == "set0 MIoU (%) ↑"


def test_legend_only_where_the_paper_prints_ranks(table1: Any, table4: Any) -> None:
    assert "(n): rank among the rows of its group" in printed_markdown(table1.grid)
    text = printed_markdown(table4.grid)
    assert "(n)" not in text
    assert "## Notes" not in text


def test_lost_bold_type_is_told(table4: Any) -> None:
    text = printed_markdown(replace(table4.grid, bold_known=False, notes=["a note"]))
    assert text.endswith(
        "## Notes\n\n- a note\n- Some of the bold type is lost from the transcription.\n"
    )


def test_printed_table_has_nothing_measured(table1: Any, build: Any) -> None:
    grid = build.measured(table1.grid, 0.5, facts=[("steps", "600")], watermark="smoke")
    assert printed_markdown(grid) == printed_markdown(table1.grid)


def test_bold_words_read_back() -> None:
    line = "| a | **n/a** <sup>(2)*</sup> | *> 30M* | **\\*x\\*** |"
    (table,) = parse_markdown(f"| l | c | c | c |\n| --- | --: | --: | --: |\n{line}").values()
    first, second, third = table.cells[0]
    assert (first.bold, first.rank, first.mark, first.number) == (True, 2, "*", None)
    assert (second.bold, second.italic, second.text) == (False, True, "> 30M")
    assert (third.bold, third.text) == (True, "*x*")


def test_layout_is_the_papers(table1: Any) -> None:
    table = parse_markdown(printed_markdown(table1.grid))[PAPERS]
    assert table.header[:4] == ["Method (backbone)", "Objective", "σ=25 PSNR ↑", "σ=25 SSIM ↑"]
    assert table.header[-1] == "σ=50 MIoU ↑"
    assert table.labels[0] == ["FFDNet", "L_1"]
    assert table.labels[1] == ["", "+ L_SSIM"]
    assert table.labels[6] == ["D2SM (Ours)", "w/o. Internal"]
    assert table.labels[8:10] == [["CBDNet", "-"], ["", "w/o. Internal"]]
    assert "36.454** <sup>(1)</sup>" in printed_markdown(table1.grid)


def test_lower_is_better_has_its_arrow(table2: Any) -> None:
    header = parse_markdown(printed_markdown(table2.grid))[PAPERS].header
    assert header[4:6] == ["CelebA NRMSE ↓", "Helen PSNR ↑"]


def test_square_preference_table_keeps_its_diagonal() -> None:
    names = ["L1", "PDL"]
    columns = [Column("", name, "preference", 2, True) for name in names]
    rows = [
        GridRow("", "L1", "", [Cell("-"), Cell("0.26")]),
        GridRow("", "PDL", "", [Cell("0.74"), Cell("-")]),
    ]
    grid = Grid("v1_table2", "PDL v1, Table 2", "preference", columns, rows, None)
    table = parse_markdown(printed_markdown(grid))[PAPERS]
    assert table.header == ["Method (backbone)", "L1 ↑", "PDL ↑"]
    assert [[cell.text for cell in row] for row in table.cells] == [["-", "0.26"], ["0.74", "-"]]


def test_sweep_prints_each_loss_once() -> None:
    columns = [Column("", "PSNR", "PSNR", 2, True)]
    sweep = [("L_1", "0.001"), ("L_1", "0.005"), ("PDL", "0.001")]
    rows = [GridRow(loss, loss, weight, [Cell("27.07")]) for loss, weight in sweep]
    grid = Grid("s", "PDL v1, Table 1", "", columns, rows, None, headers=("Loss", "λ"))
    table = parse_markdown(printed_markdown(grid))[PAPERS]
    assert table.header == ["Loss", "λ", "PSNR ↑"]
    assert table.labels == [["L_1", "0.001"], ["", "0.005"], ["PDL", "0.001"]]


def test_a_repeated_method_without_a_label_keeps_its_name(build: Any) -> None:
    grid = build.grid([[Cell("1")], [Cell("2")]])
    rows = [replace(row, method="SRCNN") for row in grid.rows]
    table = parse_markdown(printed_markdown(replace(grid, rows=rows)))[PAPERS]
    assert table.labels == [["SRCNN"], ["SRCNN"]]
