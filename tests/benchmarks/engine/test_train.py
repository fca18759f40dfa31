"""The training loop: what a step does, what a checkpoint holds, what ends a run."""

import copy
import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import ClassVar

import pytest
import quick
import tiny
import torch
from torch import nn

from benchmarks.declare.runs import Released, Run, network
from benchmarks.declare.training import SGD, Adam, Held, MultiStep, RMSprop
from benchmarks.engine import train as module
from benchmarks.engine.train import Checkpoints, Trainee, TrainingError, train
from datasets.degradations.luma_jpeg import LumaJPEGCompressed
from losses.d2sm import D2SM
from losses.gated_adversarial import GatedAdversarial
from losses.l1 import L1
from losses.local_resources import LocalResources
from losses.objective import Loss, Term

STEPS = 6
TRAINING = replace(quick.TRAINING, steps=STEPS, schedule=MultiStep((2, 5), 0.5))
RUN = Run(network(tiny.TinyDenoiser), 1.0 * L1(), quick.TRAIN, TRAINING)


class OnePlane(nn.Module):
    """A network of one channel in and one out."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, plane):
        return self.body(plane)


@dataclass(frozen=True)
class Drawn(Term):
    """L1 with a weight that torch's generator draws anew at each step."""

    symbol: ClassVar[str] = "L_Drawn"

    def build(self, resources):
        return Loss(lambda pred, target: (pred - target).abs().mean() * torch.rand(()))


@dataclass(frozen=True)
class Counted(Term):
    """L1 times the number of steps that it has seen, which is state of its own."""

    symbol: ClassVar[str] = "L_Counted"
    needs: ClassVar[tuple[str, ...]] = ("sigma",)

    def build(self, resources):
        return CountedLoss()


