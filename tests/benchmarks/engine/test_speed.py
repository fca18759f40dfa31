"""Training speeds: relative to the first objective, measured once, with the steps of training."""

import statistics

import pytest
import tiny

from benchmarks.declare.runs import network
from benchmarks.declare.speed import Speed
from benchmarks.engine import speed
from benchmarks.papers.pdl import TABLE1
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from losses.features import Features
from losses.l1 import L1
from losses.perceptual import Perceptual

FEATURES = Features("vgg16", ("conv3_2",), weights="random")
TABLE = Speed(
    name="tiny_speed",
    source="nowhere",
    caption="relative speeds",
    network=network(tiny.TinyDenoiser),
    data=Noisy(Photographs("train"), sigma=25),
    training=tiny.TRAINING,
    features=FEATURES,
    objectives={
        "plain": (L1(), "1.00"),
        "perceptual": (L1() + 0.1 * Perceptual(FEATURES), ".50"),
    },
)


@pytest.fixture
def rounds(monkeypatch):
    monkeypatch.setattr(speed, "ROUNDS", 3)


def values(grid):
    return [row.cells[0].mean for row in (*grid.rows, *grid.references)]


def test_speeds_are_relative_to_the_first_objective(tmp_path, rounds):
    """The perceptual step holds the plain one and the feature network, as the floor does."""
    grid = speed.measured(TABLE, tiny.tiny_engine(tmp_path))
    plain, perceptual, floor = values(grid)
    assert plain == 1.0
    assert perceptual < 0.8
    assert floor == pytest.approx(perceptual, rel=0.5)
    assert [row.cells[0].paper for row in grid.rows] == ["1.00", "0.50"]


def test_what_was_measured_is_kept_until_it_is_refreshed(tmp_path, rounds, monkeypatch):
    first = values(speed.measured(TABLE, tiny.tiny_engine(tmp_path)))
    seconds = iter(range(10_000))
    monkeypatch.setattr(speed, "_now", lambda device: float(next(seconds)))
    assert values(speed.measured(TABLE, tiny.tiny_engine(tmp_path))) == first
    again = values(speed.measured(TABLE, tiny.tiny_engine(tmp_path, refresh=True)))
    assert again == [1.0, 1.0, 0.5]  # by that clock all work takes a second


def test_record_tells_what_was_timed_and_where(tmp_path, rounds):
    engine = tiny.tiny_engine(tmp_path)
    grid = speed.measured(TABLE, engine)
    folder = engine.store.folder("speed", grid.rows[0].cells[0].run_id)
    record = folder.read_json("speed.json")
    assert set(record["seconds"]) == {"plain", "perceptual", speed.FLOOR}
    assert all(len(times) == 3 for times in record["seconds"].values())
    assert record["machine"]["device"] == "cpu"
    ratio = statistics.median(
        a / b
        for a, b in zip(record["seconds"]["plain"], record["seconds"]["perceptual"], strict=True)
    )
    assert grid.rows[1].cells[0].mean == ratio


def test_timing_a_step_is_timing_the_training_loop(tmp_path):
    """The parameters move as they do in a training."""
    engine = tiny.tiny_engine(tmp_path)
    run = TABLE.runs()["plain"]
    step = speed._step(run, engine)
    trainee = step.__closure__[1].cell_contents
    before = [p.clone() for p in trainee.network.parameters()]
    step()
    assert any((a != b).any() for a, b in zip(before, trainee.network.parameters(), strict=True))


def test_table1_times_every_loss_that_it_names():
    terms = {
        name: [t.symbol for _, t in run.objective.terms] for name, run in TABLE1.runs().items()
    }
    assert terms == {
        "No-perceptual": ["L_1"],
        "L1": ["L_1", "L_Perceptual"],
        "L2": ["L_1", "L_Perceptual"],
        "CTXDP": ["L_1", "L_Contextual"],
        "CTXL2": ["L_1", "L_Contextual"],
        "PDL": ["L_1", "L_PDL"],
    }
