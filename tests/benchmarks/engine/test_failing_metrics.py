"""A metric that raises costs its own cell: the others are measured, stored and shown."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
import quick
import torch

from benchmarks.declare.column import Column
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, network
from benchmarks.declare.table import Row
from benchmarks.engine.problems import Failed
from benchmarks.engine.score import Score
from benchmarks.engine.store import StoreError
from benchmarks.metrics.metric import Metric
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.clean import Clean
from datasets.images import DataError

FIXED = Fixed(network(quick.Copy))
THREE = Clean(quick.Cards((100, 150, 200)))


@dataclass(frozen=True)
class Wrong(Metric):
    """Raises an error at one of its images, counted from 1, or at 0 when it is built."""

    fails: ClassVar[tuple[int, BaseException] | None] = None
    calls: ClassVar[list[int]] = []
    symbol: ClassVar[str] = "Wrong"
    digits: ClassVar[int] = 1
    higher_is_better: ClassVar[bool] = True

    @property
    def note(self):
        return "a metric that fails"

    def build(self, resources):
        self.calls.clear()
        self.call()

        def measure(pred, target):
            self.call()
            return 1.0

        return measure

    def call(self):
        if self.fails and self.fails[0] == len(self.calls):
            raise self.fails[1]
        self.calls.append(len(self.calls))


@pytest.fixture
def fails(monkeypatch):
    """Lets the metric fail: (at which image, with what)."""
    return lambda *how: monkeypatch.setattr(Wrong, "fails", how)


def scores():
    return [Score(FIXED, THREE, metric, Evaluation()) for metric in (Wrong(), PSNR())]


def table():
    rows = [Row(label, quick.Copy, None, "1 2", role="input") for label in ("one", "two")]
    columns = [Column(metric, THREE, "cards") for metric in (Wrong(), PSNR())]
    return replace(
        quick.TABLE, columns=tuple(columns), groups={"Plain": rows}, references=(), train=None
    )


def statuses(work):
    return [[cell.status for cell in row.cells] for row in work.grid().rows]


@pytest.mark.parametrize("image", [0, 1, 3])
def test_other_metrics_keep_all_their_values(tmp_path, fails, image):
    fails(image, ValueError("no such thing\nmore of it"))
    engine = quick.quick_engine(tmp_path)
    wrong, psnr = scores()
    problems = engine.ensure_scores([wrong, psnr], "the row")
    assert engine.status.record(psnr)["values"] == [None] * 3  # restored exactly
    assert engine.status.record(wrong) is None
    assert {score: str(error) for score, error in problems.items()} == {
        wrong: "Wrong: ValueError: no such thing"
    }
    assert all(error.__traceback__ is None for error in problems.values())


def test_failure_is_kept_with_its_traceback_until_it_is_mended(tmp_path, fails, capsys):
    fails(2, ValueError("no such thing"))
    engine = quick.quick_engine(tmp_path)
    wrong, psnr = scores()
    engine.ensure_scores([wrong, psnr], "the row")
    status, folder = engine.status, engine.status.folder(FIXED)
    record = folder.read_json(status.failure_name(wrong))
    assert record["error"] == "ValueError: no such thing"
    assert any("in call" in line for line in record["traceback"])
    path = folder.path / status.failure_name(wrong)
    assert f"the row, Wrong: failed: ValueError: no such thing; traceback in {path}\n" in (
        capsys.readouterr().err
    )
    assert status.score_failed_before(wrong)
    assert not status.score_failed_before(psnr)
    fails(9, ValueError("never"))
    assert quick.quick_engine(tmp_path).ensure_scores([wrong, psnr], "the row") == {}
    assert status.record(wrong)["values"] == [1.0] * 3
    assert not path.exists()


def test_a_metric_is_tried_once_in_a_process(tmp_path, fails):
    fails(2, ValueError("no such thing"))
    engine = quick.quick_engine(tmp_path)
    first = engine.ensure_scores(scores(), "the row")
    Wrong.calls.clear()
    assert engine.ensure_scores(scores(), "the row of another table") == first
    assert Wrong.calls == []


def test_the_cell_fails_and_the_others_are_shown(tmp_path, fails):
    fails(3, ValueError("no such thing"))
    work = quick.quick_work(tmp_path, table())
    work.make()
    grid = work.grid()
    assert statuses(work) == [["failed", "ok"]] * 2
    assert {row.cells[0].detail for row in grid.rows} == {"Wrong: ValueError: no such thing"}
    assert not work.complete(grid)
    assert work.problems() == [
        f"Plain / {label}: Wrong: ValueError: no such thing" for label in ("one", "two")
    ]
    # A later command knows it from the store.
    assert statuses(quick.quick_work(tmp_path, table())) == [["failed", "ok"]] * 2


def test_other_seeds_measure_the_other_columns(tmp_path, fails):
    fails(1, ValueError("no such thing"))
    rows = [Row("L_1", quick.tiny.TinyDenoiser, quick.L1(), "1 2")]
    trained = replace(table(), groups={"Tiny": rows}, train=quick.TRAIN)
    work = quick.quick_work(tmp_path, trained, seeds=2)
    work.make()
    (wrong, psnr) = work.grid().rows[0].cells
    assert (wrong.status, wrong.values) == ("failed", ())
    assert (psnr.status, len(psnr.values)) == ("ok", 2)


def test_a_file_that_a_metric_needs_is_told_as_missing(tmp_path, fails):
    error = DataError("weights are not there")
    error.what = "weights"
    fails(0, error)
    work = quick.quick_work(tmp_path, table())
    work.make()
    assert statuses(work) == [["needs", "ok"]] * 2
    assert work.grid().rows[0].cells[0].detail == "weights"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StoreError("the disk is full")])
def test_interruptions_and_full_disks_are_no_failure_of_a_metric(tmp_path, fails, error):
    fails(2, error)
    engine = quick.quick_engine(tmp_path)
    with pytest.raises(type(error)):
        engine.ensure_scores(scores(), "the row")
    assert not engine.status.score_failed_before(scores()[0])
    assert engine.failures == {}


def test_network_that_only_failing_metrics_wait_for_runs_no_further(tmp_path, fails, monkeypatch):
    restored = []
    monkeypatch.setattr(quick.Copy, "forward", lambda self, image: restored.append(1) or image)
    fails(2, torch.OutOfMemoryError("tried to allocate 20.00 GiB"))
    problems = quick.quick_engine(tmp_path).ensure_scores(scores()[:1], "the row")
    assert isinstance(problems[scores()[0]], Failed)
    assert len(restored) == 2


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_value_that_is_no_number_costs_its_own_cell(tmp_path, monkeypatch, value):
    monkeypatch.setattr(Wrong, "build", lambda *_: lambda pred, target: value)
    engine = quick.quick_engine(tmp_path)
    wrong, psnr = scores()
    problems = engine.ensure_scores([wrong, psnr], "the row")
    assert engine.status.record(psnr)["values"] == [None] * 3
    assert {score: str(error) for score, error in problems.items()} == {
        wrong: f"Wrong: ValueError: Wrong of an image is {value}, which is no measurement"
    }
