"""Training speeds by a clock that the test winds: each piece of work takes a known time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest
import quick
import tiny
import torch

from benchmarks.declare.runs import network
from benchmarks.declare.speed import Speed
from benchmarks.engine import speed, store
from benchmarks.engine.steps import Step
from benchmarks.engine.weights import WeightFiles
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.resolve import Resolver
from datasets.sampling import TrainingSamples, batches
from losses.features import Features
from losses.l1 import L1
from losses.l2 import L2

FEATURES = Features("vgg16", ("conv1_1", "conv1_2"), weights="random")
TABLE = Speed(
    name="wound",
    source="nowhere",
    caption="relative speeds",
    network=network(tiny.TinyDenoiser),
    data=quick.TRAIN,
    training=replace(quick.TRAINING, steps=1, batch=3),
    features=FEATURES,
    objectives={"plain": (L1(), "1.00"), "squared": (L2(), ".50")},
)
SECONDS = {"L1": 1.0, "L2": 4.0}


class Wound:
    """The clock, and what was done by it."""

    def __init__(self):
        self.now, self.batches, self.trainees = 0.0, [], []

    def process_time(self):
        return self.now

    def perf_counter(self):
        raise AssertionError("a CPU's own time is asked for")


@pytest.fixture
def clock(monkeypatch):
    """Steps that take the seconds of their objective; a feature network's pass takes two."""
    found = Wound()

    class Trainee:
        def __init__(self, run, resources, start):
            assert start is None
            found.trainees.append(run)
            ((_, term),) = run.objective.terms
            self.seconds, self.steps = SECONDS[type(term).__name__], 0

        def advance(self, entries):
            found.batches.append(entries)
            # The first step builds what later ones have, and the machine's load comes and goes.
            self.steps += 1
            found.now += 100.0 if self.steps == 1 else self.seconds * (1 + self.steps % 3)

    def build(self, resources):
        assert self == replace(FEATURES, width=1.0)

        def taps(image):
            found.now += 2.0
            return {"a": image * 2, "b": image.mean()}

        return taps

    monkeypatch.setattr(speed, "Trainee", Trainee)
    monkeypatch.setattr(speed, "time", found)
    monkeypatch.setattr(Features, "build", build)
    monkeypatch.setattr(speed, "ROUNDS", 4)
    return found


def work(out, **options):
    return speed.SpeedWork(TABLE, quick.quick_engine(out, **options))


def test_speeds_are_medians_of_ratios_within_a_round(tmp_path, clock):
    grid = work(tmp_path).grid()
    plain, squared = (row.cells[0] for row in grid.rows)
    assert (plain.values, squared.values) == ((1.0,), (0.25,))
    assert (plain.status, plain.paper, squared.paper) == ("ok", "1.00", "0.50")
    # Base 3, 1, 2, 3 and features 4 seconds: ratios 3/7, 1/5, 2/6, 3/7.
    (floor,) = grid.references
    assert floor.cells[0].values == (pytest.approx((2 / 6 + 3 / 7) / 2),)
    assert (floor.method, floor.role) == (speed.FLOOR, "reference")
    assert (floor.group, floor.label, floor.cells[0].status) == ("", "", "ok")


def test_record_has_every_round_but_the_first(tmp_path, clock):
    engine = quick.quick_engine(tmp_path)
    grid = speed.SpeedWork(TABLE, engine).grid()
    run_id = grid.rows[0].cells[0].run_id
    record = engine.status.store.folder("speed", run_id).read_json("speed.json")
    runs = {label: engine.status.ids.run_id(run) for label, run in TABLE.runs().items()}
    assert record == {
        "id": run_id,
        "runs": runs,
        "seconds": {
            "plain": [3.0, 1.0, 2.0, 3.0],
            "squared": [12.0, 4.0, 8.0, 12.0],
            speed.FLOOR: [4.0, 4.0, 4.0, 4.0],
        },
        "machine": speed.machine(torch.device("cpu")),
    }
    assert {row.cells[0].run_id for row in (*grid.rows, *grid.references)} == {run_id}


@pytest.mark.parametrize("content", [{"id": "another", "seconds": {}}, {}, []])
def test_record_of_other_timings_is_set_aside(tmp_path, clock, content):
    """As one that was copied from another folder, with its digest."""
    engine = quick.quick_engine(tmp_path)
    grid = speed.SpeedWork(TABLE, engine).grid()
    folder = engine.status.store.folder("speed", grid.rows[0].cells[0].run_id)
    record = folder.read_json("speed.json")
    folder.write_json("speed.json", content)
    assert work(tmp_path).grid().rows == grid.rows
    assert folder.read_json("speed.json") == record


def test_objectives_are_timed_in_turn_on_one_batch_of_the_training_data(tmp_path, clock):
    work(tmp_path).grid()
    assert clock.trainees == list(TABLE.runs().values())
    assert len(clock.batches) == 2 * 5
    samples = TrainingSamples(quick.TRAIN, quick.TRAIN.data.open(None), 8, "hflip", 0)
    (expected,) = batches(samples, 3, 0, 1, 0)
    for batch in clock.batches:
        assert batch.keys() == expected.keys()
        assert all(torch.equal(batch[name], expected[name]) for name in expected)
    assert clock.batches[0] is not clock.batches[1]  # a step adds its outputs to the batch


def test_what_was_timed_is_remembered_until_it_is_refreshed(tmp_path, clock):
    first = work(tmp_path).grid()
    made = len(clock.trainees)
    assert work(tmp_path).grid().rows == first.rows
    assert len(clock.trainees) == made
    work(tmp_path, refresh=True).grid()
    assert len(clock.trainees) == 2 * made