class Dropping(nn.Module):
    """A discriminator with dropout, whose masks torch's generator draws."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Dropout2d(0.5), nn.Conv2d(8, 1, 3))

    def forward(self, images):
        return self.body(images)


@dataclass(frozen=True)
class Resting(Term):
    """L1 that wants the network to rest in its odd or its even steps."""

    odd: bool
    symbol: ClassVar[str] = "L_Resting"

    def build(self, resources):
        return RestingLoss(self.odd)


class RestingLoss(Loss):
    def __init__(self, odd):
        super().__init__(lambda pred, target: (pred - target).abs().mean())
        self.odd, self.steps = odd, 0

    def before(self, pred, target):
        self.steps += 1

    def rests(self):
        return self.steps % 2 == self.odd


class CountedLoss(Loss):
    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros(()))

    def before(self, pred, target, sigma):
        assert not pred.requires_grad
        assert sigma.shape == pred.shape[:1]
        self.steps += 1

    def forward(self, pred, target, sigma):
        return (pred - target).abs().mean() * self.steps


@dataclass(frozen=True)
class Spoiled(Term):
    """A finite loss; at its third call the loss or its gradient becomes `value`."""

    value: float
    where: str
    symbol: ClassVar[str] = "L_Spoiled"

    def build(self, resources):
        calls = []

        def spoiled(pred, target):
            calls.append(1)
            if len(calls) == 3 and self.where == "gradient":
                pred.register_hook(lambda gradient: gradient * self.value)
            error = (pred - target).abs().mean()
            return error * self.value if len(calls) == 3 and self.where == "loss" else error

        return Loss(spoiled)


class Kept:
    """Checkpoints in memory."""

    def __init__(self, load=None, every=0.0, log_every=1):
        self.saved, self.logged, self.told = [], [], []
        self.checkpoints = Checkpoints(
            load=lambda: load,
            save=lambda state: self.saved.append(copy.deepcopy(state)),
            log=self.logged.append,
            progress=lambda *done: self.told.append(done),
            every=every,
            log_every=log_every,
        )


def trained(run, kept=None, start=None, workers=0):
    checkpoints = (kept or Kept(every=math.inf)).checkpoints
    images = run.data.data.open(None)
    return train(run, images, LocalResources(), checkpoints, start, workers)


def weights(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


OBJECTIVES = {
    "optimiser and schedule": 1.0 * L1(),
    "random numbers": L1() + 1.0 * Drawn(),
    "state of a loss": L1() + 1.0 * Counted(),
    "queue of D2SM": L1() + 0.1 * D2SM(tiny.FEATURES, window=8, stride=4, queue=6),
    "dropout and RMSprop of a discriminator": L1()
    + 0.1 * GatedAdversarial(Dropping, lr=1e-2, rms=0.9, margins=(0.6, 0.75)),
}


@pytest.mark.parametrize("kind", OBJECTIVES)
@pytest.mark.parametrize("step", [1, 3, STEPS])
def test_resumed_training_ends_with_the_same_bits(kind, step):
    run = replace(RUN, objective=OBJECTIVES[kind])
    straight = Kept()
    expected = weights(trained(run, straight))
    resumed = Kept(load=straight.saved[step - 1])
    torch.manual_seed(99)  # another process has another generator
    assert same(weights(trained(run, resumed)), expected)
    assert resumed.logged == straight.logged[step:]


@pytest.mark.parametrize("optimizer", [Adam(1e-2), SGD(1e-2), RMSprop(1e-2, weight_decay=0.1)])
@pytest.mark.parametrize("odd", [True, False])
def test_steps_at_which_the_network_rests_leave_it_and_its_optimiser(odd, optimizer):
    """The schedule goes on: it is counted in steps of the run."""
    training = replace(TRAINING, optimizer=optimizer)
    kept = Kept()
    trained(replace(RUN, objective=1.0 * Resting(odd), training=training), kept)
    states = [Trainee(replace(RUN, training=training), LocalResources(), None).checkpoint()]
    states += kept.saved
    for step, (before, after) in enumerate(pairwise(states), start=1):
        rests = step % 2 == odd
        assert same(before["network"], after["network"]) is rests
        moments = [s["optimizer"]["state"].get(0, {}) for s in (before, after)]
        assert same(*moments) is rests
    expected = [1e-2, 5e-3, 5e-3, 5e-3, 2.5e-3, 2.5e-3]
    assert [line["lr"] for line in kept.logged] == expected


def test_log_has_the_next_learning_rate_and_every_term():
    kept = Kept(log_every=1)
    trained(replace(RUN, objective=L1() + 1.0 * Drawn()), kept)
    assert [line["step"] for line in kept.logged] == [1, 2, 3, 4, 5, 6]
    assert [line["lr"] for line in kept.logged] == [1e-3, 5e-4, 5e-4, 5e-4, 2.5e-4, 2.5e-4]
    assert all(line.keys() == {"step", "lr", "L_1", "L_Drawn"} for line in kept.logged)
    assert all(line["L_Drawn"] < line["L_1"] for line in kept.logged)


@pytest.mark.parametrize(("every", "logged"), [(4, [4, 6]), (3, [3, 6]), (20, [6])])
def test_log_has_every_so_many_steps_and_the_last(every, logged):
    kept = Kept(log_every=every)
    trained(RUN, kept)
    assert [line["step"] for line in kept.logged] == logged
    assert kept.told == [(step, STEPS) for step in range(1, STEPS + 1)]


def test_checkpoints_are_saved_when_their_time_has_come(monkeypatch):
    """A clock that ticks once when it is asked: once in each step, and once more after saving."""
    ticks = iter(range(100))
    kept = Kept(every=2.0)
    with monkeypatch.context() as patched:
        patched.setattr(module.time, "monotonic", lambda: float(next(ticks)))
        trained(RUN, kept)
    assert [saved["step"] for saved in kept.saved] == [2, 4, 6]


def test_no_checkpoint_before_its_time():
    kept = Kept(every=1000.0)
    trained(RUN, kept)
    assert kept.saved == []


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_loss_that_is_not_finite_ends_the_run(value):
    run = replace(RUN, objective=L1() + 2.0 * Spoiled(value, "loss"))
    shown = r"the loss is not finite at step 3: L_1 = 0\.\d+, L_Spoiled = " + str(value)
    kept = Kept()
    with pytest.raises(TrainingError, match=shown):
        trained(run, kept)
    assert len(kept.saved) == 2  # the last good state is kept


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weights_that_are_not_finite_are_no_result(value):
    """The last loss was finite, and what its gradient did is seen by no loss."""
    training = replace(TRAINING, steps=3)
    run = replace(RUN, objective=1.0 * Spoiled(value, "gradient"), training=training)
    with pytest.raises(TrainingError, match=r"body\.0\.weight is not finite after step 3"):
        trained(run)


def test_result_is_in_evaluation_mode():
    assert not trained(RUN).training
    assert Trainee(RUN, LocalResources(), None).network.training


def test_start_takes_the_place_of_the_initialisation():
    still = replace(RUN, training=replace(TRAINING, optimizer=Adam(lr=0.0)))
    start = {name: torch.rand_like(value) for name, value in trained(still).state_dict().items()}
    assert same(weights(trained(still, start=start)), start)
    assert same(weights(trained(still)), weights(trained(still)))
    assert not same(weights(trained(still)), start)


def test_a_start_may_be_of_a_part_of_the_network():
    still = replace(RUN, training=replace(TRAINING, optimizer=Adam(lr=0.0)))
    released = Released(network(OnePlane), "part.pth", "", part="body.0")
    body = {n: torch.rand_like(v) for n, v in trained(still).body[0].state_dict().items()}
    found = trained(replace(still, start=released), start=body)
    assert same(weights(found.body[0]), body)
    assert same(weights(found.body[-1]), weights(trained(still).body[-1]))


def test_a_module_that_is_held_learns_nothing_until_then():
    held = replace(RUN, training=replace(TRAINING, held=Held("body.0", steps=STEPS)))
    before = Trainee(RUN, LocalResources(), None).network
    after = trained(held)
    assert same(weights(after.body[0]), weights(before.body[0]))
    assert not same(weights(after.body[-1]), weights(before.body[-1]))
    released = replace(held, training=replace(TRAINING, held=Held("body.0", steps=STEPS - 1)))
    assert not same(weights(trained(released).body[0]), weights(before.body[0]))


def test_seed_decides_initialisation_and_samples():
    still = replace(RUN, training=replace(TRAINING, optimizer=Adam(lr=0.0)))
    other = replace(still, seed=1)
    assert not same(weights(trained(still)), weights(trained(other)))
    start, logs = weights(trained(still)), []
    for run in (still, still, other):
        kept = Kept()
        trained(run, kept, start)
        logs.append([line["L_1"] for line in kept.logged])
    assert logs[0] == logs[1]
    assert logs[0] != logs[2]


def test_terms_draw_other_numbers_than_the_initialisation():
    """Whether a run starts from weights does not change what its terms draw."""
    still = replace(TRAINING, optimizer=Adam(lr=0.0))
    run = replace(RUN, objective=1.0 * Drawn(), training=still)
    logs = []
    for start in (None, weights(trained(run))):
        kept = Kept()
        trained(run, kept, start)
        logs.append(kept.logged)
    assert logs[0] == logs[1]


def test_a_single_term_is_an_objective():
    assert same(weights(trained(replace(RUN, objective=L1()))), weights(trained(RUN)))


def test_images_of_one_channel_are_trained_on():
    data = LumaJPEGCompressed(quick.Cards((60, 120), slope=3), quality=10)
    training = replace(TRAINING, steps=40, optimizer=Adam(0.02))
    kept = Kept(every=math.inf)
    result = trained(replace(RUN, network=network(OnePlane), data=data, training=training), kept)
    assert result(torch.rand(2, 1, 8, 8)).shape == (2, 1, 8, 8)
    losses = [line["L_1"] for line in kept.logged]
    assert losses[-1] < losses[0] / 2
