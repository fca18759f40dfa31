"""The protocol table changes one choice at a time, of what D2SM's tables declare."""

from __future__ import annotations

from dataclasses import fields

import pytest

from benchmarks.declare.released import FFDNET_COLOUR
from benchmarks.metrics.psnr import PSNR, PooledPSNR
from benchmarks.papers.d2sm import denoising
from benchmarks.papers.protocol import TABLE, measured_on
from datasets.cityscapes import Cityscapes


def changed(row: object) -> list[str]:
    """The names of the choices in which a row departs from D2SM's own evaluation."""
    declared, own = denoising.TABLE1.protocol.evaluation, row.evaluation  # type: ignore[attr-defined]
    names = [f.name for f in fields(declared) if getattr(own, f.name) != getattr(declared, f.name)]
    pooled = {type(c.metric) for c in row.columns} != {type(c.metric) for c in TABLE.columns}  # type: ignore[attr-defined]
    return names + ["mean"] * pooled


@pytest.mark.parametrize("group", TABLE.groups)
def test_every_row_changes_one_choice(group: str) -> None:
    base, *others = TABLE.groups[group]
    assert base.label == TABLE.base
    assert changed(base) == []
    found = [changed(row) for row in others]
    assert all(len(names) == 1 for names in found)
    assert {names[0] for names in found} == {"border", "levels", "colour", "mean"}


def test_all_rows_are_one_released_network_on_d2sms_noise() -> None:
    assert {row.released for _, row in TABLE.rows()} == {FFDNET_COLOUR}
    assert TABLE.released
    theirs = [c.data.sigma for c in denoising.TABLE1.columns if isinstance(c.metric, PSNR)]
    for group, scale in zip(TABLE.groups, (1, 2), strict=True):
        for row in TABLE.groups[group]:
            assert {c.data.data for c in row.columns} == {Cityscapes("val", scale)}
            assert [c.data.sigma for c in row.columns if isinstance(c.metric, PSNR)] == theirs


def test_every_cell_but_the_blank_ones_can_be_filled() -> None:
    assert TABLE.cells == TABLE.runnable == 2 * (6 * 6 + 3)
    assert TABLE.how_much == "all"


def test_ssim_has_no_mean_over_squared_errors() -> None:
    for rows in TABLE.groups.values():
        columns = rows[-1].columns
        assert [isinstance(c.metric, PooledPSNR) for c in columns] == [True, False] * 3
        assert [c.measured for c in columns] == [True, False] * 3


def test_the_spread_beside_it_is_that_of_the_declared_table() -> None:
    names = [column.name for column in measured_on(Cityscapes("val"), PSNR())]
    assert names == ["sigma=25 PSNR", "sigma=35 PSNR", "sigma=50 PSNR"]
    printed = denoising.TABLE1.printed()
    for name in names:
        c = [column.name for column in printed.columns].index(name)
        numbers = [float(row.cells[c].printed or "nan") for row in printed.rows]
        own = [column.name for column in TABLE.columns].index(name)
        assert TABLE.spreads[0].label == "range"
        assert float(TABLE.spreads[0].cells[own].paper or 0) == pytest.approx(
            max(numbers) - min(numbers)
        )
