"""Optimisers and schedules are torch's with the declared numbers, and shorten in proportion."""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.training import (
    SGD,
    Adam,
    Best,
    Cosine,
    EveryStep,
    Exponential,
    MultiStep,
    RMSprop,
    Training,
)
from benchmarks.metrics.lpips import LPIPS
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs

LOOKED_AT = Best(PSNR(), Noisy(Photographs("val"), sigma=25), every=100, evaluation=Evaluation())


def rates(schedule, steps, lr=0.1):
    """The learning rate of every step, and the one after the last."""
    optimizer = SGD(lr).build(nn.Linear(1, 1))
    scheduler = schedule.build(optimizer, steps)
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


def after_steps(optimizer, gradients):
    """A scalar parameter that starts at 1 and is given these gradients."""
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    built = optimizer.build(network)
    for gradient in gradients:
        network.weight.grad = torch.tensor([[gradient]])
        built.step()
    return float(network.weight.detach())


def test_sgd_accumulates_momentum():
    """v <- 0.5 v + g; w <- w - 0.1 v."""
    assert after_steps(SGD(0.1, momentum=0.5), [1.0, 1.0]) == pytest.approx(1 - 0.1 - 0.15)
    assert after_steps(SGD(0.1, momentum=0.0, weight_decay=2.0), [1.0]) == pytest.approx(0.7)


def test_rmsprop_divides_by_the_root_mean_square():
    """s <- 0.75 s + 0.25 g^2; w <- w - 0.1 g / sqrt(s): 0.1 / 0.5, then 0.1 / sqrt(0.4375)."""
    found = after_steps(RMSprop(0.1, alpha=0.75), [1.0, 1.0])
    assert found == pytest.approx(1 - 0.2 - 0.1 / math.sqrt(0.4375), rel=1e-6)
    with_momentum = after_steps(RMSprop(0.1, alpha=0.75, momentum=0.5), [1.0, 1.0])
    assert with_momentum == pytest.approx(found - 0.5 * 0.2, rel=1e-6)
    decayed = after_steps(RMSprop(0.1, alpha=0.75, weight_decay=1.0), [0.0])
    assert decayed == pytest.approx(0.8, rel=1e-6)


def test_adam_takes_its_rate_betas_and_decay():
    """Adam's first step is the rate, whatever the gradient; the second shows beta_1 and beta_2."""
    assert after_steps(Adam(0.1), [5.0]) == pytest.approx(0.9, rel=1e-6)
    # m = 0.5 * 0.5 + 0 = 0.25, over 1 - 0.25; v = 0.75 * 0.25, over 1 - 0.75^2.
    second = 0.1 * (0.25 / 0.75) / math.sqrt(0.75 * 0.25 / (1 - 0.75**2))
    assert after_steps(Adam(0.1, betas=(0.5, 0.75)), [1.0, 0.0]) == pytest.approx(0.9 - second)
    assert after_steps(Adam(0.1, weight_decay=1.0), [0.0]) == pytest.approx(0.9, rel=1e-6)


@pytest.mark.parametrize("optimizer", [Adam(0.1), SGD(0.1), RMSprop(0.1)])
def test_frozen_parameters_are_left_out(optimizer):
    network = nn.Linear(2, 2)
    network.bias.requires_grad_(False)
    (group,) = optimizer.build(network).param_groups
    assert [parameter.shape for parameter in group["params"]] == [(2, 2)]


def test_schedules_fall_where_they_say():
    assert rates(MultiStep((2, 3), 0.5), 4) == pytest.approx([0.1, 0.1, 0.05, 0.025, 0.025])
    assert rates(EveryStep(2, 0.1), 4) == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001])
    assert rates(Exponential(0.5), 3) == pytest.approx([0.1, 0.05, 0.025, 0.0125])
    assert rates(Cosine(), 4)[2] == pytest.approx(0.05)
    assert rates(Cosine(), 4)[-1] == pytest.approx(0, abs=1e-12)
    assert rates(Cosine(last=0.2), 10)[-1] == pytest.approx(0.02)


@pytest.mark.parametrize(
    "schedule",
    [MultiStep((40, 80), 0.5), EveryStep(20, 0.5), Exponential(0.97), Cosine(last=0.1)],
)
def test_a_shortened_training_passes_through_the_same_rates(schedule):
    """A tenth of the steps: the rate after each tenth is that of the declared recipe."""
    declared = Training(100, 8, 64, Adam(0.1), schedule)
    short = declared.shortened(10, batch=2)
    assert (short.steps, short.batch, short.crop) == (10, 2, 64)
    assert rates(short.schedule, 10) == pytest.approx(rates(schedule, 100)[::10], rel=1e-6)


def test_a_schedule_is_never_shortened_to_nothing():
    training = Training(1000, 8, 64, Adam(0.1), EveryStep(20), keep=LOOKED_AT).shortened(10)
    assert training.schedule.every == 1
    assert training.keep.every == 2
    often = Training(1000, 8, 64, Adam(0.1), keep=LOOKED_AT)
    assert often.shortened(500).keep.every == 100  # five looks, and not ten
    assert replace(often, keep=replace(LOOKED_AT, every=300)).shortened(500).keep.every == 150


def test_best_follows_the_direction_of_its_metric():
    assert LOOKED_AT.better(30.0, None)
    assert LOOKED_AT.better(30.1, 30.0)
    assert not LOOKED_AT.better(30.0, 30.0)
    lower = Best(LPIPS("alex"), LOOKED_AT.data, every=1, evaluation=Evaluation())
    assert lower.better(0.1, 0.2)
    assert not lower.better(0.2, 0.1)


def test_a_look_that_never_comes_is_refused():
    with pytest.raises(DeclarationError, match="at least 1, not 0"):
        Best(PSNR(), LOOKED_AT.data, every=0, evaluation=Evaluation())
