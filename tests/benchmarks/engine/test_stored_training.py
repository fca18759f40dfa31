"""One training in the store: its files, its record, and what a resumed one takes over."""

import re
import time
from dataclasses import replace
from itertools import pairwise

import pytest
import quick
import torch
from safetensors.torch import load, save

from benchmarks.declare.training import Adam
from benchmarks.engine import store, stored_training
from benchmarks.engine import train as train_module
from benchmarks.engine.freshness import sources
from benchmarks.engine.machine import machine
from benchmarks.engine.problems import Failed
from benchmarks.engine.status import TRAIN_MODULE
from benchmarks.engine.store import RunFolder
from benchmarks.engine.stored_training import make_run, stored_weights
from datasets.degradations.noise import Noisy
from datasets.images import DataError

STEPS = 45
TRAINING = replace(quick.TRAINING, steps=STEPS)
RUN = replace(quick.JUDGE, training=TRAINING)
STARTED = replace(RUN, start=quick.JUDGE)


class Power(BaseException):
    """A power cut: nothing catches it."""


def make(out, run=RUN, every=0.0, profile=quick.PROFILE):
    """Train a run and what it needs; returns its folder."""
    engine = quick.quick_engine(out, profile)
    if run.start is not None:
        engine.ensure(run.start)
    make_run(run, engine.status, engine, "the row", 0, every)
    return engine.status.folder(run)


def cut(out, monkeypatch, run=RUN, at=25, **options):
    """Train until the power is cut before step `at` + 1; returns the folder."""
    advance = train_module.Trainee.advance

    def stopping(self, entries):
        if self.step == at:
            raise Power
        return advance(self, entries)

    with monkeypatch.context() as patched:
        patched.setattr(train_module.Trainee, "advance", stopping)
        with pytest.raises(Power):
            make(out, run, **options)
    return quick.quick_engine(out).status.folder(run)


def files(folder):
    return sorted(p.name for p in folder.path.iterdir() if not p.name.startswith("."))


def test_finished_run_is_weights_log_and_record(tmp_path, capsys):
    folder = make(tmp_path)
    assert files(folder) == [
        "log.jsonl", "run.json", "run.json.sha256", "weights.safetensors",
        "weights.safetensors.sha256",
    ]  # fmt: skip
    assert [line["step"] for line in folder.lines("log.jsonl")] == [20, 40, 45]
    assert re.fullmatch(r"the row: 45 steps in \d+ s\n", capsys.readouterr().err)


def test_record_tells_what_was_run_by_what_and_where(tmp_path):
    engine = quick.quick_engine(tmp_path)
    engine.ensure(quick.JUDGE)
    run = replace(STARTED, data=Noisy(quick.Cards((60, 90), official=7), sigma=(0, 50)))
    record = make(tmp_path, run).read_json("run.json")
    status = engine.status
    assert record.pop("seconds") == pytest.approx(0, abs=60)
    assert record == {
        "id": status.ids.run_id(run),
        "weights": status.weights_digest(run),
        "threads": torch.get_num_threads(),
        "micro_batch": 0,
        "spec": status.ids.canonical_fields(run),
        "declared": repr(run),
        "profile": "smoke",
        "training_images": 2,
        "expected_images": 7,
        "sources": sources(run, TRAIN_MODULE),
        "needs": {status.ids.run_id(quick.JUDGE): status.weights_digest(quick.JUDGE)},
        "machine": machine(torch.device("cpu")),
    }


def test_weights_are_those_of_the_last_step(tmp_path, monkeypatch):
    folder, kept = make(tmp_path), {}
    weights = load(folder.read("weights.safetensors"))
    check = train_module.Trainee.check

    def keeping(self):
        kept.update(self.network.state_dict())
        check(self)

    monkeypatch.setattr(train_module.Trainee, "check", keeping)
    make(tmp_path / "again")
    assert kept.keys() == weights.keys()
    assert all(torch.equal(kept[name], weights[name]) for name in kept)


def test_training_starts_from_the_stored_weights(tmp_path):
    still = replace(STARTED, training=replace(TRAINING, optimizer=Adam(lr=0.0)))
    weights = load(make(tmp_path, still).read("weights.safetensors"))
    judge = quick.quick_engine(tmp_path).status.folder(quick.JUDGE)
    start = load(judge.read("weights.safetensors"))
    assert all(torch.equal(weights[name], start[name]) for name in start)


def test_resumed_run_is_the_undisturbed_one(tmp_path, monkeypatch):
    straight, broken = make(tmp_path / "straight"), cut(tmp_path / "broken", monkeypatch)
    assert "checkpoint.pt" in files(broken)
    make(tmp_path / "broken")
    assert files(broken) == files(straight)
    for name in ("weights.safetensors", "log.jsonl"):
        assert (broken.path / name).read_bytes() == (straight.path / name).read_bytes()


