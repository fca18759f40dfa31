"""The command line of several processes, and the process that makes one job."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
import quick
from in_process import call

import reproduce
from benchmarks.cli.request import Request
from benchmarks.parallel.jobs import named_jobs

NOT_HANDED_ON = {"plan", "gpus", "strict", "formats", "join", "parallel", "cluster"}
OWN = {"gpus_per_run", "cpus_per_run"}  # of who starts the process, not of the process


def test_a_job_is_asked_for_as_the_whole_was(tmp_path):
    """Every field of a request reaches the processes that make its jobs."""
    asked = Request(
        verb="table",
        words=("d2sm_table1", "d2sm_table4"),
        profile="lite",
        data_root=tmp_path,
        train_set=("a", "b"),
        test_set=("c",),
        only="FFDNet / L_1",
        seeds=3,
        formats=("html",),
        strict=True,
        plan=True,
        gpus=8,
        refresh=True,
        device="cpu",
        workers=0,
        micro_batch=2,
        precision="bf16",
        compiled=True,
        out=tmp_path,
        join=True,
        parallel=2,
        cluster="auto",
        gpus_per_run=2,
        cpus_per_run=2,
    )
    untouched = Request("table")
    for field in fields(Request):
        if field.name not in ("verb", "job"):
            assert getattr(asked, field.name) != getattr(untouched, field.name), field.name
    script, *words = asked.command_of("0123456789")
    assert script == "reproduce.py"
    understood = Request.of(reproduce.parser().parse_args(words), reproduce.VERBS)
    left = {name: getattr(untouched, name) for name in NOT_HANDED_ON | OWN}
    assert understood == replace(asked, job="0123456789", **left)


def test_folders_are_handed_on_whole(tmp_path, monkeypatch):
    """A process elsewhere has another present folder."""
    monkeypatch.chdir(tmp_path)
    words = Request("table", ("d2sm_table1",), data_root=Path("data")).command_of("0123456789")
    assert words[words.index("--data-root") + 1] == str(tmp_path / "data")
    assert Path(words[words.index("--out") + 1]).is_absolute()


@pytest.fixture
def registered(monkeypatch):
    """The table of quick.py under the door."""
    from benchmarks.papers.registry import TABLES
    from benchmarks.profiles.registry import PROFILES

    monkeypatch.setitem(TABLES, "quick", quick.TABLE)
    monkeypatch.setitem(PROFILES, "smoke", quick.PROFILE)


def run(capsys, out, job):
    return call(capsys, "--table", "quick", "--out", out, "--device", "cpu", "--run", job)


def names(out):
    work = quick.quick_work(out)
    return {job.label: job.name for job in named_jobs([work], work.plan.status)}


def test_a_process_makes_one_job_and_nothing_else(tmp_path, capsys, registered):
    found = names(tmp_path)
    start = found["start of TinyDenoiser's rows"]
    status, out, err = run(capsys, tmp_path, start)
    assert (status, out) == (0, "")
    assert quick.trained(err) == ["start of TinyDenoiser's rows"]
    assert not (tmp_path / "tables").exists()
    status, _, err = run(capsys, tmp_path, start)
    assert status == 0
    assert "there already" in err


def test_a_job_whose_needs_are_not_there_is_not_begun(tmp_path, capsys, registered):
    status, _, err = run(capsys, tmp_path, names(tmp_path)["Tiny / L_1"])
    assert status == 75
    assert "waits for start of TinyDenoiser's rows" in err
    assert quick.trained(err) == []


def test_an_unknown_job_is_refused(tmp_path, capsys, registered):
    status, _, err = run(capsys, tmp_path, "ffffffffff")
    assert status == 2
    assert "no such job" in err


def test_jobs_one_by_one_make_the_table(tmp_path, capsys, registered, alone):
    for name in names(tmp_path).values():
        assert run(capsys, tmp_path, name)[0] == 0
    work = quick.quick_work(tmp_path)
    assert work.grid().rows == alone.grid().rows


def test_a_failing_job_says_so(tmp_path, capsys, registered, monkeypatch):
    monkeypatch.setattr(
        "benchmarks.engine.execute.make_run", lambda *_: (_ for _ in ()).throw(RuntimeError("no"))
    )
    status, _, err = run(capsys, tmp_path, next(iter(names(tmp_path).values())))
    assert status == 1
    assert "RuntimeError: no" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--list", "--join"), "--join goes with --table or --figure"),
        (("--table", "quick", "--gpus-per-run", "2"), "--gpus-per-run goes with"),
        (("--table", "quick", "--join", "--parallel", "2"), "not allowed with"),
        (("--table", "quick", "--parallel", "0"), "no number from 1"),
        (("--table", "quick", "--join", "--device", "cuda:1"), "CUDA_VISIBLE_DEVICES"),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, capsys, registered, words, told):
    status, _, err = call(capsys, *words, "--out", tmp_path)
    assert status == 2
    assert told in err
    assert len(err.splitlines()) == 1
