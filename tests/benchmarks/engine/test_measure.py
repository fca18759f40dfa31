"""The record of a score, and the picture beside it."""

import io
from dataclasses import dataclass, replace

import numpy as np
import pytest
import quick
import torch
from PIL import Image

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, network
from benchmarks.engine.freshness import sources
from benchmarks.engine.machine import machine
from benchmarks.engine.measure import measure, png
from benchmarks.engine.score import Score
from benchmarks.engine.status import EVALUATE_MODULE
from benchmarks.metrics.psnr import PSNR
from benchmarks.report.contact_sheet import contact_sheet
from datasets.degradations.clean import Clean
from datasets.degradations.luma_jpeg import LumaJPEGCompressed
from datasets.degradations.noise import Noisy
from datasets.sampling import test_sample as sample_of

FIXED = Fixed(network(quick.Copy))


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def test_picture_has_the_images_pixels():
    image = torch.zeros(3, 2, 4)
    image[0, 1, 3], image[1], image[2, 0] = 1.0, 100 / 255, 0.5
    pixels = opened(png(image))
    assert pixels.shape == (2, 4, 3)
    assert pixels[1, 3].tolist() == [255, 100, 0]
    assert pixels[0, 0].tolist() == [0, 100, 128]


def test_picture_of_one_channel_is_grey():
    image = torch.zeros(1, 2, 4)
    image[0, 1, 3], image[0, 0] = 1.0, 100 / 255
    assert opened(png(image)).tolist() == [[100] * 4, [0, 0, 0, 255]]


def test_record_of_a_score_tells_what_was_measured(tmp_path):
    engine = quick.quick_engine(tmp_path)
    engine.ensure(quick.JUDGE)
    evaluation = Evaluation(border=1)
    judged = quick.Judged(quick.JUDGE)
    scores = [Score(FIXED, quick.TEST, m, evaluation, seed=3) for m in (PSNR(), judged)]
    measure(scores, engine.frozen(FIXED), engine.status, engine, "the row")
    status = engine.status
    for score in scores:
        record = status.record(score)
        assert len(record.pop("values")) == 2
        assert 0 <= record.pop("seconds") < 60
        assert record == {
            "id": status.ids.score_id(score),
            "run": status.ids.run_id(FIXED),
            "metric": repr(score.metric),
            "data": repr(quick.TEST),
            "evaluation": str(evaluation),
            "noise_seed": 3,
            "expected_images": 5,
            "images": ["card100", "card150"],
            "weights": status.weights_behind(score),
            "sources": sources(score, EVALUATE_MODULE),
            "machine": machine(torch.device("cpu")),
        }
    assert status.record(scores[1])["weights"][status.ids.run_id(quick.JUDGE)]


def test_measuring_computes_with_the_threads_of_the_profile(tmp_path):
    seen = []

    @dataclass(frozen=True)
    class Threads(PSNR):
        def build(self, resources):
            return lambda pred, target: float(seen.append(torch.get_num_threads()) or 1)

    engine = quick.quick_engine(tmp_path, replace(quick.PROFILE, threads=3))
    score = Score(FIXED, quick.TEST, Threads(), Evaluation())
    measure([score], engine.frozen(FIXED), engine.status, engine, "the row")
    assert seen == [3, 3]
    assert engine.status.record(score)["machine"]["threads"] == 3


def test_values_are_those_of_the_metric_the_seed_and_the_evaluation(tmp_path):
    engine = quick.quick_engine(tmp_path)
    cards = quick.Cards((100, 150), slope=1)
    found = {}
    for seed in (0, 1):
        for border in (0, 4):
            score = Score(FIXED, Noisy(cards, sigma=25), PSNR(), Evaluation(border=border), seed)
            measure([score], engine.frozen(FIXED), engine.status, engine, "the row")
            found[seed, border] = engine.status.record(score)["values"]
    assert len({tuple(values) for values in found.values()}) == 4
    assert all(value == pytest.approx(20.2, abs=1) for v in found.values() for value in v)


def test_first_image_is_kept_as_it_was_restored(tmp_path):
    engine = quick.quick_engine(tmp_path)
    score = Score(FIXED, Clean(quick.Cards((100, 150))), PSNR(), Evaluation(border=4))
    folder = engine.status.folder(FIXED)
    folder.write_json("failure.json", {"error": "no"})
    engine.ensure_scores([score], "the row")
    pixels = opened(folder.read(engine.status.picture_name(score)))
    assert pixels.shape == (16, 16, 3)
    assert set(pixels.flatten().tolist()) == {100}
    assert not engine.status.failed_before(FIXED)  # what was measured has not failed


def test_one_channel_is_measured_kept_and_shown(tmp_path):
    engine = quick.quick_engine(tmp_path)
    data = LumaJPEGCompressed(quick.Cards((100, 150), slope=3), quality=10)
    score = Score(FIXED, data, PSNR(), Evaluation(colour="Y (MATLAB)"))
    engine.ensure_scores([score], "the row")
    folder = engine.status.folder(FIXED)
    name = engine.status.picture_name(score)
    images = data.data.open(None)
    sample = sample_of(data, images, 0, 0)
    assert np.array_equal(opened(folder.read(name)), (sample["input"][0] * 255).round())
    error = (sample["input"] - sample["target"]).double().square().mean()
    value = engine.status.record(score)["values"][0]
    assert value == pytest.approx(float(-10 * error.log10()), abs=1e-6)
    sheet = contact_sheet([("a row", folder.path / name)])
    assert opened(sheet).shape[2] == 3


def test_long_measurements_tell_their_progress(tmp_path, monkeypatch, capsys):
    from benchmarks.engine import progress

    now = iter(range(1000))
    monkeypatch.setattr(progress.time, "monotonic", lambda: 100.23 * next(now))
    engine = quick.quick_engine(tmp_path)
    score = Score(FIXED, quick.TEST, PSNR(), Evaluation())
    measure([score], engine.frozen(FIXED), engine.status, engine, "the row")
    assert capsys.readouterr().err.startswith("the row, measuring: 1/2 images, about ")
    seconds = engine.status.record(score)["seconds"]
    assert seconds in {round(100.23 * ticks, 1) for ticks in range(2, 10)}  # tenths will do