def test_log_lines_past_the_checkpoint_are_dropped(tmp_path, monkeypatch):
    """The power was cut after a line was logged and before its checkpoint was written.

    A line whose step is no number goes with them, and fails no run.
    """
    folder = cut(tmp_path, monkeypatch)
    saved = quick.checkpoint(folder)["step"]
    for step in (saved, saved + 1, 40, "20", None, [1]):  # that of the checkpoint itself stays
        folder.append_line("log.jsonl", {"step": step, "lr": 1.0})
    make(tmp_path)
    lines = folder.lines("log.jsonl")
    assert [line["step"] for line in lines if line["lr"] == 1.0] == [saved]
    assert [line["step"] for line in lines if line["lr"] < 1.0] == [20, 40, 45]


def test_log_of_a_run_without_a_checkpoint_begins_anew(tmp_path, monkeypatch):
    folder = cut(tmp_path, monkeypatch, every=1000.0)
    assert "checkpoint.pt" not in files(folder)
    assert len(folder.lines("log.jsonl")) == 1
    make(tmp_path)
    assert [line["step"] for line in folder.lines("log.jsonl")] == [20, 40, 45]


def test_time_of_all_attempts_is_counted(tmp_path, monkeypatch, capsys):
    folder = cut(tmp_path, monkeypatch)
    assert 0 < quick.checkpoint(folder)["origin"]["seconds"] < 60
    quick.edit_origin(folder, seconds=1000.0)
    make(tmp_path)
    assert folder.read_json("run.json")["seconds"] == pytest.approx(1000, abs=60)
    assert "the row: 45 steps in 16 min" in capsys.readouterr().err


def test_failure_of_an_earlier_attempt_is_forgotten(tmp_path):
    engine = quick.quick_engine(tmp_path)
    folder = engine.status.folder(RUN)
    folder.write_json("failure.json", {"error": "no"})
    engine.ensure(RUN)
    assert "failure.json" not in files(folder)


@pytest.mark.parametrize("redo", [True, False])
@pytest.mark.parametrize("part", ["sources", "needs"])
def test_checkpoint_of_other_code_or_weights(tmp_path, monkeypatch, capsys, part, redo):
    """Where stale runs are made again it is dropped; elsewhere it goes on, as what it is."""
    profile = replace(quick.PROFILE, redo_stale=redo)
    folder = cut(tmp_path, monkeypatch, STARTED)
    quick.edit_origin(
        folder, **{part: dict.fromkeys(quick.checkpoint(folder)["origin"][part], "0")}
    )
    recorded = quick.checkpoint(folder)["origin"]
    capsys.readouterr()
    make(tmp_path, STARTED, profile=profile)
    what = "it is trained from the start" if redo else "it goes on and is marked stale"
    assert capsys.readouterr().err.startswith(
        f"the row: other code or other weights began this training; {what}\n"
    )
    status = quick.quick_engine(tmp_path).status
    assert status.state(STARTED).status == ("finished" if redo else "stale")
    made = folder.read_json("run.json")
    present = {
        "sources": sources(STARTED, TRAIN_MODULE),
        "needs": status.weights_needed(STARTED),
    }
    for name in ("sources", "needs"):
        assert made[name] == (present if redo else recorded)[name]
    assert [line["step"] for line in folder.lines("log.jsonl")] == [20, 40, 45]


def test_checkpoint_of_another_run_is_set_aside(tmp_path, monkeypatch, capsys):
    """The same code made it, from the same weights, for a network of the same shape."""
    other = replace(RUN, objective=2.0 * RUN.objective)
    theirs, ours = cut(tmp_path, monkeypatch, other), cut(tmp_path, monkeypatch)
    alone = make(tmp_path / "alone")
    ours.write("checkpoint.pt", theirs.read("checkpoint.pt"))
    make(tmp_path)
    assert ours.digest("weights.safetensors") == alone.digest("weights.safetensors")
    told = f"checkpoint.pt is refused (it is of the run {theirs.path.name.rpartition('-')[2]})"
    assert told in capsys.readouterr().err


def test_checkpoint_of_the_present_code_goes_on_silently(tmp_path, monkeypatch, capsys):
    cut(tmp_path, monkeypatch, STARTED)
    capsys.readouterr()
    make(tmp_path, STARTED)
    assert re.fullmatch(r"the row: 45 steps in \d+ s\n", capsys.readouterr().err)


def test_refused_checkpoint_is_not_taken_for_fresh_by_the_next_attempt(tmp_path, monkeypatch):
    """Killed at any moment: what made a checkpoint lies inside it."""
    folder = cut(tmp_path, monkeypatch, STARTED)
    others = {"losses.l1": "0"}
    quick.edit_origin(folder, sources=others)
    refused = folder.read("checkpoint.pt")
    for killed_at in range(6):
        writes = []

        def killed(path, content, write=store.write_file, writes=writes, last=killed_at):
            writes.append(path)
            if len(writes) > last:
                raise KeyboardInterrupt
            write(path, content)

        with monkeypatch.context() as patched:
            patched.setattr(store, "write_file", killed)
            with pytest.raises(KeyboardInterrupt):
                make(tmp_path, STARTED, every=0.0)
        is_refused = folder.read("checkpoint.pt") == refused
        assert (quick.checkpoint(folder)["origin"]["sources"] == others) == is_refused
    make(tmp_path, STARTED)
    straight = make(tmp_path / "straight", STARTED)
    assert (folder.path / "weights.safetensors").read_bytes() == (
        straight.path / "weights.safetensors"
    ).read_bytes()


