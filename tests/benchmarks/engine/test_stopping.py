"""SIGTERM: a training ends after its step with a checkpoint, everything else at once."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest
import quick
import tiny
import tiny_command
import torch
from in_process import call

from benchmarks.declare.column import Column
from benchmarks.engine import stopping
from benchmarks.engine import train as train_module
from benchmarks.engine.problems import recorded
from benchmarks.engine.stopping import Stopped
from benchmarks.metrics.metric import Metric
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.registry import PROFILES

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def handler_is_as_before():
    """No test changes the others: what is left of its handler is seen, and mended."""
    yield
    left = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert left in (signal.SIG_DFL, stopping.nothing_more)
    assert not stopping.wanted()


def terminate():
    os.kill(os.getpid(), signal.SIGTERM)


def test_sigterm_ends_what_is_at_work_at_once():
    went_on = []
    with pytest.raises(Stopped, match=r"^stopped; the same command goes on from the last chec"):
        stop_within(went_on)
    assert not went_on


def stop_within(went_on):
    with stopping.by_sigterm():
        terminate()
        went_on.append(1)


def step_within(went_on, error=None):
    """SIGTERM in a step, which goes on and ends, perhaps with an error."""
    with stopping.by_sigterm():
        with stopping.after_the_step():
            assert not stopping.wanted()
            terminate()
            assert stopping.wanted()
            went_on.append("step")
            if error is not None:
                raise error
        went_on.append("more")


@pytest.mark.parametrize("error", [None, RuntimeError("a loader died of it too")])
def test_sigterm_lets_a_step_end(error):
    went_on = []
    with pytest.raises(Stopped):
        step_within(went_on, error)
    assert went_on == ["step"]


def test_steps_within_a_step_end_with_the_outer_one():
    went_on = []

    def work():
        with stopping.by_sigterm(), stopping.after_the_step():
            with stopping.after_the_step():
                terminate()
            went_on.append("outer")

    with pytest.raises(Stopped):
        work()
    assert went_on == ["outer"]


def test_error_that_some_code_makes_of_the_signal_is_no_failure(tmp_path):
    """As compiled packages do with what comes up in the middle of their import."""
    folder = quick.quick_engine(tmp_path).status.folder(quick.JUDGE)

    def work():
        with stopping.by_sigterm():
            try:
                terminate()
            except Stopped:
                recorded(ImportError("initialization failed"), folder, "failure.json", "the row")

    with pytest.raises(Stopped):
        work()
    assert not folder.path.exists()


MORE = """
import os, signal, sys
from benchmarks.engine import stopping
def terminate():
    os.kill(os.getpid(), signal.SIGTERM)
try:
    with stopping.by_sigterm():
        try:
            with stopping.after_the_step():
                terminate()
                terminate()
                print("the step ends", flush=True)
        finally:
            terminate()
            print("and so does what is around it", flush=True)
except stopping.Stopped:
    terminate()
    sys.exit(75)
"""


def test_sigterm_again_changes_nothing():
    """SLURM sends it to each process of a job, and a driver to its child besides."""
    done = subprocess.run(
        [sys.executable, "-c", MORE], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    told = "the step ends\nand so does what is around it\n"
    assert (done.returncode, done.stdout) == (75, told), done.stderr


def test_handler_of_somebody_else_stays():
    heard = []
    signal.signal(signal.SIGTERM, lambda *_: heard.append(1))
    with stopping.by_sigterm():
        terminate()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with stopping.by_sigterm():
        terminate()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert heard == [1]


def test_other_threads_leave_signals_alone():
    found = []

    def work():
        with stopping.by_sigterm():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(timeout=60)
    assert found == [signal.SIG_DFL]


# A training with a queue, whose state a checkpoint must hold.
QUEUE = tiny.tiny_table().groups["Tiny"][1].objective
RUN = replace(quick.JUDGE, objective=QUEUE, training=replace(tiny.TRAINING, crop=16))
RUN = replace(RUN, data=replace(quick.TRAIN, data=quick.Cards((60, 90, 120, 150), 24, 24)))


def stop_in_step(monkeypatch, at):
    """Let SIGTERM come while step `at` is computed."""
    advance = train_module.Trainee.advance

    def stopped(self, entries):
        if self.step == at - 1:
            terminate()
        return advance(self, entries)

    monkeypatch.setattr(train_module.Trainee, "advance", stopped)


def engine_with(out, workers=0):
    engine = quick.quick_engine(out, every=1000.0)
    engine.workers = workers
    return engine


def made(out, workers=0):
    """Train as a command does; returns the run's folder."""
    engine = engine_with(out, workers)
    with stopping.by_sigterm():
        engine.ensure(RUN, "the row")
    return engine.status.folder(RUN)


