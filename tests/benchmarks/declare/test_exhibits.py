"""How many numbers an exhibit has, how many of them can be run, and what a list says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import tiny

from benchmarks.declare.column import Column, Derived, Unmeasured
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.runs import network
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Row, Table, name_of, printed_cells
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.embedded.street_scenes import StreetScenes
from losses.l1 import L1
from losses.l2 import L2
from losses.total_variation import TotalVariation

SCENES = Noisy(StreetScenes("val", count=2, height=48, width=64), sigma=25)
MEASURED = Column(PSNR(), SCENES, "sigma=25")
WITHOUT_DATA = Column(PSNR(), None, "set")
WITHOUT_METRIC = Column(Unmeasured("IFC", 2, True), SCENES)
COMPUTED = Column(Derived("Score", 3, True))


def table(columns: tuple[Column, ...], models: list[Any]) -> Table:
    numbers = " ".join("1" for _ in columns)
    rows = [Row(f"r{i}", model, L1() if model else None, numbers) for i, model in enumerate(models)]
    return replace(tiny.tiny_table(), columns=columns, groups={"Tiny": rows})


def test_a_column_is_measured_where_there_are_metric_and_data() -> None:
    columns = (MEASURED, WITHOUT_DATA, WITHOUT_METRIC, COMPUTED)
    assert [column.measured for column in columns] == [True, False, False, False]
    assert [column.implemented for column in columns] == [True, False, False, True]


def test_a_column_is_called_by_group_and_metric() -> None:
    assert MEASURED.name == "sigma=25 PSNR"
    assert COMPUTED.name == "Score"


def test_runnable_cells_are_those_of_implemented_rows_and_columns() -> None:
    some = table((MEASURED, WITHOUT_DATA, COMPUTED), [tiny.TinyDenoiser, None])
    assert (some.cells, some.runnable, some.how_much, some.fillable) == (6, 2, "2 cells", True)


def test_a_table_of_which_all_runs_says_so() -> None:
    every = table((MEASURED, COMPUTED), [tiny.TinyDenoiser, tiny.TinyDenoiser, tiny.TinyDenoiser])
    assert (every.cells, every.runnable, every.how_much, every.fillable) == (6, 6, "all", True)


def test_one_number_is_worth_a_run() -> None:
    one = table((MEASURED, WITHOUT_DATA), [tiny.TinyDenoiser])
    assert (one.runnable, one.cells, one.fillable) == (1, 2, True)


@pytest.mark.parametrize(("column", "model"), [(MEASURED, None), (WITHOUT_DATA, tiny.TinyDenoiser)])
def test_a_table_of_which_nothing_runs_says_so(column: Column, model: Any) -> None:
    none = table((column,), [model])
    assert (none.cells, none.runnable) == (1, 0)
    assert (none.how_much, none.fillable) == ("not implemented", False)


def test_the_row_of_best_values_needs_no_network() -> None:
    best = Row("", None, None, "1", role="best")
    assert best.implemented
    assert not best.trained
    assert not replace(best, role="method").implemented


def test_a_cell_is_pending_or_not_implemented_before_it_is_measured() -> None:
    here = Row("x", tiny.TinyDenoiser, L1(), "**1.5**(2)* -")
    (number, gap) = printed_cells(here)
    assert (number.paper, number.paper_rank, number.paper_bold, number.paper_mark) == (
        "1.5", 2, True, "*",
    )  # fmt: skip
    assert (gap.paper, gap.paper_rank, gap.paper_bold, gap.paper_mark) == ("-", None, False, "")
    assert {number.status, gap.status} == {"pending"}
    assert {c.status for c in printed_cells(replace(here, model=None))} == {"not implemented"}


def test_a_row_is_called_by_group_and_label() -> None:
    assert name_of("FFDNet", Row("+ L_SSIM", None, None, "")) == "FFDNet / + L_SSIM"
    assert name_of("FFDNet", Row("", None, None, "")) == "FFDNet"
    assert name_of("", Row("DCP", None, None, "")) == "DCP"


def test_preferences_need_raters_and_can_be_shown_without() -> None:
    of = tiny.tiny_table()
    rows = {name: [replace(of.groups["Tiny"][0], label="")] for name in "ABC"}
    square = Pairwise("p", "s", "c", dict.fromkeys("ABC", "- .5 .5"), replace(of, groups=rows))
    assert (square.cells, square.runnable) == (6, 0)
    assert (square.how_much, square.fillable) == ("needs raters", True)


SPEEDS = Speed(
    name="s", source="", caption="", network=network(tiny.TinyDenoiser),
    data=tiny.tiny_table().train, training=tiny.TRAINING, features=tiny.FEATURES,
    objectives={"L1": (L1(), "1.00"), "L2": (L2(), ".50"), "both": (L1() + L2(), ".40")},
)  # fmt: skip


def test_all_speeds_can_be_measured() -> None:
    assert (SPEEDS.cells, SPEEDS.runnable, SPEEDS.how_much) == (3, 3, "all")
    assert SPEEDS.fillable
    assert not SPEEDS.released


def test_a_timed_objective_finds_what_it_needs_as_a_trained_one_does() -> None:
    needy = {"L1": (L1(), "1.00"), "TV": (L1() + TotalVariation(), ".50")}
    with pytest.raises(DeclarationError, match=r"^s, row 'TV': the objective needs 'noise_level';"):
        replace(SPEEDS, objectives=needy)
