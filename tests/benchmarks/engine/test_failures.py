"""A row that fails is shown as failed, the others finish, and the exit status says so."""

import json
import re

import pytest
import tiny

from benchmarks.declare.table import Row
from losses.l1 import L1


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("exception", "RuntimeError: injected"),
        ("memory", "OutOfMemoryError"),
        ("nan", "the loss is not finite at step 3: L_1 = .*L_Broken = nan"),
    ],
)
def test_failing_row_does_not_stop_the_others(tmp_path, kind, told, capsys):
    table = tiny.tiny_table(
        [
            Row("L_1", tiny.TinyDenoiser, L1(), "30.00 25.00"),
            Row("broken", tiny.TinyDenoiser, L1() + 1.0 * tiny.Broken(kind), "31.00 26.00"),
            Row("+ L_1", tiny.TinyDenoiser, L1() + 0.5 * L1(), "32.00 27.00"),
        ]
    )
    status, text = tiny.make(tmp_path, table)
    assert status == 1
    ours = text.split("## The paper")[0].splitlines()
    rows = {line.split("|")[2].strip(): line for line in ours if line.count("|") > 3}
    assert rows["broken"].count("failed") == 2
    assert "failed" not in rows["L_1"] + rows["+ L_1"]
    (failure,) = (tmp_path / "runs").glob("*broken*/failure.json")
    record = json.loads(failure.read_text())
    assert re.search(told, record["error"])
    assert any("Traceback" in line for line in record["traceback"])
    assert re.search(told, capsys.readouterr().err)
    assert len(list((tmp_path / "runs").glob("*/weights.safetensors"))) == 3


def test_failed_run_is_tried_again(tmp_path, monkeypatch):
    table = tiny.tiny_table([Row("broken", tiny.TinyDenoiser, 1.0 * tiny.Broken(), "31.00 26.00")])
    assert tiny.make(tmp_path, table, profile=tiny.AS_DECLARED)[0] == 1
    monkeypatch.setattr(tiny.Broken, "build", lambda self, resources: L1().build(resources))
    assert tiny.make(tmp_path, table)[0] == 0
    assert not list((tmp_path / "runs").glob("*/failure.json"))


def test_rows_that_need_a_failed_run_fail_with_it(tmp_path):
    """The warm-up is the first row's objective: when it breaks, every row says so."""
    table = tiny.tiny_table(
        [
            Row("broken", tiny.TinyDenoiser, 1.0 * tiny.Broken(), "31.00 26.00"),
            Row("L_1", tiny.TinyDenoiser, L1(), "30.00 25.00"),
        ]
    )
    status, text = tiny.make(tmp_path, table)
    assert status == 1
    assert text.count("failed") >= 4


def failing(kind, monkeypatch):
    """Counts trainings by label and seed; seed 0 of the row `once` fails in this way."""
    from benchmarks.engine import execute
    from datasets.images import DataError

    tried, make_run = [], execute.make_run

    def counted(run, status, resources, label, *rest):
        tried.append((label, run.seed))
        if label == "Tiny / once" and run.seed == 0:
            raise DataError("image 7 is damaged") if kind == "data" else RuntimeError("injected")
        make_run(run, status, resources, label, *rest)

    monkeypatch.setattr(execute, "make_run", counted)
    return tried


@pytest.mark.parametrize("kind", ["data", "exception"])
def test_first_failing_seed_ends_its_row_and_no_other(tmp_path, kind, monkeypatch):
    """A seed after it would be trained, perhaps for days, and never be measured."""
    tried = failing(kind, monkeypatch)
    rows = [
        Row("once", tiny.TinyDenoiser, L1(), "30.00 25.00"),
        Row("+ L_1", tiny.TinyDenoiser, L1() + 0.5 * L1(), "32.00 27.00"),
    ]
    work = tiny.tiny_work(tiny.tiny_engine(tmp_path), tiny.tiny_table(rows), seeds=3)
    work.make()
    assert [try_ for try_ in tried if try_[0].startswith("Tiny")] == [
        ("Tiny / once", 0), ("Tiny / + L_1", 0), ("Tiny / + L_1", 1), ("Tiny / + L_1", 2),
    ]  # fmt: skip
    once, other = work.grid().rows
    assert {cell.status for cell in once.cells} == {"needs" if kind == "data" else "failed"}
    assert [len(cell.values) for cell in other.cells] == [3, 3]
    assert not work.complete(work.grid())


def test_a_start_with_damaged_data_is_tried_once_for_all_its_rows(tmp_path, monkeypatch):
    """... and not once more for every row and every score that waits for it."""
    from benchmarks.engine import execute
    from datasets.images import DataError

    tried = []

    def damaged(run, status, resources, label, *rest):
        tried.append(label)
        raise DataError("image 7 is damaged")

    monkeypatch.setattr(execute, "make_run", damaged)
    rows = [Row(f"{n} L_1", tiny.TinyDenoiser, float(n) * L1(), "30.00 25.00") for n in (2, 3)]
    work = tiny.tiny_work(tiny.tiny_engine(tmp_path), tiny.tiny_table(rows), seeds=2)
    work.make()
    assert tried == ["start of TinyDenoiser's rows"]
    assert [row.problems for row in work.plan.rows] == [
        [f"{row.name}: image 7 is damaged"] for row in work.plan.rows
    ]


def test_missing_judge_takes_only_its_own_column(tmp_path, capsys):
    """PSNR needs no segmenter: its column is filled, MIoU says which file it needs."""
    from dataclasses import replace

    from baselines.judges.unet import Unet
    from benchmarks.declare.column import Column
    from benchmarks.declare.runs import Released, network
    from benchmarks.metrics.miou import MIoU

    judge = Released(network(Unet), "segmenter.pth", "")
    table = tiny.tiny_table([Row("L_1", tiny.TinyDenoiser, L1(), "30.00 0.6")])
    (psnr, _) = table.columns
    table = replace(table, columns=(psnr, Column(MIoU(judge), psnr.data, psnr.group)))
    status, text = tiny.make(tmp_path, table)
    assert status == 1
    row = next(line for line in text.splitlines() if line.startswith("| Tiny | L_1"))
    assert "needs segmenter.pth" in row
    assert row.count("needs") == 1
    assert "segmenter.pth is not there" in capsys.readouterr().err
