"""The Markdown report says what the grid holds: read back, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from markdown_reader import parse_markdown

from benchmarks.grid.choice import LedgerEntry
from benchmarks.grid.model import Cell
from benchmarks.grid.ranks import our_ranks
from benchmarks.report.latex import latex
from benchmarks.report.markdown import markdown, printed_markdown
from benchmarks.report.terminal import terminal

OURS, PAPERS, DIFFERENCE = "Measured", "The paper's numbers", "Difference, ours − paper"


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
    words = ["+0.18", "+1.00", "1 of 4", "4 of 5", "0", "+0.55"]
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
    assert "come out in the paper's order" not in markdown(ordered)
    sure = markdown(build.grid([[cell("30.00", 31.0, 0.01)], [cell("31.00", 33.0, -0.01)]]))
    table = parse_markdown(sure)["Agreement"]
    assert [cell.text for cell in table.cells[0]][3:5] == ["1 of 1", "1"]
    assert "in the paper's order, and are decided:\n\n- **set0 PSNR**: " in sure
    assert "come out the other way round" not in sure


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


def test_other_test_images_are_named_and_only_their_order_is_compared(build: Any) -> None:
    cells = [Cell("30.00", values=(30.0,), status="ok"), Cell("31.00", values=(33.0,), status="ok")]
    grid = build.grid([[cell] for cell in cells])
    assert DIFFERENCE in parse_markdown(markdown(grid))
    other = replace(grid, columns=[replace(grid.columns[0], other_set="Kodak24() for DIV2K()")])
    text = markdown(other)
    tables = parse_markdown(text)
    assert DIFFERENCE not in tables
    assert "In italics: within the tolerance" not in text
    words = ["-", "-", "-", "1 of 1", "0", "+1.00"]
    assert [cell.text for cell in tables["Agreement"].cells[0]] == words
    assert (
        "- Not the paper's test images: Kodak24() for DIV2K(). Their order is held against the "
        "paper's, their values are not.\n"
    ) in text
    assert "Not the paper's" not in markdown(replace(other, comparable=False))


def test_gaps_say_why(build: Any) -> None:
    row = [
        Cell("1", status="failed", detail="RuntimeError: out\nof memory"),
        Cell("1", status="needs", detail="FFDNet_color.mat"),
        Cell("1"),
        Cell("1", status="not implemented"),
        Cell("-", values=(3.14159,), status="ok"),
        Cell("1", values=(2.0,), status="stale"),
    ]
    above = [*row[:5], replace(row[5], values=(1.0,), status="ok")]
    text = markdown(build.grid([row, above]))
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
    assert "- m0; m1: failed: RuntimeError: out of memory\n" in notes
    assert notes.count("needs FFDNet_color.mat") == 1
    assert "† Stale" in notes
    assert "prints no number" in notes
    assert "2 of the 10 cells with a rank recomputed from the paper are ranked here" in notes


def test_of_many_rows_with_one_gap_the_first_are_named(build: Any) -> None:
    rows = [[Cell("1", status="needs", detail="data")]] * 5
    notes = markdown(build.grid(rows)).split("## Notes")[1]
    assert "- m0; m1; m2 and 2 more rows: needs data\n" in notes


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
    cells = [Cell("40.00", values=(value,), status="ok") for value in (float("inf"), 40.0)]
    tables = parse_markdown(markdown(build.grid([[cell] for cell in cells])))
    assert tables[OURS].cells[0][0].number == Decimal("Infinity")
    assert tables[DIFFERENCE].cells[0][0].text == "-"


@pytest.mark.parametrize("report", [markdown, terminal, latex])
def test_distances_from_the_base_row_stand_beside_the_papers_spread(
    build: Any, report: Any
) -> None:
    values = {"as declared": 30.0, "no border": 30.0123}
    grid = build.grid([[Cell("-", values=(value,), status="ok")] for value in values.values()])
    rows = [replace(row, label=label) for row, label in zip(grid.rows, values, strict=True)]
    spread = replace(rows[0], group="", method="the rows", label="range", cells=[Cell("12.015")])
    plain = replace(grid, rows=rows)
    based = replace(plain, base="as declared", spreads=(spread,))
    assert "+0.012" in report(based)
    assert "+0.012" not in report(plain)
    if report is markdown:
        table = parse_markdown(markdown(based))["Difference from 'as declared'"]
        assert [label[-1] for label in table.labels] == ["no border", "range"]
        assert [row[0].text for row in table.cells] == ["+0.012", "12.015"]


def test_facts_and_notes_stand_below(build: Any) -> None:
    grid = build.grid([[Cell("1")]], facts=[("steps", "600")], notes=["+ L_x is | not <b>"])
    row = replace(grid.rows[0], note="trained twice")
    text = markdown(replace(grid, rows=[row]))
    assert "- **steps**: 600\n" in text
    assert "- \\+ L_x is \\| not &lt;b&gt;\n" in text
    assert "- m0: trained twice\n" in text


def test_rows_of_different_numbers_of_seeds_are_named(build: Any) -> None:
    def told(*rows: tuple[float, ...]) -> str:
        cells = [Cell("30.00", values=values, status="ok", trained=True) for values in rows]
        return markdown(build.grid([[cell] for cell in cells]))

    said = "pairs are compared over the seeds that both have"
    assert said in told((30.0, 31.0), (30.0,))
    assert said not in told((30.0, 31.0), (30.0, 31.0))
