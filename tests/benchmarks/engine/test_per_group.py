"""Rows of which each group of columns has a network of its own, trained on its own data."""

from dataclasses import replace

import pytest
import quick

from benchmarks.declare.column import Column, PerGroup
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.runs import Run
from benchmarks.declare.table import Row
from benchmarks.engine.facts import facts
from benchmarks.engine.plan import make_plan
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy

DARK = Noisy(quick.Cards((20, 40)), sigma=25)
LIGHT = Noisy(quick.Cards((200, 220)), sigma=25)
EACH = PerGroup({"dark": DARK, "light": LIGHT})
ROWS = [
    replace(quick.ROWS[0], train=EACH, printed="1 2 3"),
    replace(quick.ROWS[1], printed="1 2 3"),
    Row("input", quick.Copy, None, "1 2 3", role="input"),
]
TABLE = replace(
    quick.TABLE,
    columns=(
        Column(PSNR(), quick.TEST, "dark"),
        Column(PSNR(), quick.TEST, "light"),
        Column(quick.Judged(quick.JUDGE), quick.TEST, "dark"),
    ),
    groups={"G": ROWS},
    references=(),
)


def trained_on(plan, row):
    return [[score.provider.data for score in column] for column in plan.rows[row].scores]


def test_each_group_of_columns_is_measured_with_its_own_training(tmp_path):
    plan = make_plan(TABLE, quick.quick_engine(tmp_path).status, seeds=2)
    assert trained_on(plan, 0) == [[DARK] * 2, [LIGHT] * 2, [DARK] * 2]
    assert trained_on(plan, 1) == [[quick.TRAIN] * 2] * 3
    assert [(p.data, p.seed) for p in plan.rows[0].providers] == [
        (data, seed) for data in (DARK, LIGHT) for seed in (0, 1)
    ]
    assert len(plan.rows[2].providers) == 1


def test_each_network_is_trained_and_measured_once(tmp_path):
    plan = make_plan(TABLE, quick.quick_engine(tmp_path).status, seeds=2)
    jobs = [job for job in plan.jobs() if job.row is plan.rows[0]]
    measured = [
        (job.provider.data, job.provider.seed, len(job.scores)) for job in jobs if job.scores
    ]
    assert measured == [(DARK, 0, 2), (DARK, 1, 2), (LIGHT, 0, 1), (LIGHT, 1, 1)]
    trainings = [job.provider for job in jobs if not job.scores and isinstance(job.provider, Run)]
    assert len(trainings) == len(set(trainings)) == 9  # with a start for each, and the judge


def test_all_cells_fill_with_values_of_their_own(tmp_path, capsys):
    work = quick.quick_work(tmp_path, TABLE)
    work.make()
    cells = work.grid().rows[0].cells
    assert all(cell.values for cell in cells)
    assert cells[0].values != cells[1].values
    assert "trained" not in work.problems()
    found = dict(facts(work.plan))
    assert "a shared training for each training set, 1 steps" in found["start of every row"]
    assert found["training data"] == "; ".join(
        f"{data!r}, {len(data.data.greys)} images" for data in (DARK, LIGHT, quick.TRAIN)
    )


def test_a_group_without_data_is_told_when_the_table_is_declared():
    rows = [replace(ROWS[0], train=PerGroup({"dark": DARK}))]
    with pytest.raises(
        DeclarationError, match=r"row 'L_1': no training data for the columns 'light'"
    ):
        replace(TABLE, groups={"G": rows})


def test_rows_of_a_table_without_columns_are_trained_all_the_same(tmp_path):
    """... since a figure looks at their networks."""
    rows = [replace(row, printed="") for row in ROWS]
    bare = replace(TABLE, columns=(), groups={"G": rows})
    plan = make_plan(bare, quick.quick_engine(tmp_path).status)
    trained = [[provider.data for provider in row.providers] for row in plan.rows[:2]]
    assert trained == [[DARK, LIGHT], [quick.TRAIN]]


def test_a_recipe_and_the_row_that_one_starts_from_are_the_groups_too(tmp_path):
    recipes = {name: replace(quick.TRAINING, batch=n) for n, name in enumerate(EACH.data, 1)}
    first = replace(ROWS[0], recipe=PerGroup(recipes))
    rows = [first, replace(ROWS[1], train=EACH, start=first)]
    plan = make_plan(replace(TABLE, groups={"G": rows}), quick.quick_engine(tmp_path).status)
    for base, tuned in zip(plan.rows[0].providers, plan.rows[1].providers, strict=True):
        assert tuned.start == base
        assert tuned.data == base.data
    assert [run.training.batch for run in plan.rows[0].providers] == [1, 2]


def test_a_group_without_a_recipe_is_told_when_the_table_is_declared():
    rows = [replace(ROWS[0], recipe=PerGroup({"dark": quick.TRAINING}))]
    with pytest.raises(DeclarationError, match=r"row 'L_1': no recipe for the columns 'light'"):
        replace(TABLE, groups={"G": rows})
