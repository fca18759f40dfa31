"""Gains over a base row: paired over seeds, better is up, intervals are SciPy's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from benchmarks.grid.gain_bars import AVERAGE, ONE, GainBars
from benchmarks.grid.model import Cell, Column, Grid, GridRow

COLUMNS = [
    Column("Set5", "PSNR", "PSNR", 2, True),
    Column("Set14", "PSNR", "PSNR", 2, True),
    Column("Set5", "LPIPS", "LPIPS", 3, False),
]
BASE = [(30.0, 30.2, 30.1), (27.0, 27.3, 27.2), (0.3, 0.31, 0.32)]
OTHER = [(30.5, 30.6, 30.9), (27.1, 27.2, 27.6), (0.2, 0.25, 0.21)]


def cell(values: tuple[float, ...], trained: bool = True) -> Cell:
    return Cell(values=values, status="ok" if values else "pending", trained=trained)


def grid(**rows: list[Any]) -> Grid:
    lines = [
        GridRow("RCAN", "RCAN", label, [v if isinstance(v, Cell) else cell(v) for v in values])
        for label, values in rows.items()
    ]
    return Grid("t", "s", "c", COLUMNS, lines)


BARS = GainBars("base", unit="dB")


def numbers(made: Grid) -> dict[str, tuple[float | None, ...]]:
    return dict(BARS.draw(made).numbers.rows)


def test_gains_are_taken_seed_by_seed_with_scipys_interval() -> None:
    found = numbers(grid(base=BASE, other=OTHER))
    gains = np.array(OTHER[0]) - np.array(BASE[0])
    low, high = stats.t.interval(0.95, 2, gains.mean(), stats.sem(gains))
    assert found["other, Set5 PSNR"] == pytest.approx((gains.mean(), low, high))
    apart = stats.sem(OTHER[0]) ** 2 + stats.sem(BASE[0]) ** 2
    assert stats.sem(gains) != pytest.approx(apart**0.5)  # or pairing would not be seen


def test_the_average_is_over_the_columns_of_a_metric_within_each_seed() -> None:
    found = numbers(grid(base=BASE, other=OTHER))
    gains = (np.array(OTHER[:2]) - np.array(BASE[:2])).mean(axis=0)
    low, high = stats.t.interval(0.95, 2, gains.mean(), stats.sem(gains))
    assert found[f"other, {AVERAGE} PSNR"] == pytest.approx((gains.mean(), low, high))


def test_less_is_a_gain_where_lower_is_better_and_metrics_are_not_mixed() -> None:
    psnr, lpips = BARS.draw(grid(base=BASE, other=OTHER)).panels
    assert [s.name for s in psnr.series] == ["Set5", "Set14", AVERAGE]
    assert [s.name for s in lpips.series] == ["Set5"]
    assert lpips.series[0].y == pytest.approx((np.mean(BASE[2]) - np.mean(OTHER[2]),))
    assert psnr.y.label == "gain in PSNR over base, dB"
    assert psnr.x.ticks == ("other",)


def test_bars_stand_at_their_row_and_a_gap_is_left_where_a_number_is_not_there() -> None:
    made = grid(base=BASE, gap=[(), *OTHER[1:]], other=OTHER)
    panel = BARS.draw(made).panels[0]
    by_name = {s.name: s for s in panel.series}
    assert panel.x.ticks == ("gap", "other")
    assert (by_name["Set5"].x, by_name["Set14"].x) == ((1.0,), (0.0, 1.0))
    assert by_name[AVERAGE].x == (1.0,)  # of all columns, or of none


def test_one_seed_has_a_gain_and_no_interval() -> None:
    made = grid(base=[v[:1] for v in BASE], other=[v[:1] for v in OTHER])
    drawing = BARS.draw(made)
    assert drawing.notes == (ONE,)
    assert dict(drawing.numbers.rows)["other, Set5 PSNR"] == (pytest.approx(0.5), None, None)
    assert drawing.panels[0].series[0].low == ()


def test_seeds_that_only_one_of_both_has_are_left_out() -> None:
    made = grid(base=[v[:2] for v in BASE], other=OTHER)
    gains = np.array(OTHER[0][:2]) - np.array(BASE[0][:2])
    assert numbers(made)["other, Set5 PSNR"][0] == pytest.approx(gains.mean())
    assert "over 2 seeds" in BARS.draw(made).notes[0]


def test_what_was_not_trained_is_the_same_for_every_seed() -> None:
    made = grid(base=[cell(v[:1], trained=False) for v in BASE], other=OTHER)
    gains = np.array(OTHER[0]) - BASE[0][0]
    low, high = stats.t.interval(0.95, 2, gains.mean(), stats.sem(gains))
    assert numbers(made)["other, Set5 PSNR"] == pytest.approx((gains.mean(), low, high))


def test_every_group_has_a_base_of_its_own() -> None:
    one, two = grid(base=BASE, other=OTHER), grid(base=OTHER, other=BASE)
    rows = [*one.rows, *(replace(row, group="EDSR", method="EDSR") for row in two.rows)]
    panel = BARS.draw(replace(one, rows=rows)).panels[0]
    assert panel.x.ticks == ("RCAN other", "EDSR other")
    first, second = panel.series[0].y
    assert first == pytest.approx(-second)


@pytest.mark.parametrize("rows", [{"other": OTHER}, {"base": BASE}, {"base": [()] * 3, "o": OTHER}])
def test_without_a_number_beside_the_base_there_is_nothing_to_draw(rows: Any) -> None:
    with pytest.raises(LookupError, match="no row has a number beside that of 'base'"):
        BARS.draw(grid(**rows))