@pytest.mark.parametrize("workers", [0, 2])
def test_stopped_training_goes_on_to_the_bits_of_an_unbroken_one(tmp_path, monkeypatch, workers):
    straight = made(tmp_path / "straight")
    broken = engine_with(tmp_path / "broken").status.folder(RUN)
    for step in (7, 23):
        with monkeypatch.context() as patched:
            stop_in_step(patched, step)
            with pytest.raises(Stopped):
                made(tmp_path / "broken", workers)
        assert quick.checkpoint(broken)["step"] == step
        assert broken.intact("checkpoint.pt")
        assert not (broken.path / "failure.json").exists()
        assert not (broken.path / ".lease").exists()
    made(tmp_path / "broken", workers)
    for name in ("weights.safetensors", "log.jsonl"):
        assert (broken.path / name).read_bytes() == (straight.path / name).read_bytes()


def test_sigterm_in_the_last_step_leaves_a_finished_run(tmp_path, monkeypatch):
    stop_in_step(monkeypatch, int(RUN.training.steps))
    with pytest.raises(Stopped):
        made(tmp_path)
    status = engine_with(tmp_path).status
    assert status.state(RUN).status == "finished"
    assert not (status.folder(RUN).path / "checkpoint.pt").exists()


def test_sigterm_before_the_first_step_ends_after_it(tmp_path, monkeypatch):
    """While the networks are built, say."""
    build = tiny.TinyDenoiser.__init__

    def stopped(self, width=8):
        terminate()
        build(self, width)

    monkeypatch.setattr(tiny.TinyDenoiser, "__init__", stopped)
    with pytest.raises(Stopped):
        made(tmp_path)
    assert quick.checkpoint(engine_with(tmp_path).status.folder(RUN))["step"] == 1


def test_sigterm_while_data_is_opened_ends_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(quick.CardImages, "manifest", lambda self: terminate())
    with pytest.raises(Stopped):
        made(tmp_path)
    assert not (tmp_path / "runs").exists()


@dataclass(frozen=True)
class Stopping(Metric):
    """One for each image; at the second SIGTERM comes."""

    symbol: ClassVar[str] = "Stopping"
    digits: ClassVar[int] = 1
    higher_is_better: ClassVar[bool] = True
    measured: ClassVar[list] = []

    @property
    def note(self):
        return "one"

    def build(self, resources):
        def measure(pred, target):
            self.measured.append(1)
            if len(self.measured) == 2:
                terminate()
            return float(torch.ones(()))

        return measure


def test_sigterm_while_measuring_ends_at_once_and_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(Stopping, "measured", [])
    columns = (quick.TABLE.columns[0], Column(Stopping(), quick.TEST))
    rows = [replace(quick.PLAIN[0], printed="1 2")]
    table = replace(quick.TABLE, columns=columns, groups={"P": rows}, references=())

    def make():
        work = quick.quick_work(tmp_path, table)
        with stopping.by_sigterm():
            work.make()
        return work

    with pytest.raises(Stopped):
        make()
    assert len(Stopping.measured) == 2
    names = [path.name for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert all(name == ".lock" or name.endswith((".png", ".png.sha256")) for name in names), names
    work = make()
    assert work.complete(work.grid())


def test_sigterm_ends_a_command_in_one_line_with_75(capsys, tmp_path, monkeypatch):
    """The whole command: SIGTERM in a step, then the same again."""
    monkeypatch.setitem(TABLES, "tiny", None)
    monkeypatch.setitem(PROFILES, "smoke", PROFILES["smoke"])
    tiny_command.install()
    command = ["--table", "tiny", "--out", tmp_path, "--device", "cpu"]
    with monkeypatch.context() as patched:
        stop_in_step(patched, 7)
        status, out, err = call(capsys, *command)
    assert (status, out, err) == (75, "", f"{Stopped()}\n")
    assert len(list((tmp_path / "runs").glob("*/checkpoint.pt"))) == 1
    assert not list((tmp_path / "runs").glob("*/failure.json"))
    status, out, _ = call(capsys, *command)
    assert (status, "L_D2SM" in out) == (0, True)
    assert not list((tmp_path / "runs").glob("*/checkpoint.pt"))
