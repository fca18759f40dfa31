"""A figure points at rows that exist, and its ledger holds what they are trained with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import tiny

from benchmarks.claims.paper import Paper, exhibits, figures
from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.figure import Figure
from benchmarks.declare.sources import assumed, ledger, paper
from benchmarks.declare.table import Row, Table
from benchmarks.grid.drawing import Drawing, Numbers
from benchmarks.views.view import View
from losses.l1 import L1


@dataclass(frozen=True)
class Nothing(View):
    size: int = 1

    @property
    def note(self) -> str:
        return "nothing"

    def draw(self, sight: Any) -> Drawing:
        return Drawing((), Numbers(("",), (), ()))


TABLE = tiny.tiny_table(
    [
        Row("L_1", tiny.TinyDenoiser, paper(2.0, "here") * L1(), "30.00 25.00"),
        Row("other", tiny.TinyDenoiser, assumed(3.0, "elsewhere") * L1(), "30.00 25.00"),
        Row("absent", None, None, "- -"),
    ]
)
FIGURE = Figure(
    name="f",
    source="Paper, Fig. 1",
    caption="nothing to be seen",
    view=Nothing(assumed(4, "a size")),
    rows={"ours": (TABLE, "Tiny", "L_1")},
    assumptions=(assumed("all", "of it"),),
)
PRINTS = Table(
    name="f",
    source="Paper, Fig. 1",
    caption="numbers",
    columns=(Column(Unmeasured("wd", 2, None)),),
    groups={"a": [Row("", None, None, ".10")]},
)


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ((TABLE, "Tiny", "L_2"), r"tiny has no row 'Tiny' / 'L_2'; it has 'Tiny' / 'L_1', "),
        ((TABLE, "Small", "L_1"), r"tiny has no row 'Small' / 'L_1'"),
        ((TABLE, "Tiny", "absent"), "the network of 'absent' is not implemented"),
    ],
)
def test_a_row_that_cannot_be_looked_at_is_refused(place: Any, why: str) -> None:
    with pytest.raises(DeclarationError, match=why):
        replace(FIGURE, rows={"ours": place})


def test_printed_numbers_are_of_the_figure_itself() -> None:
    with pytest.raises(DeclarationError, match="those of 'g'; one figure has one name"):
        replace(FIGURE, prints=replace(PRINTS, name="g"))
    grid = replace(FIGURE, prints=PRINTS).printed()
    assert [cell.paper for row in grid.rows for cell in row.cells] == ["0.10"]
    assert not FIGURE.printed().prints_numbers


def test_the_ledger_holds_the_view_and_the_looked_at_rows_alone() -> None:
    said = {(choice.value, choice.source.note) for choice in ledger(*FIGURE.chosen)}
    assert said == {("4", "a size"), ("2.0", "here"), ("'all'", "of it")}


def test_a_figure_fills_no_cells() -> None:
    assert (FIGURE.cells, FIGURE.runnable, FIGURE.fillable) == (0, 0, False)
    assert FIGURE.how_much == "--figure f draws it"


def test_figures_have_names_of_their_own() -> None:
    known = Paper("Scratch", (PRINTS,), figures=(replace(FIGURE, prints=PRINTS),))
    assert list(figures((known,))) == list(exhibits((known,))) == ["f"]
    for wrong in (
        Paper("Scratch", (PRINTS,), figures=(FIGURE,)),
        Paper("Scratch", (), figures=(FIGURE, replace(FIGURE, source="Paper, Fig. 2"))),
    ):
        with pytest.raises(DeclarationError, match="are both named 'f'; rename one"):
            figures((wrong,))
