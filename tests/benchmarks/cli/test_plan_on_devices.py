"""--plan --gpus N: the plan, and below it how long what is left takes."""

import re

import pytest
from in_process import call

from benchmarks.rehearse.arithmetic import Cost
from benchmarks.rehearse.record import Record

MINUTE = 60.0
TABLES = ("d2sm_table1", "d2sm_table4")


@pytest.fixture
def minutes(monkeypatch):
    """Every training takes a minute, every measurement none."""
    monkeypatch.setattr(Record, "seconds", lambda record, run: MINUTE)
    monkeypatch.setattr(Record, "tests", lambda record, scores, status: Cost())


def to_train(plan):
    return {line.split()[-1] for line in plan.splitlines() if line.startswith("  train ")}


def minutes_of(line):
    """Minutes on one device, on eight, and of the longest chain."""
    pattern = r"  on 1 device (.+), on 8 devices (.+) \(longest chain (.+)\), by rehearsals on this"
    return [
        sum(int(n) * {"h": 60, "min": 1, "s": 0}[unit] for n, unit in re.findall(r"(\d+) (\w+)", t))
        for t in re.match(pattern, line).groups()
    ]


def test_times_stand_below_each_plan_and_below_all_with_shared_runs_once(capsys, tmp_path, minutes):
    options = ("--plan", "--out", tmp_path)
    alone = [call(capsys, "--table", name, *options)[1] for name in TABLES]
    status, out, _ = call(capsys, "--table", *TABLES, *options, "--gpus", 8)
    assert status == 0
    runs = [to_train(plan) for plan in alone]
    assert runs[0] & runs[1]
    *plans, together = re.split(r"(?m)^(?=d2sm_table4|all of these)", out)
    assert together.startswith("all of these, what they share once\n  on 1 device ")
    for said, plan in zip(plans, alone, strict=True):
        assert said.startswith(plan)
        assert len(said[len(plan) :].splitlines()) == 1
    for said, trained in zip(
        (plans[0], plans[1], together), (*runs, runs[0] | runs[1]), strict=True
    ):
        one, eight, chain = minutes_of(said.splitlines()[-1])
        assert one == len(trained)
        assert chain == 2  # a start and a row
        assert max(chain, one / 8) <= eight <= one / 8 + chain * 7 / 8
    assert not (tmp_path / "runs").exists()


def test_figures_count_their_trainings(capsys, tmp_path):
    options = ("--figure", "pdl_figure3", "--plan", "--out", tmp_path)
    _, plain, _ = call(capsys, *options)
    status, out, _ = call(capsys, *options, "--gpus", 2)
    assert status == 0
    number = len(to_train(plain))
    told = f"  {number} of {number} jobs have no timing: not counted (--rehearse gives timings)"
    assert out.startswith(f"{plain}{told}")


def test_exhibit_without_jobs_takes_no_devices(capsys, tmp_path):
    options = ("--table", "pdl_table1", "--plan", "--out", tmp_path)
    assert call(capsys, *options, "--gpus", 8) == call(capsys, *options)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--table", "d2sm_table1", "--gpus", "8"], "--gpus goes with --plan"),
        (["--list", "--gpus", "8"], "--gpus goes with --table or --figure"),
        (["--fetch", "all", "--plan", "--gpus", "8"], "--gpus goes with --table or --figure"),
        (["--table", "d2sm_table1", "--plan", "--gpus", "0"], "'0' is no number from 1"),
    ],
)
def test_wrong_usage_of_devices_is_told(capsys, tmp_path, arguments, told):
    status, out, err = call(capsys, *arguments, "--out", tmp_path)
    assert (status, out) == (2, "")
    assert told in err
