"""What a declaration says of the print: the grid of a table, of speeds, of preferences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import tiny

from benchmarks.declare.column import Column
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.runs import Run, network
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Row, Table
from benchmarks.grid.model import Cell
from benchmarks.grid.model import Column as GridColumn
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM
from losses.l1 import L1
from losses.l2 import L2


def declared(rows: list[Row], **changes: Any) -> Table:
    return replace(tiny.tiny_table(), groups={"Tiny": rows}, **changes)


def row(numbers: str, **changes: Any) -> Row:
    return Row("x", tiny.TinyDenoiser, L1(), numbers, **changes)


def test_digits_of_a_column_are_the_most_that_are_printed_in_it() -> None:
    table = declared([row("30.1 -"), row("30.25 25"), row("30 24.")])
    assert [column.digits for column in table.printed_columns()] == [2, 0]


def test_a_column_without_printed_digits_has_its_metrics() -> None:
    columns = (Column(PSNR()), Column(SSIM()))
    table = declared([row("- n/a"), row("?? -")], columns=columns)
    assert [column.digits for column in table.printed_columns()] == [PSNR.digits, SSIM.digits]
    words = declared([row("1.2345x .1"), row("- .1")], columns=columns)
    assert [column.digits for column in words.printed_columns()] == [PSNR.digits, 1]


def test_columns_bear_the_papers_heading_and_the_metrics_name() -> None:
    test = tiny.tiny_table().columns[0].data
    columns = (Column(PSNR(), test, "set", "PSNR (dB)"), Column(SSIM(), test, label=""))
    found = declared([row("30.00 .9")], columns=columns).printed_columns()
    assert found == [
        GridColumn("set", "PSNR (dB)", "PSNR", 2, True),
        GridColumn("", "", "SSIM", 1, True),
    ]
    plain = declared([row("30.00 .9")], columns=(Column(PSNR()), Column(SSIM())))
    assert [column.label for column in plain.printed_columns()] == ["PSNR", "SSIM"]


def test_rows_keep_group_backbone_label_role_and_marks() -> None:
    table = declared([row("**1.0**(1) -", method="Ours"), row("2.0 .5*", role="input")])
    first, second = table.printed().rows
    assert (first.group, first.method, first.label, first.role) == ("Tiny", "Ours", "x", "method")
    assert (second.method, second.role) == ("Tiny", "input")
    assert first.cells == [Cell("1.0", 1, paper_bold=True), Cell("-")]
    assert second.cells == [Cell("2.0"), Cell("0.5", paper_mark="*")]


def test_grid_is_laid_out_as_the_table_says() -> None:
    table = declared(
        [row("1 2")], printed_notes=("a misprint",), notes=("of ours",), layout="transposed",
        headers=("Loss", "Weight"), bold_known=False, rank_within="column",
    )  # fmt: skip
    grid = table.printed()
    assert (grid.name, grid.source, grid.title) == ("tiny", "nowhere", "a test")
    assert (grid.layout, grid.headers, grid.bold_known) == ("transposed", ("Loss", "Weight"), False)
    assert (grid.rank_within, grid.notes) == ("column", ["a misprint"])
    assert grid.columns == table.printed_columns()


def test_rows_come_in_the_printed_order() -> None:
    one, two, three = (row(f"{i} 0") for i in range(3))
    table = replace(tiny.tiny_table(), groups={"B": [one, two], "A": [three]})
    assert table.rows() == [("B", one), ("B", two), ("A", three)]


# Preferences -------------------------------------------------------------------------------------

THREE = {"A": "- .25 .5", "B": ".75 - .40", "C": ".5 .60 -"}


def pairwise(preferred: dict[str, str] = THREE, **changes: Any) -> Pairwise:
    rows = {
        "A": [replace(row("1 2"), label="")],
        "B": [replace(row("1 2"), label="")],
        "C": [replace(row("1 2"), label="0.1"), replace(row("1 2"), label="0.2")],
    }
    of = replace(tiny.tiny_table(), groups=rows)
    options = {"labels": {"C": "0.2"}, "notes": ("of 500",)} | changes
    return Pairwise("pairs", "Table V", "preference", preferred, of, **options)  # type: ignore[arg-type]


def test_raters_see_the_row_without_a_label_or_the_one_that_is_named() -> None:
    square = pairwise()
    assert [square.shown(m) for m in "ABC"] == [("A", ""), ("B", ""), ("C", "0.2")]
    said = "pairs: tiny has no row"
    with pytest.raises(DeclarationError, match=rf"{said} \('C', ''\)"):
        pairwise(labels={})
    with pytest.raises(DeclarationError, match=rf"{said} \('A', '0.2'\)"):
        pairwise(labels={"A": "0.2", "C": "0.1"})


@pytest.mark.parametrize(("line", "count"), [(".75 .40", 2), (".75 - .40 .1", 4)])
def test_preferences_that_are_no_square_are_refused(line: str, count: int) -> None:
    with pytest.raises(DeclarationError) as raised:
        pairwise(THREE | {"B": line})
    assert str(raised.value) == f"pairs, row 'B': {count} printed numbers for 3 methods"


def test_a_preference_that_is_no_number_is_refused_with_its_place() -> None:
    with pytest.raises(DeclarationError, match=r"^pairs, row 'C': '\(1\)' is not a printed number"):
        pairwise(THREE | {"C": ".5 (1) -"})


def test_printed_preferences_are_a_square_without_ranks() -> None:
    grid = pairwise().printed()
    assert (grid.name, grid.source, grid.title) == ("pairs", "Table V", "preference")
    assert grid.columns == [GridColumn("", m, m, 2, None) for m in "ABC"]
    assert [(r.group, r.method, r.label, r.role) for r in grid.rows] == [
        (m, m, "", "method") for m in "ABC"
    ]
    assert grid.rows[1].cells == [Cell(n, status="needs raters") for n in ("0.75", "-", "0.40")]
    assert (grid.rank_within, grid.bold_known, grid.notes) == (None, False, ["of 500"])
    assert grid.headers == ("Chosen over the column", "")


# Speeds ------------------------------------------------------------------------------------------


def speed(**changes: Any) -> Speed:
    options: dict[str, Any] = {
        "name": "speeds", "source": "Table I", "caption": "speed", "notes": ("on what?",),
        "network": network(tiny.TinyDenoiser), "data": tiny.tiny_table().train,
        "training": tiny.TRAINING, "features": tiny.FEATURES,
        "objectives": {"plain": (L1(), "1.00"), "both": (L1() + 2.0 * L2(), ".57")},
    }  # fmt: skip
    return Speed(**options | changes)


def test_timed_runs_differ_in_their_objective_alone() -> None:
    table = speed()
    plain = Run(table.network, 1.0 * L1(), table.data, table.training)
    assert table.runs() == {"plain": plain, "both": replace(plain, objective=L1() + 2.0 * L2())}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "0 printed numbers for 1 column$"),
        ("1 2", "2 printed numbers for 1 column$"),
        ("(1)", "'"),
    ],
)
def test_a_speed_is_one_number(line: str, said: str) -> None:
    with pytest.raises(DeclarationError, match=f"^speeds, row 'plain': {said}"):
        speed(objectives={"plain": (L1(), line)})


def test_printed_speeds_are_a_line_of_numbers() -> None:
    grid = speed().printed()
    assert (grid.name, grid.source, grid.title) == ("speeds", "Table I", "speed")
    assert grid.columns == [GridColumn("", "steps/sec", "steps/sec", 2, True)]
    assert [(r.group, r.method, r.label) for r in grid.rows] == [
        ("plain", "plain", ""), ("both", "both", ""),
    ]  # fmt: skip
    assert [r.cells for r in grid.rows] == [[Cell("1.00")], [Cell("0.57")]]
    assert (grid.rank_within, grid.layout, grid.bold_known) == (None, "transposed", False)
    assert (grid.headers, grid.notes) == (("Perceptual loss", ""), ["on what?"])
