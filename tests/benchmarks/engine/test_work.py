"""Filling a table: every seed its own run, failures with their rows, complete or not."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import quick
import torch

from benchmarks.declare.column import Column
from benchmarks.declare.runs import Released, network
from benchmarks.declare.table import Row
from benchmarks.grid.model import Cell
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.images import DataError
from losses.l1 import L1
from losses.objective import Loss, Term

ABSENT = quick.Cards((7,), present=False)
NO_IMAGES = "cards (7,) are not there"


@dataclass(frozen=True)
class Failing(Term):
    symbol: ClassVar[str] = "L_Failing"

    def build(self, resources):
        def fail(pred, target):
            raise RuntimeError("no")

        return Loss(fail)


FAILING = Row("bad", quick.tiny.TinyDenoiser, 1.0 * Failing(), "1 2")


def table_of(rows, columns=quick.TABLE.columns[:2], **changes):
    rows = [replace(row, printed=" ".join(["1"] * len(columns))) for row in rows]
    return replace(
        quick.TABLE, columns=tuple(columns), groups={"Tiny": rows}, references=(), **changes
    )


def test_every_seed_is_trained_and_measured_by_itself(made):
    grid, status = made.grid(), made.plan.status
    for row, line in zip(made.plan.rows[:2], grid.rows, strict=False):
        weights = [status.weights_digest(provider) for provider in row.providers]
        assert len(set(weights)) == 2
        for scores, cell in zip(row.scores[:2], line.cells, strict=False):
            records = [status.record(score) for score in scores]
            summaries = [
                s.metric.summary(r["values"]) for s, r in zip(scores, records, strict=True)
            ]
            assert cell.values == tuple(summaries)
            assert len(set(cell.values)) == 2
            for digest, record in zip(weights, records, strict=True):
                assert digest in record["weights"].values()


def test_score_is_that_of_its_own_network(made):
    """Measured by hand: the mean PSNR of what the stored weights make of the test images."""
    from safetensors.torch import load

    from datasets.sampling import test_sample

    status = made.plan.status
    images = quick.TEST.data.open(None)
    for seed, score in enumerate(made.plan.rows[0].scores[0]):
        run = made.plan.rows[0].providers[seed]
        model = run.network.build()
        model.load_state_dict(load(status.folder(run).read("weights.safetensors")))
        values = []
        for i in range(2):
            sample = test_sample(quick.TEST, images, i, 0)
            with torch.no_grad():
                pred = model(sample["input"][None])[0].clamp(0, 1)
            error = ((pred * 255).round() / 255 - sample["target"]).double().pow(2).mean()
            values.append(float(-10 * error.log10()))
        assert status.record(score)["values"] == pytest.approx(values, abs=0.01)


def test_second_work_makes_nothing(made_folder, capsys):
    work = quick.quick_work(made_folder, seeds=2)
    work.make()
    assert capsys.readouterr().err == ""
    assert work.problems() == []


def test_more_seeds_keep_what_is_there(copied, capsys):
    quick.quick_work(copied, seeds=3).make()
    trained = quick.trained(capsys.readouterr().err)
    assert trained == ["start of TinyDenoiser's rows", "Tiny / L_1", "Tiny / 2 L_1"]


def test_work_knows_its_exhibit_and_its_jobs(made):
    assert made.exhibit is quick.TABLE
    assert [job.label for job in made.jobs()] == [job.label for job in made.plan.jobs()]
    assert len(made.steps()) == 8


def test_table_is_complete_with_every_number_that_can_be(made):
    assert made.complete(made.grid())


def test_table_is_incomplete_without_one_number(copied):
    work = quick.quick_work(copied, seeds=2)
    score = work.plan.rows[1].scores[1][1]
    work.plan.status.folder(score.provider).remove(work.plan.status.score_name(score))
    assert not work.complete(work.grid())
    other = quick.quick_work(copied, seeds=2, only="Tiny / L_1")
    assert other.complete(other.grid())  # only what was asked for counts


def test_part_of_a_table_is_complete_by_itself(tmp_path):
    work = quick.quick_work(tmp_path, only="2 L_1")
    assert not work.complete(work.grid())
    work.make()
    assert work.complete(work.grid())
    assert work.plan.status.state(work.plan.rows[0].providers[0]).status == "new"
    everything = quick.quick_work(tmp_path)
    assert not everything.complete(everything.grid())


@pytest.mark.parametrize("status", ["pending", "needs", "failed"])
@pytest.mark.parametrize("only", ["", "L_1"])
def test_what_is_computed_from_all_rows_was_not_asked_of_some(made_folder, status, only):
    """A cell without a run waits for other rows, unless it says otherwise."""
    work = quick.quick_work(made_folder, seeds=2, only=only)
    grid = work.grid()
    waiting = Cell("1", status=status)
    first = replace(grid.rows[0], cells=[*grid.rows[0].cells[:2], waiting])
    assert work.complete(grid)
    done = work.complete(replace(grid, rows=[first, *grid.rows[1:]]))
    assert done is (only != "" and status == "pending")


def test_failed_row_leaves_the_others(tmp_path):
    work = quick.quick_work(tmp_path, table_of([FAILING, quick.ROWS[0]], warm_up=1.0 * L1()))
    work.make()
    assert work.problems() == ["Tiny / bad: RuntimeError: no"]
    bad, good = work.grid().rows
    assert [cell.status for cell in bad.cells] == ["failed", "failed"]
    assert [cell.status for cell in good.cells] == ["ok", "ok"]
    assert not work.complete(work.grid())


def test_table_of_which_nothing_can_be_made_says_why(tmp_path):
    work = quick.quick_work(tmp_path, table_of(quick.ROWS, train=Noisy(ABSENT, sigma=25)))
    with pytest.raises(DataError) as caught:
        work.make()
    assert str(caught.value) == f"quick cannot be made: {NO_IMAGES}"


def test_column_without_its_test_set_leaves_the_others(tmp_path):
    gone = Column(PSNR(), Noisy(ABSENT, sigma=25))
    work = quick.quick_work(tmp_path, table_of(quick.ROWS[:1], [gone, quick.TABLE.columns[0]]))
    work.make()
    assert work.problems() == [f"Tiny / L_1: {NO_IMAGES}"]
    (row,) = work.grid().rows
    assert [cell.status for cell in row.cells] == ["needs", "ok"]


@pytest.mark.parametrize("kind", ["failed", "needs"])
def test_column_without_its_judge_leaves_the_others(tmp_path, monkeypatch, kind):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    judges = {
        "failed": replace(quick.JUDGE, objective=1.0 * Failing()),
        "needs": Released(network(quick.Copy), "judge.pth", ""),
    }
    column = Column(quick.Judged(judges[kind]), quick.TEST)
    work = quick.quick_work(tmp_path, table_of(quick.ROWS[:1], [column, quick.TABLE.columns[0]]))
    work.make()
    (row,) = work.grid().rows
    assert [cell.status for cell in row.cells] == [kind, "ok"]
    assert row.cells[0].detail == {"failed": "RuntimeError: no", "needs": "judge.pth"}[kind]


def test_row_is_not_trained_for_columns_that_nobody_can_measure(tmp_path, capsys):
    """One row's every column is out of reach, the other's is not."""
    rows = [quick.ROWS[0], replace(quick.ROWS[1], role="reference")]
    work = quick.quick_work(tmp_path, table_of(rows, quick.TABLE.columns[:1]))
    for column in work.plan.rows[0].scores:
        column[:] = [replace(score, data=Noisy(ABSENT, sigma=25)) for score in column]
    work.make()
    assert "Tiny / L_1" not in quick.trained(capsys.readouterr().err)
    assert work.problems() == [f"Tiny / L_1: {NO_IMAGES}"]


def test_pictures_are_one_per_row_and_reference(made, made_folder):
    assert made.pictures() == []  # the last column is not implemented
    two = [replace(row, printed="1 2") for row in (*quick.ROWS, *quick.PLAIN)]
    table = replace(quick.TABLE, columns=quick.TABLE.columns[:2], groups={"Tiny": two})
    found = quick.quick_work(made_folder, table).pictures()
    assert [name for name, _ in found] == [
        "noisy", "target", "Tiny / L_1", "Tiny / 2 L_1", "Tiny / input", "Tiny / clean",
    ]  # fmt: skip
    assert all(path.read_bytes().startswith(b"\x89PNG") for _, path in found)
    assert found[0][1] != found[2][1]


def test_pictures_are_of_the_last_column(made_folder):
    other = Column(PSNR(), replace(quick.TEST, sigma=5))
    columns = (quick.TABLE.columns[0], other)
    rows = [replace(quick.PLAIN[0], printed="1 2")]
    table = replace(quick.TABLE, columns=columns, groups={"P": rows}, references=())
    work = quick.quick_work(made_folder, table)
    assert [name for name, _ in work.pictures()] == []
    work.plan.rows[0].scores = work.plan.rows[0].scores[::-1]
    assert [name for name, _ in work.pictures()] == ["P / input"]
