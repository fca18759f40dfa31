from __future__ import annotations

import copy
from math import log1p
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from losses.adversarial import Adversarial
from losses.balanced import Balanced
from losses.every_output import EveryOutput
from losses.gated_adversarial import GatedAdversarial, GatedAdversarialLoss, held
from losses.l2 import L2
from losses.objective import Resources
from losses.progressive import Progressive


class Brightness(nn.Module):
    """A logit per image, from its mean alone: `bias` for black ones, `gain + bias` for white."""

    def __init__(self, gain: float, bias: float) -> None:
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.tensor(gain)), nn.Parameter(torch.tensor(bias))

    def forward(self, images: Tensor) -> Tensor:
        return self.gain * images.mean((1, 2, 3)) + self.bias


WHITE, BLACK = torch.ones(2, 3, 4, 4), torch.zeros(2, 3, 4, 4)
# Gain and bias of the logits for white images, which are real, and for black ones.
AHEAD, BEHIND, BOTH, BETWEEN = (20.0, -10.0), (-2.0, 1.0), (0.0, 10.0), (0.0, 0.0)


def _built(resources: Resources, state: tuple[float, float], **changes) -> GatedAdversarialLoss:
    spec = GatedAdversarial(Brightness(*state), **{"lr": 1e-2, "rms": 0.9, **changes})
    loss = spec.build(resources)
    assert isinstance(loss, GatedAdversarialLoss)
    return loss


def _moved(loss: GatedAdversarialLoss) -> bool:
    """Whether the discriminator's weights are others after its step on white and black."""
    weights = copy.deepcopy(loss.discriminator.state_dict())
    loss.before(BLACK, WHITE)
    return any(not torch.equal(v, weights[k]) for k, v in loss.discriminator.state_dict().items())


def test_discriminator_that_wins_waits(resources: Resources):
    loss = _built(resources, AHEAD)
    assert not _moved(loss)
    assert not loss.rests()
    assert not loss.optimizer.state_dict()["state"]


def test_network_waits_for_a_discriminator_that_loses(resources: Resources):
    loss = _built(resources, BEHIND)
    assert _moved(loss)
    assert loss.rests()


@pytest.mark.parametrize("state", [BOTH, BETWEEN])
def test_both_make_their_steps_where_both_would_wait_or_neither(
    resources: Resources, state: tuple[float, float]
):
    loss = _built(resources, state)
    assert _moved(loss)
    assert not loss.rests()


def test_who_waits_is_found_anew_in_each_step(resources: Resources):
    """A discriminator that loses learns until both make their steps, and then until it waits."""
    loss = _built(resources, BEHIND, lr=0.05)
    met = [(_moved(loss), loss.rests()) for _ in range(300)]
    assert list(dict.fromkeys(met)) == [(True, True), (True, False), (False, False)]


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ((0.29, 0.5), (True, False)),
        ((0.5, 0.29), (True, False)),
        ((0.5, 0.71), (False, True)),
        ((0.71, 0.5), (False, True)),
        ((0.3, 0.7), (False, False)),
        ((0.1, 0.9), (False, False)),
        ((0.9, 0.1), (False, False)),
    ],
)
def test_either_error_decides(errors: tuple[float, float], expected: tuple[bool, bool]):
    assert held(errors, (0.3, 0.7)) == expected


def test_errors_are_those_before_the_step_and_are_logged(resources: Resources):
    loss = _built(resources, BEHIND)
    loss.before(BLACK, WHITE)
    expected = log1p(2.718281828459045)  # of a logit of 1 on the wrong side, both times
    assert {k: v.item() for k, v in loss.numbers().items()} == pytest.approx(
        {"real": expected, "fake": expected}
    )


def test_discriminators_step_is_rmsprops(resources: Resources):
    """As the official code writes it out: x -= lr * g / (sqrt(m) + 1e-8), m = .9 m + .1 g^2."""
    loss = _built(resources, (0.2, 0.1), margins=(0.0, 100.0))
    expected = Brightness(0.2, 0.1)
    averages = [torch.zeros(()), torch.zeros(())]
    for _ in range(3):
        loss.before(BLACK, WHITE)
        errors = F.softplus(-expected(WHITE)).mean() + F.softplus(expected(BLACK)).mean()
        gradients = torch.autograd.grad(errors, list(expected.parameters()))
        for parameter, gradient, m in zip(expected.parameters(), gradients, averages, strict=True):
            m.mul_(0.9).add_(0.1 * gradient**2)
            parameter.data -= 1e-2 * gradient / (m.sqrt() + 1e-8)
    for a, b in zip(loss.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a.detach(), b.detach())


def test_wide_margins_without_rmsprop_are_the_plain_term(resources: Resources):
    gated = _built(resources, BEHIND, rms=None, margins=(0.0, 100.0))
    plain = Adversarial(Brightness(*BEHIND), lr=1e-2).build(resources)
    for _ in range(3):
        gated.before(BLACK, WHITE)
        plain.before(BLACK, WHITE)
        assert torch.equal(gated(BLACK, WHITE), plain(BLACK, WHITE))
        assert not gated.rests()
        assert not plain.rests()


WITHIN = {
    "alone": lambda term: term,
    "balanced": lambda term: Balanced(term, 1.0 * L2()),
    "progressive": lambda term: Progressive(term, {BLACK.shape[-1]: 1}),
    "every output": lambda term: EveryOutput(term, ("other",)),
}


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("state", [AHEAD, BEHIND])
def test_objective_rests_where_a_term_does(
    resources: Resources, state: tuple[float, float], within: str
):
    term = GatedAdversarial(Brightness(*state), lr=1e-2)
    objective = (L2() + 0.01 * WITHIN[within](term)).build(resources)
    objective.before(BLACK, WHITE, {"other": BLACK})
    assert objective.rests() is (state == BEHIND)
    assert not (1.0 * L2()).build(resources).rests()


def test_gated_adversarial_resumes_bit_exactly_from_a_file(resources: Resources, tmp_path: Path):
    straight = _built(resources, BEHIND)
    straight.before(BLACK, WHITE)
    torch.save(straight.state_dict(), tmp_path / "checkpoint.pt")
    straight.before(BLACK, WHITE)
    resumed = _built(resources, AHEAD)
    resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    resumed.before(BLACK, WHITE)
    for a, b in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert resumed.rests() == straight.rests()


def test_margins_are_checked():
    assert GatedAdversarial.symbol == "L_GAN"
    with pytest.raises(ValueError, match=r"the smaller first, not \(0\.7, 0\.3\)"):
        GatedAdversarial(Brightness, lr=1e-3, margins=(0.7, 0.3))
    with pytest.raises(ValueError, match="kind must be one of"):
        GatedAdversarial(Brightness, lr=1e-3, kind="hinge")
