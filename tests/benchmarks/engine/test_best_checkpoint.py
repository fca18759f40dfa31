"""A recipe may keep the best weights; that changes the result and not the training."""

import json
from dataclasses import replace

import pytest
import tiny
import torch
from safetensors.torch import load_file

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.table import Row
from benchmarks.declare.training import Best
from benchmarks.engine.status import training_sources
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.embedded.street_scenes import StreetScenes
from losses.l1 import L1

ELSEWHERE = Noisy(StreetScenes("val", count=1, height=48, width=64, seed=7), sigma=50)
BEST = Best(PSNR(), ELSEWHERE, every=4, evaluation=Evaluation())
ROWS = [Row("L_1", tiny.TinyDenoiser, L1(), "30.00 25.00")]


def diverging(keep):
    """A recipe whose last steps are far worse than its first ones."""
    optimizer = replace(tiny.TRAINING.optimizer, lr=0.2)
    return replace(tiny.TRAINING, steps=10, optimizer=optimizer, keep=keep)


def engine(out):
    return tiny.tiny_engine(out, profile=replace(tiny.AS_DECLARED, warm_up=lambda run: None))


def made(out, keep):
    """The one training: its log, its weights, its table's facts."""
    profile = replace(tiny.AS_DECLARED, warm_up=lambda run: None)
    work = tiny.tiny_work(
        tiny.tiny_engine(out, profile=profile), tiny.tiny_table(ROWS, diverging(keep))
    )
    work.make()
    folder = work.plan.status.folder(work.plan.rows[0].providers[0])
    lines = [json.loads(line) for line in (folder.path / "log.jsonl").read_text().splitlines()]
    return lines, load_file(folder.path / "weights.safetensors"), work


def test_looks_are_at_every_so_many_steps_and_at_the_last():
    assert sorted(BEST.steps(10)) == [4, 8, 10]
    assert sorted(BEST.steps(8)) == [4, 8]
    assert sorted(BEST.steps(3)) == [3]


def test_kept_weights_are_those_of_the_best_look(tmp_path):
    lines, weights, work = made(tmp_path / "best", BEST)
    looked = {line["step"]: line["PSNR to keep"] for line in lines if "PSNR to keep" in line}
    assert list(looked) == [4, 8, 10]
    best = max(looked, key=looked.get)
    assert best < 10, "the recipe should overshoot, or the test shows nothing"
    # Until then the training is the same as one that is ended there.
    _, stopped, _ = made(tmp_path / "stopped", replace(BEST, every=best))
    _, last, _ = made(tmp_path / "last", "last")
    assert all(torch.equal(weights[name], stopped[name]) for name in weights)
    assert not all(torch.equal(weights[name], last[name]) for name in weights)
    row = work.plan.rows[0]
    score = replace(row.scores[0][0], data=ELSEWHERE)
    work.engine.ensure_scores([score], "again")
    assert PSNR().summary(work.plan.status.record(score)["values"]) == pytest.approx(looked[best])


def test_looking_changes_no_step(tmp_path):
    """The losses are those of a training that never looked."""
    often, _, _ = made(tmp_path / "often", replace(BEST, every=1))
    never, _, _ = made(tmp_path / "never", "last")
    losses = [[line["L_1"] for line in lines if "L_1" in line] for lines in (often, never)]
    assert losses[0] == losses[1]


def test_resumed_training_keeps_the_best_of_before(tmp_path):
    """Killed after the best look and before the last: the best is in the checkpoint."""
    _, whole, _ = made(tmp_path / "whole", replace(BEST, every=2))
    out = tmp_path / "killed"
    table = tiny.tiny_table(ROWS, diverging(replace(BEST, every=2)))
    killable = engine(out)
    run = tiny.tiny_work(killable, table).plan.rows[0].providers[0]
    folder, writes = killable.status.folder(run), []
    write = type(folder).write

    def killed(self, name, content):
        write(self, name, content)
        writes.append(name)
        if writes.count("checkpoint.pt") == 1:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(folder), "write", killed)
        with pytest.raises(KeyboardInterrupt):
            killable.ensure(run)
    _, resumed, _ = made(out, replace(BEST, every=2))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_caption_says_how_the_weights_were_chosen_and_on_what(tmp_path):
    _, _, work = made(tmp_path, BEST)
    (said,) = [text for name, text in work.grid().facts if name == "checkpoint"]
    assert said.startswith("the best PSNR on Noisy(")
    assert "every 4 steps" in said
    assert "TEST" not in said
    tested = tiny.tiny_table().columns[0].data
    _, _, work = made(tmp_path, replace(BEST, data=replace(tested, sigma=30)))
    (said,) = [text for name, text in work.grid().facts if name == "checkpoint"]
    assert said.endswith("CHOSEN ON THE TEST IMAGES")


def test_measuring_is_part_of_what_made_such_a_run(tmp_path):
    found = {}
    for keep in ("last", BEST):
        table = tiny.tiny_table(ROWS, diverging(keep))
        work = tiny.tiny_work(engine(tmp_path), table)
        found[keep] = training_sources(work.plan.rows[0].providers[0])
    assert "benchmarks.engine.evaluate" in found[BEST]
    assert "benchmarks.metrics.psnr" in found[BEST]
    assert "benchmarks.engine.evaluate" not in found["last"]
