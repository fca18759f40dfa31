"""A term for a network that grows: sizes, weights, and all that the term has of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from losses.adversarial import Adversarial
from losses.balanced import Balanced
from losses.cross_entropy import CrossEntropy
from losses.features import Features
from losses.l1 import L1
from losses.l2 import L2, l2
from losses.objective import Loss, Objective, Resources, Term
from losses.perceptual import Perceptual
from losses.progressive import Progressive, halved

WEIGHTS = {32: 3.0, 64: 2.0, 128: 0.5}
FEATURES = Features("vgg16", ("relu1_2",), weights="random", width=1 / 16)


@dataclass
class Calls:
    forward: list[tuple[Tensor, Tensor, dict[str, Tensor]]] = field(default_factory=list)
    before: list[tuple[Tensor, Tensor, dict[str, Tensor]]] = field(default_factory=list)


class SpyLoss(Loss):
    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self.calls = calls

    def numbers(self) -> dict[str, Tensor]:
        return {"calls": torch.tensor(len(self.calls.forward))}

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        self.calls.before.append((pred, target, needs))

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        self.calls.forward.append((pred, target, needs))
        return pred.mean()


@dataclass(frozen=True)
class Spy(Term):
    """Keeps what it is given; `size` shrinks with everything."""

    calls: Calls = field(default_factory=Calls, compare=False, repr=False)
    size: Fraction = Fraction(8)
    symbol: ClassVar[str] = "L_Spy"
    needs: ClassVar[tuple[str, ...]] = ("points", "alpha")

    def build(self, resources: Resources) -> Loss:
        return SpyLoss(self.calls)

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        return Spy(self.calls, self.size * crop * batch * steps)


@pytest.fixture
def target() -> Tensor:
    """A photograph, (1, 3, 128, 128)."""
    from skimage import data

    return torch.from_numpy(data.astronaut()[40:168, 160:288].copy()).permute(2, 0, 1)[None] / 255


def entries() -> dict[str, Tensor]:
    points = torch.tensor([[[0.0, 127.0], [63.5, 10.0]]])
    return {"points": points, "alpha": torch.tensor(0.25)}


@pytest.mark.parametrize("side", [32, 64])
def test_halving_is_pillows_bilinear_resizing_one_after_the_other(
    target: Tensor, side: int
) -> None:
    image = Image.fromarray((255 * target[0].permute(1, 2, 0)).round().byte().numpy())
    while image.width > side:
        image = image.resize((image.width // 2,) * 2, Image.Resampling.BILINEAR)
    expected = torch.from_numpy(np.asarray(image).astype("f4") / 255).permute(2, 0, 1)[None]
    assert (halved(target, side) - expected).abs().max() < 1.6 / 255  # it rounds every time


def test_halving_in_two_steps_is_not_one_step(target: Tensor) -> None:
    at_once = nn.functional.interpolate(target, size=(32, 32), mode="bilinear", antialias=True)
    assert (halved(target, 32) - at_once).abs().max() > 2 / 255
    assert halved(target, 128) is target


@pytest.mark.parametrize("side", [100, 256, 48])
def test_other_sizes_are_told(target: Tensor, side: int) -> None:
    with pytest.raises(ValueError, match=f"128x128 cannot be halved until it is {side} wide"):
        halved(target, side)


@pytest.mark.parametrize("side", [32, 64, 128])
def test_value_is_the_weighed_term_at_the_size_of_pred(
    resources: Resources, target: Tensor, side: int
) -> None:
    pred = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    pred.requires_grad_()
    target = target.clone().requires_grad_()
    value = Progressive(L2(), WEIGHTS).build(resources)(pred, target)
    small = halved(target.detach(), side)
    torch.testing.assert_close(value, WEIGHTS[side] * l2(pred, small))
    value.backward()
    assert pred.grad is not None
    torch.testing.assert_close(
        pred.grad, WEIGHTS[side] * 2 * (pred.detach() - small) / pred.numel()
    )
    assert target.grad is None


def test_zero_at_equality(resources: Resources, target: Tensor) -> None:
    loss = Progressive(L1(), WEIGHTS).build(resources)
    assert loss(halved(target, 32), target) == 0


@pytest.mark.parametrize(("side", "scale"), [(32, 0.25), (64, 0.5), (128, 1.0)])
def test_points_are_brought_to_the_pixels_of_pred_and_the_rest_is_handed_on(
    resources: Resources, target: Tensor, side: int, scale: float
) -> None:
    """The centre of the first of four pixels lies 3/8 of a pixel before that of their block."""
    spy, given = Spy(), entries()
    loss = Progressive(spy, WEIGHTS).build(resources)
    pred = torch.rand(1, 3, side, side)
    loss.before(pred, target, **given)
    loss(pred, target, **given)
    first = {0.25: -0.375, 0.5: -0.25, 1.0: 0.0}[scale]
    expected = torch.tensor([[[first, 127 * scale + first], [63.5 * scale + first, 0.0]]])
    expected[0, 1, 1] = 10 * scale + first
    for seen, small, needs in (*spy.calls.before, *spy.calls.forward):
        assert seen is pred
        torch.testing.assert_close(small, halved(target, side))
        torch.testing.assert_close(needs["points"], expected)
        assert needs["alpha"] is given["alpha"]
    assert len(spy.calls.before) == len(spy.calls.forward) == 1
    assert torch.equal(given["points"], entries()["points"])


def test_weight_zero_computes_nothing_and_has_no_gradient(
    resources: Resources, target: Tensor
) -> None:
    spy = Spy()
    loss = Progressive(spy, {32: 0, 64: 1}).build(resources)
    pred = torch.rand(1, 3, 32, 32).requires_grad_()
    loss.before(pred, target, **entries())
    value = loss(pred, target, **entries())
    value.backward()
    assert value.item() == 0
    assert pred.grad is not None
    assert not pred.grad.any()
    assert not spy.calls.before
    assert not spy.calls.forward


def test_sizes_without_a_weight_are_told(resources: Resources, target: Tensor) -> None:
    loss = Progressive(L2(), {32: 1, 64: 1}).build(resources)
    with pytest.raises(ValueError, match=r"128 pixels wide has no weight.*32, 64"):
        loss(target, target)


def test_declaration_is_hashable_readable_and_like_its_term() -> None:
    term = Progressive(Spy(), WEIGHTS)
    assert term.symbol == "L_Spy"
    assert term.needs == ("points", "alpha")
    assert (1.0 * term).names == ("L_Spy",)
    assert repr(Progressive(L2(), WEIGHTS)) == (
        "Progressive(term=L2(), pairs=((32, 3.0), (64, 2.0), (128, 0.5)))"
    )
    assert Progressive(L2(), WEIGHTS) == Progressive(L2(), tuple(WEIGHTS.items()))
    assert len({Progressive(L2(), WEIGHTS), Progressive(L2(), dict(WEIGHTS))}) == 1


@pytest.mark.parametrize("pairs", [{}, ((32, 1.0), (32, 2.0))])
def test_wrong_weights_are_told(pairs: Any) -> None:
    with pytest.raises(ValueError, match="every width has one weight"):
        Progressive(L2(), pairs)


def test_sizes_of_the_term_and_widths_are_scaled() -> None:
    half, whole = Fraction(1, 2), Fraction(1)
    term = Progressive(Spy(), {64: 1.0, 128: 2.0})
    assert term.scaled(whole, half, half) == Progressive(Spy(size=Fraction(2)), term.pairs)
    smaller = Progressive(Spy(size=Fraction(4)), {32: 1.0, 64: 2.0})
    assert term.scaled(half, whole) == smaller


def test_log_has_what_the_term_shows(resources: Resources, target: Tensor) -> None:
    objective = (1.0 * Progressive(Spy(), WEIGHTS)).build(resources)
    _, values = objective(torch.rand(1, 3, 32, 32), target, entries())
    assert values["L_Spy calls"] == 1


def test_discriminators_inside_are_kept_and_frozen_networks_left_out(
    resources: Resources, target: Tensor
) -> None:
    segmenter = nn.Conv2d(3, 19, 1)
    critic = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Conv2d(3, 1, 4))
    terms = (Perceptual(FEATURES), CrossEntropy(segmenter), Adversarial(critic, lr=1e-3))
    objective = Objective(tuple((1.0, Progressive(t, WEIGHTS)) for t in terms)).build(resources)
    labels = {"labels": torch.zeros(1, 128, 128, dtype=torch.int64)}
    state = {k: str(v) for k, v in objective.learned_state().items()}
    assert state
    assert all(key.startswith("losses.2.inner.") for key in state)
    objective.before(torch.rand(1, 3, 32, 32), target, labels)
    learned = objective.learned_state()
    assert (
        str(learned["losses.2.inner.discriminator.1.weight"])
        != (state["losses.2.inner.discriminator.1.weight"])
    )
    objective.load_learned_state(learned)


def test_can_be_balanced_where_it_weighs_something(resources: Resources, target: Tensor) -> None:
    """Its first size weighs nothing: such steps have no gradient and count in no average."""
    term = Balanced(Progressive(L2(), {32: 0, 64: 5}), 1.0 * Progressive(L1(), {32: 1, 64: 1}))
    loss = term.build(resources).train()
    for side in (32, 64):
        pred = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(1))
        value = loss(pred.requires_grad_(), target)
    (found,) = torch.autograd.grad(value, pred)
    assert found.norm().item() == pytest.approx(pred.numel() ** -0.5)  # that of L_1