def test_training_computes_with_the_threads_of_its_recipe(tmp_path, monkeypatch):
    seen = watch_threads(monkeypatch)
    pinned = replace(RUN, training=replace(TRAINING, threads=3))
    before = torch.get_num_threads()
    record = make(tmp_path, pinned).read_json("run.json")
    assert set(seen) == {3}
    assert (record["threads"], record["machine"]["threads"]) == (3, 3)
    assert torch.get_num_threads() == before


def test_training_goes_on_with_the_threads_it_began_with(tmp_path, monkeypatch):
    folder = cut(tmp_path, monkeypatch)
    assert quick.checkpoint(folder)["origin"]["threads"] == torch.get_num_threads()
    quick.edit_origin(folder, threads=3)
    seen = watch_threads(monkeypatch)
    assert make(tmp_path).read_json("run.json")["threads"] == 3
    assert set(seen) == {3}


def watch_threads(monkeypatch):
    """The number of threads at each step from now on."""
    seen, advance = [], train_module.Trainee.advance

    def watched(self, entries):
        seen.append(torch.get_num_threads())
        return advance(self, entries)

    monkeypatch.setattr(train_module.Trainee, "advance", watched)
    return seen


@pytest.mark.parametrize("content", ["not a checkpoint", "no step", "no origin"])
def test_foreign_checkpoint_is_refused_and_set_aside(tmp_path, capsys, content):
    straight = make(tmp_path / "straight")
    folder = quick.quick_engine(tmp_path).status.folder(RUN)
    foreign = tmp_path / "foreign.pt"
    known = {"step": 3} if content == "no origin" else {}
    torch.save({"weights": torch.ones(2), **known}, foreign)
    found = b"something" if content == "not a checkpoint" else foreign.read_bytes()
    folder.write("checkpoint.pt", found)
    make(tmp_path)
    assert "checkpoint.pt is refused (" in capsys.readouterr().err
    assert (folder.path / "checkpoint.pt.damaged-1").read_bytes() == found
    same = (folder.path / "weights.safetensors").read_bytes()
    assert same == (straight.path / "weights.safetensors").read_bytes()


def test_saving_never_takes_more_than_a_twentieth_of_the_time(tmp_path, monkeypatch):
    """Where one checkpoint takes 20 ms, the next is not written within 400 ms."""
    write, saved = RunFolder.write, []

    def slow(self, name, content):
        if name == "checkpoint.pt":
            saved.append(time.monotonic())
            time.sleep(0.02)
        write(self, name, content)

    monkeypatch.setattr(RunFolder, "write", slow)
    make(tmp_path)
    assert saved
    assert all(after - before > 0.4 for before, after in pairwise(saved))


def test_loop_gets_the_workers_and_tells_its_steps(tmp_path, monkeypatch):
    got = []

    def watched(run, images, resources, checkpoints, start, workers, score, micro_batch):
        assert score is None
        got.append((workers, micro_batch, checkpoints.progress.label, checkpoints.progress.unit))
        return train_module.train(run, images, resources, checkpoints, start)

    monkeypatch.setattr(stored_training, "train", watched)
    engine = quick.quick_engine(tmp_path)
    make_run(RUN, engine.status, engine, "the row", 3, 1000.0, 2)
    assert got == [(3, 2, "the row", "step")]


def test_longer_pauses_than_that_are_kept(tmp_path, monkeypatch):
    saved = []
    write = RunFolder.write
    monkeypatch.setattr(
        RunFolder, "write", lambda self, name, content: (saved.append(name),
                                                        write(self, name, content)))  # fmt: skip
    make(tmp_path, every=1000.0)
    assert "checkpoint.pt" not in saved


def test_weights_of_a_run_that_is_not_there(tmp_path):
    status = quick.quick_engine(tmp_path).status
    with pytest.raises(Failed) as caught:
        stored_weights(status, RUN)
    assert str(caught.value) == f"{status.folder(RUN).path}/weights.safetensors is not there"


def test_stored_weights_are_read_as_they_were_written(tmp_path):
    status = quick.quick_engine(tmp_path).status
    tensors = {"a": torch.rand(3)}
    status.folder(RUN).write("weights.safetensors", save(tensors))
    assert torch.equal(stored_weights(status, RUN)["a"], tensors["a"])


def test_absent_training_data_is_met_before_anything_is_written(tmp_path):
    gone = replace(RUN, data=Noisy(quick.Cards((7,), present=False), sigma=5))
    with pytest.raises(DataError):
        make(tmp_path, gone)
    assert not (tmp_path / "runs").exists()