@pytest.mark.parametrize("what", ["rounds", "features", "training", "machine", "code"])
def test_other_conditions_are_timed_anew(tmp_path, clock, monkeypatch, what):
    first = work(tmp_path).grid().rows[0].cells[0].run_id
    table = TABLE
    if what == "rounds":
        monkeypatch.setattr(speed, "ROUNDS", 2)
    elif what == "features":
        table = replace(TABLE, features=replace(FEATURES, layers=("conv1_1",)))
        monkeypatch.setattr(Features, "build", lambda *_: lambda image: {"a": image})
    elif what == "training":
        table = replace(TABLE, training=replace(TABLE.training, batch=2))
    elif what == "machine":
        here = speed.machine(torch.device("cpu")) | {"processor": "another"}
        monkeypatch.setattr(speed, "machine", lambda device: here)
    else:
        monkeypatch.setattr(speed, "sources", lambda run, *modules: {"losses.l1": modules})
    other = speed.SpeedWork(table, quick.quick_engine(tmp_path)).grid()
    assert other.rows[0].cells[0].run_id != first


def test_code_of_the_loop_and_of_the_timing_counts(tmp_path, clock, monkeypatch):
    asked = []
    monkeypatch.setattr(speed, "sources", lambda run, *modules: asked.append((run, modules)))
    work(tmp_path).grid()
    modules = ("benchmarks.engine.train", "benchmarks.engine.speed")
    assert asked == [(run, modules) for run in TABLE.runs().values()]


def test_caption_tells_how_it_was_timed(tmp_path, clock):
    grid = work(tmp_path).grid()
    here = speed.machine(torch.device("cpu"))
    assert grid.facts == [
        ("steps", "4 of each objective in turn, relative within a round, median"),
        ("network", "TinyDenoiser()"),
        ("batch", "3 crops of 8x8"),
        ("features", repr(replace(FEATURES, width=1.0))),
        ("device", f"cpu, {here['processor']}"),
    ]
    assert (grid.name, grid.profile) == ("wound", "smoke")


def test_progress_is_told_by_rounds(tmp_path, clock, monkeypatch):
    told = []

    class Progress:
        def __init__(self, *words):
            told.append(words)

        def __call__(self, *done):
            told.append(done)

        def close(self):
            told.append("closed")

    monkeypatch.setattr(speed, "Progress", Progress)
    work(tmp_path).grid()
    rounds = [(done, 5) for done in range(1, 6)]
    assert told == [("training speed", "round"), *rounds, "closed"]


def test_work_is_one_step_and_always_complete(tmp_path):
    timed = work(tmp_path)
    assert timed.exhibit is TABLE
    assert timed.steps() == [Step("time", "training steps, of all objectives in turn")]
    assert list(timed.jobs()) == timed.pictures() == timed.problems() == []
    assert timed.make() is None
    assert not (tmp_path / "runs").exists()
    assert timed.complete(SimpleNamespace()) is True


def test_two_processes_do_not_time_at_once(tmp_path, clock, monkeypatch):
    """The second waits for the first, which goes on when it hears so, and takes what it stored."""
    waiting, in_turn, timed = threading.Event(), speed._in_turn, []

    def told(*arguments):
        timed.append(arguments)
        waiting.wait(20)
        return in_turn(*arguments)

    monkeypatch.setattr(speed, "_in_turn", told)
    monkeypatch.setattr(store, "warn", lambda message: waiting.set())
    with ThreadPoolExecutor(2) as both:
        grids = [both.submit(lambda: work(tmp_path).grid()) for _ in range(2)]
    first, second = (grid.result() for grid in grids)
    assert len(timed) == 1
    assert first.rows == second.rows


def test_a_step_that_fails_is_a_failed_table_until_it_is_timed(tmp_path, clock, monkeypatch):
    with monkeypatch.context() as broken:

        def out_of_memory(*_):
            raise RuntimeError("out of memory\nof the card")

        broken.setattr(speed.Trainee, "advance", out_of_memory)
        timed = work(tmp_path)
        grid = timed.grid()
    assert [row.cells[0].status for row in grid.rows] == ["failed", "failed"]
    assert [row.cells[0].paper for row in grid.rows] == ["1.00", "0.50"]
    assert grid.references == []
    assert timed.problems() == ["wound: RuntimeError: out of memory"]
    assert timed.complete(grid) is False
    (failure,) = (tmp_path / "runs").glob("speed-*/failure.json")
    assert "of the card" in failure.read_text(encoding="utf-8")
    assert work(tmp_path).grid().rows[0].cells[0].values == (1.0,)
    assert not failure.exists()


@pytest.mark.parametrize("content", [None, b"<!DOCTYPE html>"])
def test_absent_and_wrong_weights_are_told_before_anything_is_timed(tmp_path, clock, content):
    engine = quick.quick_engine(tmp_path)
    engine.status.files = WeightFiles(tmp_path)
    path = tmp_path / "weights" / "vgg16-397923af.pth"
    if content is not None:
        path.parent.mkdir()
        path.write_bytes(content)
    engine.status.resolver = Resolver(PAPER, engine.status.files.has)
    timed = speed.SpeedWork(replace(TABLE, features=replace(FEATURES, weights="imagenet")), engine)
    (step,) = timed.steps()
    assert (step.action, len(step.problems)) == ("missing", 1)
    assert path.name in step.problems[0]
