"""What can only be done later is no failure: nothing records it, and the command ends with 75."""

import time
from dataclasses import replace

import pytest
import quick
from in_process import call
from owner import digests, lease_of

from benchmarks.cli import main as door
from benchmarks.engine import holding
from benchmarks.engine import train as train_module
from benchmarks.engine.holding import Held, Lost
from benchmarks.engine.score import Score
from benchmarks.engine.status import State
from benchmarks.engine.stopping import Stopped

RUN = replace(quick.JUDGE, training=replace(quick.TRAINING, steps=45))


def asking(out):
    """An engine that waits for nobody."""
    engine = quick.quick_engine(out)
    engine.waits = False
    return engine


def files(out):
    """What lies in a store, but for the lock files that stay where one was held."""
    found = digests(out / "runs")
    return {name: digest for name, digest in found.items() if not name.endswith(".lock")}


def test_run_of_another_process_is_not_waited_for(tmp_path, elsewhere):
    engine = asking(tmp_path)
    elsewhere(engine.status.folder(RUN))
    begun = time.monotonic()
    with pytest.raises(Held):
        engine.ensure(RUN, "the row")
    assert time.monotonic() - begun < 5
    assert engine.failures == {}
    assert files(tmp_path) == {}


def test_neither_scores_nor_pictures_wait(copied, elsewhere):
    engine = asking(copied)
    row = quick.quick_work(copied).plan.rows[0]
    score = row.scores[0][0]
    folder = engine.status.folder(score.provider)
    elsewhere(folder)
    engine.ensure_scores([score], "the row")  # nothing that is there is locked
    engine.ensure_picture(score, "the row")
    folder.remove(engine.status.picture_name(score))
    with pytest.raises(Held):
        engine.ensure_picture(score, "the row")
    folder.remove(engine.status.score_name(score))
    before = files(copied)
    with pytest.raises(Held):
        engine.ensure_scores([score], "the row")
    assert engine.failures == {}
    assert files(copied) == before


def test_judge_that_another_process_makes_fails_no_score(tmp_path, elsewhere):
    engine = asking(tmp_path)
    elsewhere(engine.status.folder(quick.JUDGE))
    provider = quick.quick_work(tmp_path).plan.rows[2].providers[0]
    score = Score(provider, quick.TEST, quick.Judged(quick.JUDGE), quick.TABLE.protocol.evaluation)
    with pytest.raises(Held):
        engine.ensure_scores([score], "the row")
    assert engine.failures == {}
    assert files(tmp_path) == {}


def test_table_ends_there(tmp_path, elsewhere):
    work = quick.quick_work(tmp_path)
    work.engine.waits = False
    elsewhere(work.plan.status.folder(work.plan.rows[0].providers[0].start))
    with pytest.raises(Held):
        work.make()
    assert work.problems() == []


def test_run_that_was_lost_is_left_to_its_new_owner(tmp_path, monkeypatch):
    """In the middle of its training, which ends with that step; nothing would be written in it."""
    engine = quick.quick_engine(tmp_path, every=1000.0)
    folder = engine.status.folder(RUN)
    advance, steps, before = train_module.Trainee.advance, [], {}

    def losing(self, entries):
        steps.append(self.step)
        if self.step == 24:
            (folder.path / ".lease").unlink()
            lease_of(folder)
            before.update(files(tmp_path))
            monkeypatch.setattr(holding, "HEARTBEAT", 0.0)  # as if it had been long in it
        return advance(self, entries)

    monkeypatch.setattr(train_module.Trainee, "advance", losing)
    with pytest.raises(Lost):
        engine.ensure(RUN, "the row")
    assert steps[-1] == 24
    assert engine.failures == {}
    assert files(tmp_path) == before
    assert "elsewhere" in (folder.path / ".lease").read_text(encoding="utf-8")


def test_training_that_failed_after_it_was_lost_records_nothing(tmp_path, monkeypatch):
    engine = quick.quick_engine(tmp_path)
    folder = engine.status.folder(RUN)

    def losing(self, entries):
        (folder.path / ".lease").unlink()
        raise RuntimeError("no")

    monkeypatch.setattr(train_module.Trainee, "advance", losing)
    with pytest.raises(Lost):
        engine.ensure(RUN, "the row")
    assert not engine.status.failed_before(RUN)
    assert engine.status.state(RUN) == State("new")


REASONS = {
    "run-1 is in the hands of another process": Held,
    "run-1 was taken over": Lost,
    "stopped; the same command goes on from the last checkpoint": Stopped,
}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("verb", ["table", "figure", "study"])
def test_command_ends_in_one_line_with_75(capsys, tmp_path, monkeypatch, reason, verb):
    kind = REASONS[reason]

    def run(request):
        raise Stopped if kind is Stopped else kind(reason)

    monkeypatch.setitem(door.VERBS, verb, run)
    status, out, err = call(capsys, f"--{verb}", "d2sm_table1", "--out", tmp_path)
    assert (status, out, err) == (75, "", f"{reason}\n")
