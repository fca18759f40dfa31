"""What is timed of a test image: its network with the degradation, and each metric by itself."""

import time
from dataclasses import dataclass
from typing import ClassVar

import pytest
import rows_of_tables
import tiny

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Run, network
from benchmarks.engine import evaluate
from benchmarks.engine.score import Score
from benchmarks.metrics.metric import Metric
from benchmarks.rehearse import measuring
from benchmarks.rehearse.measuring import Measured, metric_pass, network_pass
from datasets.degradations.noise import Noisy
from datasets.folders import Kodak24
from losses.l1 import L1

SLOW = 0.3  # seconds
built = []


@dataclass(frozen=True)
class SlowlyBuilt(Metric):
    """Reads a large network, as FID does, and looks at one pixel."""

    symbol: ClassVar[str] = "slow"

    def build(self, resources):
        built.append(self)
        time.sleep(SLOW)
        return lambda pred, target: float(pred[0, 0, 0])


@pytest.fixture
def score():
    data = Noisy(Kodak24(), sigma=25)
    run = Run(network(tiny.TinyDenoiser), L1(), data, tiny.TRAINING)
    return Score(run, data, SlowlyBuilt(), Evaluation())


def test_metric_is_built_once_and_outside_of_its_time(score, tmp_path):
    built.clear()
    assert metric_pass(score, rows_of_tables.status_of(tmp_path)).seconds < SLOW / 3
    assert built == [score.metric]
    assert score.metric.build.__func__ is SlowlyBuilt.build


def test_degradation_is_timed_with_the_network_alone(score, tmp_path, monkeypatch):
    real = evaluate.test_sample

    def slowly(*arguments):
        time.sleep(SLOW)
        return real(*arguments)

    monkeypatch.setattr(evaluate, "test_sample", slowly)
    status = rows_of_tables.status_of(tmp_path)
    assert metric_pass(score, status).seconds < SLOW / 3
    assert network_pass(score, status).seconds > SLOW


def test_operations_of_an_image_by_hand(score, tmp_path):
    """Two layers of 27 x 8 numbers for each of 500 x 500 pixels."""
    found = network_pass(score, rows_of_tables.status_of(tmp_path))
    assert found.flop == 2 * 2 * 27 * 8 * 500 * 500
    assert (found.height, found.width, found.rows) == (500, 500, 500)


def test_large_image_is_measured_on_a_strip(score, tmp_path, monkeypatch):
    """Whole operations are those of the strip in proportion."""
    monkeypatch.setattr(measuring, "LONGEST", 0.0)
    found = network_pass(score, rows_of_tables.status_of(tmp_path))
    assert found.rows == 256
    assert found.flop == pytest.approx(2 * 2 * 27 * 8 * 500 * 500)


def test_image_that_would_fill_the_memory_is_measured_on_a_strip(score, tmp_path, monkeypatch):
    """On a system that is out of memory nobody would say why the rehearsal ended."""
    monkeypatch.setattr(measuring, "LARGEST", 0.0)
    found = network_pass(score, rows_of_tables.status_of(tmp_path))
    assert found.rows == 256
    assert found.flop == pytest.approx(2 * 2 * 27 * 8 * 500 * 500)


def test_strip_is_told():
    assert Measured(1024, 2048, 1024, 1.0, 1.0, ()).share == ""
    assert Measured(1024, 2048, 128, 1.0, 1.0, ()).share == "128 of 1024 rows, times 8.0"
