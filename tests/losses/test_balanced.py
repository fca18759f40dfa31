"""A term weighed by the size of its gradient: its weight, when that is measured, how it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from losses.adversarial import Adversarial
from losses.balanced import Balanced
from losses.d2sm import D2SM
from losses.features import Features
from losses.l1 import L1
from losses.l2 import L2
from losses.local_resources import LocalResources
from losses.objective import Loss, Objective, Resources, Term, WeightedSum
from losses.perceptual import Perceptual
from losses.scales import L1Scales

RESOURCES = LocalResources()
SHAPE = (2, 3, 8, 8)


def batch(seed: int, size: float = 1.0) -> tuple[Tensor, Tensor]:
    """A prediction with a graph, and a target."""
    generator = torch.Generator().manual_seed(seed)
    pred = (size * torch.rand(SHAPE, generator=generator)).requires_grad_()
    return pred, torch.rand(SHAPE, generator=generator)


def built(term: Term) -> Any:
    return term.build(RESOURCES).train()


def l2_norm(pred: Tensor, target: Tensor) -> Tensor:
    """The norm of the gradient of the mean square, by hand."""
    return (2 / pred.numel() * (pred - target)).detach().norm()


L1_NORM = torch.tensor(1 / (2 * 3 * 8 * 8)) * (2 * 3 * 8 * 8) ** 0.5  # each entry is sign / n


@pytest.mark.parametrize("share", [1.0, 0.25, 3.0])
def test_gradient_is_share_times_as_large_as_that_of_the_others(share: float) -> None:
    pred, target = batch(0)
    value = built(Balanced(L2(), 1.0 * L1(), share=share))(pred, target)
    (gradient,) = torch.autograd.grad(value, pred)
    torch.testing.assert_close(gradient.norm(), share * L1_NORM)


def test_others_are_weighed_against_with_their_own_weights() -> None:
    pred, target = batch(0)
    others = 2.0 * L1() + 0.5 * L1()
    loss = built(Balanced(L2(), others))
    loss(pred, target)
    torch.testing.assert_close(loss.weight.float(), 2.5 * L1_NORM / l2_norm(pred, target))


def test_weight_is_the_ratio_of_means_over_the_first_steps_and_then_stays() -> None:
    loss = built(Balanced(L2(), 1.0 * L1(), steps=3))
    norms, weights = [], []
    for seed in range(5):
        pred, target = batch(seed, size=1 + seed)
        norms.append(l2_norm(pred, target))
        loss(pred, target)
        weights.append(loss.weight.float())
    expected = [L1_NORM / torch.stack(norms[: n + 1]).mean() for n in range(3)]
    torch.testing.assert_close(weights, [*expected, expected[2], expected[2]])


def test_measuring_leaves_the_gradient_of_the_whole_objective() -> None:
    """... and a graph that can still be gone through: the term is computed once in a step."""
    pred, target = batch(1)
    objective = (L1() + Balanced(L2(), 1.0 * L1())).build(RESOURCES).train()
    total, values = objective(pred, target, {})
    total.backward()
    expected = (pred - target).sign().detach() / pred.numel()
    l2_gradient = (2 / pred.numel() * (pred - target)).detach()
    expected = expected + values["L_2 weight"].float() * l2_gradient
    torch.testing.assert_close(pred.grad, expected)


def test_log_has_the_weight_beside_the_weighed_value() -> None:
    pred, target = batch(1)
    objective = (L1() + Balanced(L2(), 1.0 * L1())).build(RESOURCES).train()
    _, values = objective(pred, target, {})
    assert list(values) == ["L_1", "L_2", "L_2 weight"]
    plain = (pred - target).square().mean().detach()
    torch.testing.assert_close(values["L_2"], plain * values["L_2 weight"].float())


def test_nothing_is_measured_where_nothing_is_trained() -> None:
    loss = built(Balanced(L2(), 1.0 * L1(), steps=9))
    loss(*batch(0))
    known = loss.weight.clone()
    pred, target = batch(1, size=9)
    loss.eval()(pred, target)
    with torch.no_grad():
        loss.train()(pred, target)
    assert torch.equal(loss.weight, known)


def test_weight_lasts_in_the_state_of_the_objective() -> None:
    declared = L1() + Balanced(L2(), 1.0 * L1(), steps=3)

    def go_on(objective: WeightedSum, seeds: range) -> list[float]:
        return [float(objective(*batch(s, size=1 + s), {})[0].detach()) for s in seeds]

    whole = declared.build(RESOURCES).train()
    expected = go_on(whole, range(6))
    for cut in (1, 2, 4):
        first, second = declared.build(RESOURCES).train(), declared.build(RESOURCES).train()
        go_on(first, range(cut))
        second.load_learned_state(first.learned_state())
        assert go_on(second, range(cut, 6)) == expected[cut:]


def test_term_without_a_gradient_is_an_error_and_no_division_by_zero() -> None:
    pred, target = batch(0)
    loss = built(Balanced(L2(), 1.0 * L1(), steps=3))
    for _ in range(2):
        assert loss(target.clone().requires_grad_(), target).item() == 0
    with pytest.raises(ValueError, match="L_2 has no gradient beside L1"):
        loss(target.clone().requires_grad_(), target)
    flat = Objective(((0.0, L1()),))
    assert built(Balanced(L2(), flat))(pred, target).item() == 0


def test_steps_without_a_gradient_are_not_averaged() -> None:
    """D2SM on a batch of two has none before its queue has something in it."""
    (pred, target), (other, _) = batch(0), batch(1)
    loss = built(Balanced(L2(), 1.0 * L1(), steps=3))
    assert loss(target.clone().requires_grad_(), target).item() == 0
    for image in (pred, other):
        loss(image, target)
    mean = (l2_norm(pred, target) + l2_norm(other, target)) / 2
    torch.testing.assert_close(loss.weight, (L1_NORM / mean).double())
    loss(batch(2)[0], target)  # the fourth step measures nothing
    torch.testing.assert_close(loss.weight, (L1_NORM / mean).double())


def test_d2sm_of_whole_images_in_batches_of_two_waits_for_its_queue() -> None:
    features = Features("vgg19", ("conv2_1",), weights="random", width=1 / 16)
    term = Balanced(D2SM(features, window=None, stride=None, queue=4), 1.0 * L2())
    loss, weights = built(term), []
    for seed in range(2):
        generator = torch.Generator().manual_seed(seed)
        clean = torch.rand(2, 3, 32, 32, generator=generator)
        noise = 0.1 * torch.randn(clean.shape, generator=generator)
        loss((clean + noise).requires_grad_(), clean)
        weights.append(float(loss.weight))
    assert weights[0] == 0
    assert weights[1] > 0


def test_a_gradient_that_is_no_number_is_left_to_the_loop_to_tell() -> None:
    pred, target = batch(0)
    bad = (pred * float("nan")).detach().requires_grad_()
    assert built(Balanced(L2(), 1.0 * L1()))(bad, target).isnan()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"share": 0.0}, "share"), ({"share": -1.0}, "share"), ({"steps": 0}, "steps")],
)
def test_declaration_is_checked(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"{message} must be"):
        Balanced(L2(), 1.0 * L1(), **wrong)


@dataclass(frozen=True)
class Needing(Term):
    """The mean, times sigma; keeps what it was given."""

    symbol: ClassVar[str] = "L_Needing"
    needs: ClassVar[tuple[str, ...]] = ("sigma",)

    def build(self, resources: Resources) -> Loss:
        return Loss(lambda pred, target, sigma: (sigma * pred).mean())


def test_bears_its_terms_name_and_takes_what_both_sides_take() -> None:
    term = Balanced(Needing(), 1.0 * L1Scales())
    assert term.symbol == "L_Needing"
    assert term.needs == ("sigma", "pred_half", "pred_quarter")
    pred, target = batch(0)
    half, quarter = target[..., ::2, ::2], target[..., ::4, ::4]
    objective = (1.0 * term).build(RESOURCES).train()
    entries = {"sigma": torch.tensor(3.0), "pred_half": half, "pred_quarter": quarter}
    total, _ = objective(pred, target, entries)
    (gradient,) = torch.autograd.grad(total, pred)
    torch.testing.assert_close(gradient.norm(), L1_NORM)


def test_own_step_of_a_term_is_made_once_before() -> None:
    steps: list[float] = []

    class Learning(Loss):
        def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
            steps.append(pred.sum().item())

        def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
            return pred.square().sum()

    @dataclass(frozen=True)
    class Learner(Term):
        symbol: ClassVar[str] = "L_Learner"

        def build(self, resources: Resources) -> Loss:
            return Learning()

    pred, target = batch(0)
    objective = (1.0 * Balanced(Learner(), 1.0 * L1())).build(RESOURCES).train()
    objective.before(pred, target, {})
    objective(pred, target, {})
    assert steps == [pred.sum().item()]


def test_sizes_of_the_term_are_scaled() -> None:
    @dataclass(frozen=True)
    class Sized(Term):
        size: Fraction = Fraction(8)
        symbol: ClassVar[str] = "L_Sized"

        def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
            return Sized(self.size * crop * batch)

    scaled = Balanced(Sized(), 1.0 * L1(), 2.0, 5).scaled(Fraction(1, 2), Fraction(1, 4))
    assert scaled == Balanced(Sized(Fraction(1)), 1.0 * L1(), 2.0, 5)


def test_features_stay_out_of_checkpoints() -> None:
    features = Features("vgg16", ("relu1_2",), weights="random", width=1 / 16)
    objective = (L1() + Balanced(Perceptual(features), 1.0 * L1())).build(RESOURCES)
    assert {key.split(".")[-1] for key in objective.learned_state()} == {
        "others_norm", "own_norm", "measured",
    }  # fmt: skip


def test_discriminators_can_be_balanced() -> None:
    critic = torch.nn.Sequential(torch.nn.Conv2d(3, 1, 3), torch.nn.Flatten())
    term = Balanced(Adversarial(critic, lr=1e-4), 1.0 * L1(), steps=1)
    pred, target = batch(0)
    objective = (1.0 * term).build(RESOURCES).train()
    objective.before(pred, target, {})
    total, _ = objective(pred, target, {})
    (gradient,) = torch.autograd.grad(total, pred)
    torch.testing.assert_close(gradient.norm(), L1_NORM)
