"""One run of the store by several processes: one of them writes, and what is left is one run."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import quick
import ranked
import tiny
import torch
from rank_processes import Raised, RankProcesses
from safetensors.torch import load

from benchmarks.engine import stopping, store, train
from benchmarks.engine.plan import make_plan
from benchmarks.engine.status import Status
from losses.objective import Objective
from losses.ranks import ALONE

RUN = ranked.RUN


@pytest.fixture(scope="module")
def two():
    group = RankProcesses(2)
    yield group
    group.close()


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """The folder of the run made by one process."""
    return ranked.make(tmp_path_factory.mktemp("straight"), ALONE)


def engine_of(out, ranks, every=0.0):
    """Of the first rank; the others cannot write."""
    if ranks.rank:
        store.write_file = forbidden
        store.RunFolder.append_line = store.RunFolder.remove = forbidden
        store.RunFolder.keep_lines = store.RunFolder.locked = forbidden
    return replace(quick.quick_engine(out, every=every), ranks=ranks)


def forbidden(*given):
    raise AssertionError("only the first rank writes")


def made(ranks, out, run=RUN):
    """Train a run in the store."""
    engine = engine_of(out, ranks)
    engine.ensure(run, "the row")
    return engine.status.folder(run).path.name


def folder_of(out, run=RUN):
    return quick.quick_engine(out).status.folder(run)


def weights(folder, name="weights.safetensors"):
    return torch.cat([x.flatten() for _, x in sorted(load(folder.read(name)).items())])


def close(found, expected):
    """In single precision, with Adam."""
    return float((found - expected).norm() / expected.norm()) < 1e-4


def test_two_processes_leave_the_run_of_one(two, tmp_path, straight):
    """The same identity, log and files; the record tells how many they were."""
    assert two.call(made, tmp_path) == [straight.path.name] * 2
    folder = folder_of(tmp_path)
    assert close(weights(folder), weights(straight))
    found, expected = folder.read_json("run.json"), straight.read_json("run.json")
    assert (found["ranks"], expected["ranks"]) == (2, 1)
    assert found["spec"] == expected["spec"]
    assert found.keys() == expected.keys()
    for ours, theirs in zip(folder.lines("log.jsonl"), straight.lines("log.jsonl"), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-3)
    names = [sorted(p.name for p in one.path.iterdir()) for one in (folder, straight)]
    assert names[0] == names[1]
    assert quick.quick_engine(tmp_path).status.state(RUN).status == "finished"


def test_a_finished_run_is_left_alone(two, tmp_path):
    two.call(made, tmp_path)
    before = {p: p.stat().st_mtime_ns for p in folder_of(tmp_path).path.rglob("*")}
    assert two.call(made, tmp_path) == [folder_of(tmp_path).path.name] * 2
    assert {p: p.stat().st_mtime_ns for p in folder_of(tmp_path).path.rglob("*")} == before


def stopped(ranks, out, at, who):
    """Train until one of the ranks is asked to stop."""
    engine, begin = engine_of(out, ranks, every=1e9), train.Checkpoints.__init__

    def asked(self, *given, **named):
        begin(self, *given, **named)
        steps = []
        self.stop = lambda: steps.append(1) or ranks.any(ranks.rank == who and len(steps) == at)

    train.Checkpoints.__init__ = asked
    try:
        engine.ensure(RUN, "the row")
    finally:
        train.Checkpoints.__init__ = begin


@pytest.mark.parametrize("who", [0, 1])
def test_one_that_is_asked_to_stop_stops_all_after_a_checkpoint(two, tmp_path, straight, who):
    """And one process goes on from there to the end."""
    for found in two.call(stopped, tmp_path, 25, who, seconds=60):
        assert isinstance(found, Raised)
        assert found.kind == "Stopped", found.trace
    folder = folder_of(tmp_path)
    saved = quick.checkpoint(folder)
    assert saved["step"] == 25
    assert saved["origin"]["ranks"] == 2
    assert not (folder.path / "failure.json").exists()
    assert close(weights(ranked.make(tmp_path, ALONE)), weights(straight))
    assert folder.read_json("run.json")["ranks"] == 1
    assert [line["step"] for line in folder.lines("log.jsonl")] == [20, 40, 45]


def test_two_go_on_with_what_one_began(two, tmp_path, straight):
    """The second is told what the first found in the store."""
    with pytest.raises(stopping.Stopped):
        stopped(ALONE, tmp_path, 25, 0)
    assert quick.checkpoint(folder_of(tmp_path))["step"] == 25
    assert two.call(made, tmp_path) == [straight.path.name] * 2
    folder = folder_of(tmp_path)
    assert close(weights(folder), weights(straight))
    assert [line["step"] for line in folder.lines("log.jsonl")] == [20, 40, 45]


def dying(ranks, out, who):
    """Train until one of the ranks is killed."""
    advance = train.Trainee.advance

    def deadly(self, entries):
        if self.step == 25 and ranks.rank == who:
            os.kill(os.getpid(), signal.SIGKILL)
        return advance(self, entries)

    train.Trainee.advance = deadly
    made(ranks, out)


@pytest.mark.parametrize("who", [0, 1])
def test_a_killed_rank_is_a_loss_and_no_failure(tmp_path, straight, who):
    group = RankProcesses(2)
    group.begin(dying, tmp_path, who)
    found = group.end(60)
    group.close()
    assert found[who] is None
    assert found[1 - who].kind == "RankLost", found[1 - who].trace
    folder = folder_of(tmp_path)
    assert not (folder.path / "failure.json").exists()
    assert not (folder.path / "run.json").exists()
    assert 0 < quick.checkpoint(folder)["step"] <= 25
    assert close(weights(ranked.make(tmp_path, ALONE)), weights(straight))


def test_what_all_fail_in_is_recorded_once(two, tmp_path):
    broken = replace(RUN, objective=1.0 * tiny.Broken("nan"))
    for found in two.call(made, tmp_path, broken, seconds=60):
        assert found.kind == "Failed"
        assert "the loss is not finite at step 3" in found.message
    failure = folder_of(tmp_path, broken).read_json("failure.json")
    assert failure["error"].startswith("TrainingError: the loss is not finite at step 3")
    two.call(made, tmp_path, replace(broken, objective=1.0 * tiny.Broken("none")))
    assert not list(folder_of(tmp_path, broken).path.glob("*damaged*"))


def filled(ranks, out):
    """Make the whole quick table, a job at a time; returns what a rank computed."""
    engine, watched = engine_of(out, ranks), []
    advance, table = train.Trainee.advance, replace(quick.TABLE, groups={"Tiny": quick.ROWS[:1]})

    def counting(self, entries):
        watched.append(self.ranks.world)
        return advance(self, entries)

    train.Trainee.advance = counting
    try:
        for job in make_plan(table, engine.status).jobs():
            if ranks.rank and job.scores:
                time.sleep(0.01)
            if job.scores:
                assert engine.ensure_scores(job.scores, job.label) == {}
            else:
                engine.ensure(job.provider, job.label, job.judge)
            ranks.any(False)  # as if each job were a process of its own
    finally:
        train.Trainee.advance = advance
    return sorted(watched)


def test_judges_and_scores_are_made_by_the_first_rank_alone(two, tmp_path):
    """The quick judge takes two steps, the start one and its row three: batches of two."""
    first, second = two.call(filled, tmp_path)
    assert first == [1] * 2 + [2] * 4
    assert second == [2] * 4
    work = quick.quick_work(tmp_path, replace(quick.TABLE, groups={"Tiny": quick.ROWS[:1]}))
    assert work.grid().rows[0].cells[0].values


def test_what_several_made_counts_for_as_many_in_the_next_estimate(two, tmp_path):
    two.call(made, tmp_path)
    folder = folder_of(tmp_path)
    quick.edited(folder, "run.json", seconds=10.0)
    status: Status = quick.quick_engine(tmp_path).status
    assert status.expected(RUN).seconds == pytest.approx(20.0)
    quick.edited(folder, "run.json", ranks=1)
    assert status.expected(RUN).seconds == pytest.approx(10.0)


@pytest.mark.slow
def test_torchrun_starts_them(tmp_path, straight):
    """As the documents say it, whatever the machine calls itself."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--max-restarts=0"]
    command = [*launcher, "--nproc-per-node=2", Path(ranked.__file__), tmp_path]
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["rank 0 of 2", "rank 1 of 2"]
    folder = folder_of(tmp_path)
    assert folder.read_json("run.json")["ranks"] == 2
    assert close(weights(folder), weights(straight))
    assert done.stderr.count("the row: 45 steps in") == 1


def test_an_objective_of_one_term_is_shared_too(two, tmp_path):
    term = RUN.objective.terms[0][1]
    assert not isinstance(term, Objective)
    two.call(made, tmp_path, replace(RUN, objective=term))
    assert folder_of(tmp_path, replace(RUN, objective=term)).read_json("run.json")["ranks"] == 2
