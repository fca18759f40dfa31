"""The Markdown report says what the grid holds: read back, cell by cell."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_reader import parse_markdown, unescape

from benchmarks.grid.model import Cell, Grid, LedgerEntry
from benchmarks.grid.ranks import our_ranks
from benchmarks.report.markdown import escape, markdown, printed_markdown

OURS, PAPERS, DIFFERENCE = "Measured", "The paper's numbers", "Difference, ours − paper"


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


def test_measured_table_reads_back(table1: Any, build: Any) -> None:
    grid = build.measured(table1.grid, offset=0.0234)
    tables = parse_markdown(markdown(grid))
    ranks = our_ranks(grid)
    for r, row in enumerate(grid.rows):
        for c, cell in enumerate(row.cells):
            read = tables[OURS].cells[r][c]
            assert (read.number, read.rank) == (cell.shown(3), ranks[r, c])
            assert tables[PAPERS].cells[r][c].number == cell.printed
            difference = tables[DIFFERENCE].cells[r][c].number
            assert difference == read.number - cell.printed  # as the reader subtracts


def test_ranks_are_recomputed_where_the_paper_prints_none(table4: Any, build: Any) -> None:
    assert "<sup>" not in printed_markdown(table4.grid)
    text = markdown(build.measured(table4.grid))
    assert "The paper prints no ranks in this table: those shown are recomputed" in text
    tables = parse_markdown(text)
    for heading in (OURS, PAPERS):
        # PSNR 35.03, 35.97, 36.31, 35.55, 36.45; two SSIM of 0.931 share the third place.
        assert [row[0].rank for row in tables[heading].cells] == [5, 3, 2, 4, 1]
        assert [row[1].rank for row in tables[heading].cells] == [5, 3, 2, 3, 1]
        assert [[c.bold for c in row] for row in tables[heading].cells] == [[False] * 3] * 4 + [
            [True] * 3
        ]


def test_bold_type_stays_where_nothing_is_ranked(build: Any) -> None:
    grid = build.grid([[Cell("2.00", paper_bold=True)], [Cell("3.00")]], rank_within=None)
    text = markdown(grid)
    read = [row[0] for row in parse_markdown(text)[PAPERS].cells]
    assert [(cell.rank, cell.bold) for cell in read] == [(None, True), (None, False)]
    assert "recomputed" not in text


def test_smoke_table_is_watermarked_and_judges_nothing(table1: Any, build: Any) -> None:
    watermark = "smoke: not comparable with the paper"
    grid = build.measured(table1.grid, 0.5, comparable=False, watermark=watermark)
    text = markdown(grid)
    assert text.index(f"> **{watermark}**") < text.index("|")
    tables = parse_markdown(text)
    assert set(tables) == {OURS, PAPERS}
    assert "+0.5" not in text


def test_agreement_counts_values_and_order(build: Any) -> None:
    cells = [
        Cell(paper, values=(ours,), status="ok")
        for paper, ours in (("30.00", 30.001), ("31.00", 31.5), ("32.00", 31.2), ("32.00", 33.0))
    ]
    table = parse_markdown(markdown(build.grid([[cell] for cell in cells])))["Agreement"]
    # Differences 0, 0.5, -0.8, 1. Of the five pairs that the paper orders one is reversed, and it
    # ties the sixth: (4 - 1) / sqrt(5 * 6).
    words = ["+0.18", "+1.00", "1 of 4", "4 of 5", "+0.55"]
    assert [cell.text for cell in table.cells[0]] == words


def test_reversed_pairs_are_named_and_whether_other_images_might_turn_them(build: Any) -> None:
    def cell(paper: str, ours: float, spread: float) -> Cell:
        replicates = tuple(ours + spread * (i % 7 - 3) * (-1) ** i for i in range(200))
        return Cell(paper, values=(ours,), status="ok", replicates=replicates)

    clear = build.grid([[cell("30.00", 33.0, 0.01)], [cell("31.00", 31.0, -0.01)]])
    rows = [replace(row, label=f"+ L_{r}") for r, row in enumerate(clear.rows)]
    text = markdown(replace(clear, rows=rows))
    assert "- **set0 PSNR**: g / + L_1 before g / + L_0\n" in text
    close = build.grid([[cell("30.00", 31.01, 0.5)], [cell("31.00", 31.0, -0.5)]])
    assert "(undecided)" not in text
    assert "(undecided)\n" in markdown(close)
    ordered = build.grid([[cell("30.00", 31.0, 0.5)], [cell("31.00", 31.5, -0.5)]])
    assert "come out the other way round" not in markdown(ordered)


def test_differences_within_the_tolerance_are_in_italics(build: Any) -> None:
    cells = [Cell("30.00", values=(ours,), status="ok") for ours in (30.004, 30.006)]
    table = parse_markdown(markdown(build.grid([[cell] for cell in cells])))[DIFFERENCE]
    assert [(row[0].number, row[0].italic) for row in table.cells] == [
        (Decimal("0.00"), True),
        (Decimal("0.01"), False),
    ]


def test_a_part_of_the_test_set_is_marked_and_not_compared(build: Any) -> None:
    part = Cell("30.00", values=(31.0,), status="ok", n_images=12, expected_images=24)
    whole = replace(part, n_images=24)
    text = markdown(build.grid([[part], [whole]]))
    tables = parse_markdown(text)
    assert tables[OURS].cells[0][0].images == (12, 24)
    assert tables[OURS].cells[1][0].images is None
    assert [row[0].number for row in tables[DIFFERENCE].cells] == [None, Decimal("1.00")]
    assert tables["Agreement"].cells[0][2].text == "0 of 1"
    assert "12 of 24 images" in text


def test_gaps_say_why(build: Any) -> None:
    row = [
        Cell("1", status="failed", detail="RuntimeError: out\nof memory"),
        Cell("1", status="needs", detail="FFDNet_color.mat"),
        Cell("1"),
        Cell("1", status="not implemented"),
        Cell("-", values=(3.14159,), status="ok"),
        Cell("1", values=(2.0,), status="stale"),
    ]
    text = markdown(build.grid([row]))
    cells = parse_markdown(text)[OURS].cells[0]
    assert [cell.text for cell in cells[:4]] == [
        "failed",
        "needs FFDNet_color.mat",
        "pending",
        "not implemented",
    ]
    assert (cells[4].italic, cells[4].rank, cells[4].number) == (True, None, Decimal("3.14"))
    assert (cells[5].stale, cells[5].rank) == (True, 1)
    notes = text.split("## Notes")[1]
    assert "- m0: failed: RuntimeError: out of memory\n" in notes
    assert "† Stale" in notes
    assert "prints no number" in notes
    assert "1 of the 5 cells with a rank recomputed from the paper are ranked here" in notes


def test_spread_needs_two_seeds(build: Any) -> None:
    one = Cell("1", values=(1.0,), status="ok")
    text = markdown(build.grid([[one, replace(one, values=(1.0, 1.2))]]))
    cells = parse_markdown(text)[OURS].cells[0]
    assert (cells[0].number, cells[0].spread) == (Decimal("1.00"), None)
    assert (cells[1].number, cells[1].spread) == (Decimal("1.10"), Decimal("0.14"))
    assert "±" not in markdown(build.grid([[one]]))


def test_references_are_a_block_of_their_own(table1: Any, build: Any) -> None:
    grid = build.measured(table1.grid)
    cells = [Cell(values=(50.0,), status="ok") for _ in grid.columns]
    noisy = replace(grid.rows[0], method="noisy input", label="", cells=cells)
    tables = parse_markdown(markdown(replace(grid, references=[noisy])))
    reference = tables["For reference (ours, not ranked)"]
    assert reference.labels == [["noisy input"]]
    assert {(cell.number, cell.rank, cell.italic, cell.bold) for cell in reference.cells[0]} == {
        (Decimal("50.000"), None, False, False)
    }
    assert {p: c.rank for p, c in places(tables[OURS].cells)} == table1.ranks


def places(cells: list[list[Any]]) -> list[tuple[tuple[int, int], Any]]:
    return [((r, c), cell) for r, row in enumerate(cells) for c, cell in enumerate(row)]


def test_ledger_merges_and_puts_assumptions_first(build: Any) -> None:
    why = "weight of every + L_x term"
    entries = [LedgerEntry("paper", "Noisy.sigma", "(0, 75)", "4.1")]
    entries += [LedgerEntry("assumed", f"row {i}", "0.1", why) for i in range(5)]
    entries += [LedgerEntry("cited", "row 9", "0.05", "CBDNet"), entries[1]]
    text = markdown(build.grid([[Cell("1")]], ledger=entries))
    assert "1 assumed, 1 cited, 1 from the paper." in text
    rows = parse_markdown(text)["Ledger"].labels
    assert [row[0] for row in rows] == ["assumed", "cited", "paper"]
    assert rows[0] == ["assumed", "row 0; row 1; row 2; and 2 more", "0.1", why]


def test_infinite_psnr_is_printed_and_not_compared(build: Any) -> None:
    text = markdown(build.grid([[Cell("40.00", values=(float("inf"),), status="ok")]]))
    tables = parse_markdown(text)
    assert tables[OURS].cells[0][0].number == Decimal("Infinity")
    assert tables[DIFFERENCE].cells[0][0].text == "-"


def test_facts_and_notes_stand_below(build: Any) -> None:
    grid = build.grid([[Cell("1")]], facts=[("steps", "600")], notes=["+ L_x is | not <b>"])
    row = replace(grid.rows[0], note="trained twice")
    text = markdown(replace(grid, rows=[row]))
    assert "- **steps**: 600\n" in text
    assert "- \\+ L_x is \\| not &lt;b&gt;\n" in text
    assert "- m0: trained twice\n" in text


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


def test_square_preference_table_keeps_its_diagonal() -> None:
    from benchmarks.grid.model import Column, GridRow

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
    from benchmarks.grid.model import Column, GridRow

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


def test_a_note_never_opens_a_list_of_its_own(build: Any) -> None:
    notes = ["+ L_SSIM", "- none", "# heading", "1. first", "12 images"]
    text = markdown(build.grid([[Cell("1")]], notes=notes))
    listed = text.split("## Notes\n\n")[1].splitlines()[: len(notes)]
    assert listed == ["- \\+ L_SSIM", "- \\- none", "- \\# heading", "- 1\\. first", "- 12 images"]
