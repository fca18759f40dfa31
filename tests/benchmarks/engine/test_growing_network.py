"""PFSR with its whole objective in the one loop that trains everything."""

from __future__ import annotations

from typing import Any

import pytest
import quick
import torch
from torch import Tensor, nn

from baselines.discriminators.pfsr import PFSRDiscriminator
from baselines.faces.pfsr import PFSR
from baselines.judges.student_fan import StudentFAN
from benchmarks.declare.runs import Run, network
from benchmarks.engine.train import Trainee
from losses.face_attention import FaceAttention
from losses.face_heatmap import FaceHeatmap
from losses.features import Features
from losses.l2 import L2
from losses.local_resources import LocalResources
from losses.objective import Objective
from losses.perceptual import Perceptual
from losses.progressive import Progressive
from losses.wasserstein import Wasserstein

STAGES = (2, 3)
FEATURES = Features("vgg16", ("relu1_2",), weights="random", width=1 / 16)


class NarrowCritic(PFSRDiscriminator):
    def __init__(self) -> None:
        super().__init__(width=8)


def objective() -> Objective:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        aligner = StudentFAN(width=4)
    return (
        Progressive(L2(), {32: 10.0, 64: 10.0, 128: 10.0})
        + Progressive(Wasserstein(NarrowCritic, slope=2.0), {32: 1.0, 64: 1.0, 128: 0.1})
        + Progressive(Perceptual(FEATURES), {32: 1e-2, 64: 1e-2, 128: 1e-3})
        + Progressive(FaceAttention(aligner), {32: 0.0, 64: 500.0, 128: 50.0})
        + Progressive(FaceHeatmap(aligner), {32: 0.0, 64: 50.0, 128: 50.0})
    )


def trainee() -> Trainee:
    run = Run(network(PFSR, width=24, stages=STAGES), objective(), quick.TRAIN, quick.TRAINING)
    return Trainee(run, LocalResources(), None)


def batch(step: int) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(step)
    target = torch.rand(2, 3, 128, 128, generator=generator)
    small = nn.functional.interpolate(target, size=(16, 16), mode="area")
    return {"input": small, "target": target}


def advance(state: Trainee, last: int) -> list[dict[str, float]]:
    return [state.advance(batch(state.step))() for _ in range(state.step, last)]


def test_every_stage_is_trained_and_weighed_as_declared() -> None:
    state = trainee()
    values = advance(state, 7)
    names = ["L_2", "L_GAN", "L_Perceptual", "L_Attention", "L_Heatmap"]
    assert all(list(v) == names for v in values)
    assert [v["L_Attention"] == v["L_Heatmap"] == 0 for v in values] == [True] * 2 + [False] * 5
    assert state.network.get_buffer("step") == 7
    state.check()
    checkpoint = state.checkpoint()
    kept = {key.split(".")[1] for key in checkpoint["objective"]}
    assert kept == {"1"}  # the critic; neither features nor aligners


@pytest.mark.parametrize("cut", [1, 3, 6])
def test_killed_in_any_stage_it_ends_with_the_same_bits(cut: int) -> None:
    whole = trainee()
    expected = advance(whole, 7)
    first, second = trainee(), trainee()
    advance(first, cut)
    saved: dict[str, Any] = first.checkpoint()
    second.restore(saved)
    assert advance(second, 7) == expected[cut:]
    ours, theirs = second.network.state_dict(), whole.network.state_dict()
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
