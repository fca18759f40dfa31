"""--rehearse as a command: what it prints, writes and refuses."""

import json
import os
from pathlib import Path

import pytest
import torch
from in_process import call

from benchmarks.cli import rehearse
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.papers.registry import FIGURES, TABLES
from benchmarks.rehearse import training
from benchmarks.rehearse.record import Record
from benchmarks.rehearse.rehearsal import Line, Rehearsal
from benchmarks.rehearse.training import Steps

ROW = ("--rehearse", "d2sm_table1", "--only", "FFDNet / L_1", "--profile", "smoke")
STEPS = Steps(852_108, 8, 1, 0, 10**9, 0, 0.5, 0, 2**20, 2**33, "by hand", 80, ())


@pytest.fixture
def quick(monkeypatch):
    """Steps that nobody makes: the command around them is what is looked at."""
    monkeypatch.setattr(training, "rehearsed", lambda *arguments: STEPS)


def test_command_prints_its_arithmetic_and_writes_it(capsys, tmp_path, quick):
    status, out, err = call(capsys, *ROW, "--out", tmp_path)
    assert status == 0
    assert "1 of 8 images, times 8: 8 GFLOP, 4.00 s" in out
    assert "training: 10 steps of 4.00 s = 40 s" in out
    (record,) = (tmp_path / "rehearsals").glob("*.json")
    assert f"written to {record.with_suffix('')}.json, .md, .csv" in err
    assert "## d2sm_table1, smoke\n" in record.with_suffix(".md").read_text()
    assert "FFDNet / L_1" in record.with_suffix(".csv").read_text()


def test_rows_that_are_rehearsed_later_join_the_report(capsys, tmp_path, quick):
    call(capsys, *ROW, "--out", tmp_path)
    other = [word.replace("L_1", "+ L_SSIM") for word in ROW]
    call(capsys, *other, "--out", tmp_path)
    (report,) = (tmp_path / "rehearsals").glob("*.md")
    assert all(f"| FFDNet / {row} |" in report.read_text() for row in ("L_1", "+ L_SSIM"))


def test_table_that_is_rehearsed_whole_drops_what_it_was(capsys, tmp_path, quick):
    call(capsys, *ROW, "--out", tmp_path)
    (path,) = (tmp_path / "rehearsals").glob("*.json")
    session = Session(Request("rehearse", out=tmp_path))
    found = Record.of(tmp_path, session.engine.status.device)
    lines = [Line("one", "key"), Line("one", "other key")]
    rehearse.keep(found, "d2sm_table1, smoke", lines, part=False)
    rows = json.loads(path.read_text())["tables"]["d2sm_table1, smoke"]
    assert set(rows) == {"key", "other key"}


@pytest.mark.parametrize(
    ("options", "device", "told"),
    [
        ({"profile": "paper"}, "cuda", "t"),
        ({"precision": "tf32"}, "cuda", "t, smoke, tf32"),
        ({"compiled": True, "micro_batch": 4}, "cuda", "t, smoke, compiled, in pieces of 4"),
        ({"micro_batch": 4}, "cpu", "t, smoke"),
    ],
)
def test_what_makes_steps_others_is_in_the_name_of_the_table(options, device, told):
    assert rehearse.heading("t", Request("rehearse", **options), device) == told


def test_every_training_of_every_table_has_a_row_of_its_own(tmp_path, monkeypatch):
    """Rows with several data sets, and such as are weighed in several ways, share their names."""
    monkeypatch.setattr(Rehearsal, "_train", lambda *arguments: None)
    monkeypatch.setattr(Rehearsal, "_test", lambda *arguments: None)
    session = Session(Request("rehearse", profile="paper", out=tmp_path, seeds=2))
    rehearsal = Rehearsal(session.engine.status, Record.of(tmp_path, torch.device("cpu")))
    for name in ("d2sm_table3", "pdl_v1_table7"):
        lines = rehearsal.of(rehearse.jobs(TABLES[name], session))
        assert len({line.name for line in lines}) < len(lines)
        assert len({line.key for line in lines}) == len(lines)


def test_failure_is_status_1(capsys, tmp_path, monkeypatch):
    def out_of_memory(*arguments):
        raise RuntimeError("no room")

    monkeypatch.setattr(training, "rehearsed", out_of_memory)
    status, out, _ = call(capsys, *ROW, "--out", tmp_path)
    assert status == 1
    assert "FAILED: RuntimeError: no room" in out


def test_compiler_is_asked_for_first(capsys, tmp_path, monkeypatch, quick):
    asked = []
    monkeypatch.setattr("benchmarks.cli.session.check_compiler", asked.append)
    assert call(capsys, *ROW, "--compile", "--out", tmp_path)[0] == 0
    assert len(asked) == 1


def test_paper_profile_is_the_usual_one(capsys, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(rehearse, "to_rehearse", lambda words: asked.append(words) or [])
    monkeypatch.setattr(
        rehearse, "Session", lambda request: asked.append(request.profile) or Session(request)
    )
    assert call(capsys, "--rehearse", "all", "--out", tmp_path)[0] == 0
    assert asked == ["paper", ("all",)]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rehearse", "d2sm_tabel1"], "d2sm_table1"),
        (["--rehearse", "pdl_table3"], "nothing of it is trained or measured by a machine"),
        (
            ["--list", "--micro-batch", "2"],
            "--micro-batch goes with --table or --figure or --rehearse",
        ),
        (["--rehearse", "d2sm_table1", "--micro-batch", "0"], "is no number from 1"),
    ],
)
def test_wrong_usage_is_told(capsys, tmp_path, arguments, told):
    status, _, err = call(capsys, *arguments, "--out", tmp_path)
    assert status == 2
    assert told in err


def test_all_is_every_table_of_machines_and_every_figure(tmp_path):
    found = rehearse.to_rehearse(("all",))
    session = Session(Request("rehearse", profile="paper", out=tmp_path))
    jobs = {exhibit.name: list(rehearse.jobs(exhibit, session)) for exhibit in found}
    assert set(FIGURES) < set(jobs)
    assert {"d2sm_table1", "d2sm_table3", "pdl_table1", "stft_table3", "calibration"} <= set(jobs)
    assert {name for name in TABLES if "study" in name} & set(jobs) == set()
    assert all(len(row) for name, row in jobs.items() if name not in FIGURES)


@pytest.mark.slow
@pytest.mark.skipif("RETABLE_REHEARSE" not in os.environ, reason="takes an hour: RETABLE_REHEARSE")
def test_every_row_of_every_table_starts_at_its_true_size(capsys):
    """The folder that RETABLE_REHEARSE names keeps what is done, so that it may be interrupted."""
    out = Path(os.environ["RETABLE_REHEARSE"])
    status, _, _ = call(capsys, "--rehearse", "all", "--micro-batch", "1", "--out", out)
    assert status == 0
