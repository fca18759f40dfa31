"""From per-image scores in the store to the replicates of a cell."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import tiny

from benchmarks.declare.table import Row
from benchmarks.engine.collect import _replicates
from benchmarks.grid.bootstrap import counts
from benchmarks.grid.comparison import interval, verdicts
from benchmarks.metrics.miou import MIoU
from benchmarks.metrics.psnr import PSNR
from datasets.embedded.street_scenes import StreetScenes
from losses.l1 import L1

TRAINING = replace(tiny.TRAINING, steps=2)
SCENES = StreetScenes("val", count=6, height=48, width=64)
ROWS = [
    Row("L_1", tiny.TinyDenoiser, L1(), "30.00 25.00"),
    Row("2 L_1", tiny.TinyDenoiser, 2.0 * L1(), "31.00 26.00"),
]


@pytest.fixture(scope="module")
def grids(tmp_path_factory):
    """The same store, two seeds per row, read under a comparable profile and under another."""
    out = tmp_path_factory.mktemp("replicates")
    found = []
    for comparable in (True, False):
        engine = tiny.tiny_engine(out, profile=replace(tiny.AS_DECLARED, comparable=comparable))
        table = tiny.tiny_table(ROWS, TRAINING)
        columns = [replace(c, data=replace(c.data, data=SCENES)) for c in table.columns]
        work = tiny.tiny_work(engine, replace(table, columns=tuple(columns)), seeds=2)
        work.make()
        found.append((work.plan, work.grid()))
    return found


def test_replicates_are_the_mean_over_seeds_of_resampled_images(grids):
    plan, grid = grids[0]
    for planned, row in zip(plan.rows, grid.rows, strict=True):
        for scores, cell in zip(planned.scores, row.cells, strict=True):
            records = [plan.status.record(score) for score in scores]
            values = np.array([record["values"] for record in records])  # (seeds, images)
            assert values.shape == (2, 6)
            drawn = counts(records[0]["images"])
            expected = [np.repeat(values.mean(0), row).mean() for row in drawn]
            assert cell.replicates == pytest.approx(expected, abs=1e-9)
            low, high = interval(cell)
            assert values.mean(0).min() < low < cell.mean < high < values.mean(0).max()


def test_a_table_that_is_not_comparable_has_no_replicates_and_no_verdicts(grids):
    comparable, smoke = (grid for _, grid in grids)
    assert [cell.values for row in smoke.rows for cell in row.cells] == [
        cell.values for row in comparable.rows for cell in row.cells
    ]
    assert {cell.replicates for row in smoke.rows for cell in row.cells} == {()}
    assert len(verdicts(comparable)) == 2
    assert verdicts(smoke) == []


def replicates(metric, *columns, images="abcdef"):
    scores = [SimpleNamespace(metric=metric)] * len(columns)
    records = [{"images": list(images), "values": list(values)} for values in columns]
    return _replicates(scores, records)


def test_no_replicates_where_a_resample_has_no_number():
    assert len(replicates(PSNR(), [30.0, 31.0, 32.0, 30.5, 31.5, 32.5])) == 2000
    assert replicates(PSNR(), [30.0, None, 32.0, 30.5, 31.5, 32.5]) == ()
    blank, labelled = [[0, 0], [0, 0]], [[1, 0], [0, 1]]
    assert replicates(MIoU(None, classes=2), [labelled, *[blank] * 5]) == ()


@pytest.mark.parametrize("n", [1, 5])
def test_no_replicates_of_few_images(n):
    assert replicates(PSNR(), [30.0 + i for i in range(n)], images="abcdef"[:n]) == ()


def test_no_replicates_of_seeds_with_other_images():
    values = [30.0 + i for i in range(6)]
    records = [{"images": [name, *"bcdef"], "values": values} for name in "ag"]
    assert _replicates([SimpleNamespace(metric=PSNR())] * 2, records) == ()


def test_replicates_are_plain_floats():
    found = replicates(PSNR(), [30.0, 31.0, 32.0, 30.5, 31.5, 32.5])
    assert all(type(value) is float and math.isfinite(value) for value in found)
