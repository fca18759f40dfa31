"""A probe looks at a training and changes no bit of it; its curve comes from the stored log."""

import json
from dataclasses import replace

import pytest
import quick
import tiny
from quick import checkpoint

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.table import Row
from benchmarks.declare.training import Best, Probe
from benchmarks.engine.sight import NetworkSight
from benchmarks.engine.status import training_sources
from benchmarks.engine.store import RunFolder
from benchmarks.engine.train import TrainingError
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.embedded.street_scenes import StreetScenes
from losses.d2sm import D2SM
from losses.l1 import L1

ELSEWHERE = Noisy(StreetScenes("val", count=1, height=48, width=64, seed=7), sigma=50)
PROBE = Probe(PSNR(), ELSEWHERE, every=3, evaluation=Evaluation())
# A queue of features and drawn numbers: what looking could disturb.
QUEUED = L1() + 0.1 * D2SM(tiny.FEATURES, window=16, stride=8, queue=24)
PROFILE = replace(tiny.AS_DECLARED, warm_up=lambda run: None)


def prepared(out, probe, keep="last"):
    training = replace(tiny.TRAINING, steps=8, probe=probe, keep=keep)
    table = tiny.tiny_table([Row("D2SM", tiny.TinyDenoiser, QUEUED, "30.00 25.00")], training)
    engine = tiny.tiny_engine(out, profile=PROFILE)
    return engine, tiny.tiny_work(engine, table).plan.rows[0].providers[0]


def made(out, probe, keep="last"):
    """The training's weights, its log, and what looks at it."""
    engine, run = prepared(out, probe, keep)
    engine.ensure(run)
    folder = engine.status.folder(run)
    lines = [json.loads(line) for line in (folder.path / "log.jsonl").read_text().splitlines()]
    sight = NetworkSight({"it": run}, engine.status, engine)
    return (folder.path / "weights.safetensors").read_bytes(), lines, sight


def test_weights_are_the_same_bits_with_and_without_a_probe(tmp_path):
    without, plain, _ = made(tmp_path / "without", None)
    probed, lines, _ = made(tmp_path / "with", PROBE)
    often, _, _ = made(tmp_path / "often", replace(PROBE, every=1))
    assert without == probed == often
    name = PROBE.logged
    assert [line["step"] for line in lines if name in line] == [3, 6, 8]
    assert [line for line in lines if name not in line] == plain


def test_a_training_that_is_killed_and_resumed_has_the_same_bits_and_curve(tmp_path):
    whole, _, sight = made(tmp_path / "whole", PROBE)
    killable, run = prepared(tmp_path / "killed", PROBE)
    append = RunFolder.append_line

    def killed(self, name, line):
        append(self, name, line)
        if line["step"] == 6:  # the look is in the log and not in the last checkpoint
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "append_line", killed)
        with pytest.raises(KeyboardInterrupt):
            killable.ensure(run)
    assert 0 < checkpoint(killable.status.folder(run))["step"] < 6
    resumed, lines, again = made(tmp_path / "killed", PROBE)
    assert resumed == whole
    assert [line["step"] for line in lines if PROBE.logged in line] == [3, 6, 8]
    assert again.curve("it") == sight.curve("it")


def test_the_curve_ends_at_the_network_that_is_kept(tmp_path):
    _, _, sight = made(tmp_path, PROBE)
    curve = sight.curve("it")
    assert [step for step, _ in curve] == [3, 6, 8]
    psnr = PSNR().build(sight.resources)
    sample = sight.sample(ELSEWHERE, 0)
    restored = Evaluation().prepare(sight.restored("it", ELSEWHERE, 0).clone())
    assert curve[-1][1] == pytest.approx(psnr(restored, sample["target"]), abs=1e-6)


def test_a_log_that_lacks_a_look_says_what_to_do(tmp_path):
    _, _, sight = made(tmp_path, PROBE)
    folder = sight.status.folder(sight.networks["it"])
    folder.keep_lines("log.jsonl", lambda line: line["step"] != 6)
    with pytest.raises(LookupError, match=r"lacks PSNR probed of step 6; remove .* trains it aga"):
        sight.curve("it")


def test_a_training_without_a_probe_has_no_curve(tmp_path):
    _, _, sight = made(tmp_path, None)
    with pytest.raises(LookupError, match=r"it: the training of tinydenoiser-l1.* declares no"):
        sight.curve("it")


def test_a_probe_stands_beside_the_best_checkpoint(tmp_path):
    best = Best(PSNR(), ELSEWHERE, every=4, evaluation=Evaluation())
    kept, _, _ = made(tmp_path / "a", None, keep=best)
    both, lines, _ = made(tmp_path / "b", PROBE, keep=best)
    assert kept == both
    assert [line["step"] for line in lines if "PSNR to keep" in line] == [4, 8]
    assert [line["step"] for line in lines if "PSNR probed" in line] == [3, 6, 8]


def test_what_nothing_looks_at_keeps_its_id_and_its_sources(tmp_path):
    engine, plain = prepared(tmp_path, None)
    _, probed = prepared(tmp_path, PROBE)
    ids = engine.status.ids
    assert "probe" not in ids.canonical_fields(plain.training)
    assert ids.run_id(plain) != ids.run_id(probed)
    assert "benchmarks.metrics.psnr" in training_sources(probed)
    assert "benchmarks.engine.evaluate" not in training_sources(plain)


def test_a_probe_follows_a_training_that_is_shortened():
    training = replace(tiny.TRAINING, steps=1000, probe=replace(PROBE, every=100))
    assert training.shortened(50).probe.every == 5
    assert training.shortened(1).probe.every == 1


def test_what_is_not_finite_ends_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(PSNR, "summary", lambda self, values: float("inf"))
    engine, run = prepared(tmp_path, PROBE)
    with pytest.raises(Exception, match="PSNR probed is inf at step 3"):
        engine.ensure(run)
    assert TrainingError.__name__ in engine.status.folder(run).read_json("failure.json")["error"]


def test_caption_says_what_was_looked_at(tmp_path):
    training = replace(quick.TRAINING, probe=Probe(PSNR(), quick.TEST, 2, Evaluation()))
    work = quick.quick_work(tmp_path, replace(quick.TABLE, protocol=replace(
        quick.TABLE.protocol, training=training)))  # fmt: skip
    (said,) = [text for name, text in work.grid().facts if name == "looked at"]
    assert said.startswith("PSNR on Noisy(")
    assert said.endswith("every 2 steps")
