from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor

from losses.l1 import L1, l1
from losses.l2 import L2, l2
from losses.objective import Loss, Objective, Resources, Term


@dataclass
class Calls:
    before: list[tuple[Tensor, Tensor, dict[str, Tensor]]] = field(default_factory=list)
    forward: list[tuple[Tensor, Tensor, dict[str, Tensor]]] = field(default_factory=list)


class SpyLoss(Loss):
    def __init__(self, calls: Calls):
        super().__init__()
        self.calls = calls

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        self.calls.before.append((pred, target, needs))

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        self.calls.forward.append((pred, target, needs))
        return sum(needs.values(), torch.zeros(())).sum()


@dataclass(frozen=True)
class Spy(Term):
    calls: Calls

    symbol: ClassVar[str] = "L_Spy"
    needs: ClassVar[tuple[str, ...]] = ("labels", "sigma")

    def build(self, resources: Resources) -> Loss:
        return SpyLoss(self.calls)


@dataclass(frozen=True)
class Sized(Term):
    size: int

    symbol: ClassVar[str] = "L_Sized"
    needs: ClassVar[tuple[str, ...]] = ("sigma", "noise_level")

    def build(self, resources: Resources) -> Loss:
        return Loss(lambda pred, target, sigma, noise_level: pred.sum() * self.size)


class Sourced(float):
    """A number that carries a note and prints as the number."""


@pytest.fixture
def images() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 4, 4, generator=generator), torch.rand(2, 3, 4, 4, generator=generator)


def test_objective_repr_reads_like_the_paper():
    assert repr(L1() + 0.01 * L2()) == "L1() + 0.01 * L2()"
    assert repr(L1() + L2() + 0.5 * Sized(3)) == "L1() + L2() + 0.5 * Sized(size=3)"
    assert repr(0.05 * (L1() + 2.0 * L2())) == "0.05 * L1() + 0.1 * L2()"
    assert repr(1.0 * L1()) == "L1()"


def test_objective_repr_is_one_for_one_objective():
    assert repr(2 * L1()) == repr(2.0 * L1()) == repr(Sourced(2) * L1())
    assert repr((L1() + L2()) + Sized(1)) == repr(L1() + (L2() + Sized(1)))
    assert repr(0.5 * (L1() + L2())) == repr(0.5 * L1() + 0.5 * L2())
    assert repr(L1() + Sized(1)) != repr(L1() + Sized(2))
    assert repr(L1() + L2()) != repr(L2() + L1())


def test_objective_is_a_flat_list_of_weights_and_terms():
    assert (L1() + 0.1 * (L2() + 0.5 * Sized(2))).terms == (
        (1.0, L1()),
        (0.1, L2()),
        (0.05, Sized(2)),
    )
    assert L1() + L2() == Objective(((1.0, L1()), (1.0, L2())))


def test_objective_weight_keeps_its_source():
    weight = Sourced(0.1)
    terms = (L1() + weight * L2() + weight * (L1() + L2())).terms
    assert [w is weight for w, _ in terms] == [False, True, True, True]


def test_objective_numbers_the_names_of_repeated_terms():
    assert (L1() + L2()).names == ("L_1", "L_2")
    assert (L1() + Sized(1) + L2() + Sized(2) + Sized(1)).names == (
        "L_1",
        "L_Sized (1)",
        "L_2",
        "L_Sized (2)",
        "L_Sized (3)",
    )


def test_objective_needs_each_entry_once():
    assert (L1() + L2()).needs == ()
    assert (Sized(1) + Spy(Calls())).needs == ("sigma", "noise_level", "labels")


def test_objective_computes_the_weighted_sum(resources: Resources, images: tuple[Tensor, Tensor]):
    pred, target = images
    total, values = (L1() + 0.25 * L2() + 2 * L2()).build(resources)(pred, target, {})
    torch.testing.assert_close(total, l1(pred, target) + 2.25 * l2(pred, target))
    assert list(values) == ["L_1", "L_2 (1)", "L_2 (2)"]
    assert values["L_1"] == l1(pred, target)
    assert values["L_2 (1)"] == values["L_2 (2)"] == l2(pred, target)
    assert total.ndim == 0


def test_objective_gradient_is_the_weighted_sum_and_values_are_detached(
    resources: Resources, images: tuple[Tensor, Tensor]
):
    pred, target = images
    pred.requires_grad_()
    total, values = (0.5 * L1() + 3 * L2()).build(resources)(pred, target, {})
    total.backward()
    difference = pred.detach() - target
    expected = (0.5 * difference.sign() + 3 * 2 * difference) / pred.numel()
    torch.testing.assert_close(pred.grad, expected)
    assert not any(v.requires_grad for v in values.values())


def test_objective_logs_a_term_of_weight_zero(resources: Resources, images: tuple[Tensor, Tensor]):
    total, values = (L1() + 0 * L2()).build(resources)(*images, {})
    assert total == l1(*images)
    assert values["L_2"] == l2(*images)


def test_objective_passes_each_term_just_what_it_needs(
    resources: Resources, images: tuple[Tensor, Tensor]
):
    calls = Calls()
    entries = {name: torch.rand(2) for name in ("labels", "sigma", "noise_level", "unasked")}
    (L1() + Spy(calls)).build(resources)(*images, entries)
    ((pred, target, needs),) = calls.forward
    assert pred is images[0]
    assert target is images[1]
    assert needs.keys() == {"labels", "sigma"}
    assert all(needs[name] is entries[name] for name in needs)


def test_objective_before_calls_each_term_once_with_detached_tensors(
    resources: Resources, images: tuple[Tensor, Tensor]
):
    calls = Calls()
    pred = images[0].requires_grad_() * 1
    entries = {"labels": torch.zeros(2), "sigma": torch.rand(2, requires_grad=True)}
    built = (L1() + Spy(calls) + 0.1 * L2()).build(resources)
    built.before(pred, images[1], entries)
    assert not calls.forward
    ((seen, target, needs),) = calls.before
    assert torch.equal(seen, pred)
    assert not seen.requires_grad
    assert target is images[1]
    assert needs.keys() == {"labels", "sigma"}
    assert not needs["sigma"].requires_grad
    built(pred, images[1], entries)
    assert len(calls.before) == 1
    assert pred.requires_grad


def test_objective_holds_the_state_of_its_terms(resources: Resources):
    class Counting(Loss):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("steps", torch.zeros(()))

    class Counted(Term):
        symbol = "L_Counted"

        def build(self, resources: Resources) -> Loss:
            return Counting()

    assert list((L1() + Counted()).build(resources).state_dict()) == ["losses.1.steps"]


def test_objective_refuses_what_is_not_a_term():
    for wrong in (3, L2, None):
        with pytest.raises(TypeError):
            L1() + wrong  # type: ignore[operator]
        with pytest.raises(TypeError):
            (L1() + L2()) + wrong  # type: ignore[operator]


def test_term_does_not_change_with_the_crop_by_default():
    assert L1().scaled(Fraction(1, 8), Fraction(1, 2)) == L1()


def test_learned_state_holds_what_learns_and_no_frozen_network(resources: Any) -> None:
    """A discriminator and its optimiser are kept, a segmenter and a VGG are not."""
    from losses.adversarial import Adversarial
    from losses.cross_entropy import CrossEntropy
    from losses.features import Features
    from losses.perceptual import Perceptual

    segmenter = torch.nn.Conv2d(3, 19, 1)
    segmenter.frozen = True  # type: ignore[assignment]
    features = Features("vgg16", ("conv1_1",), weights="random", width=1 / 32)
    critic = torch.nn.Conv2d(3, 1, 1)
    objective = L1() + Perceptual(features) + CrossEntropy(segmenter) + CrossEntropy(segmenter)
    built = (objective + Adversarial(critic, lr=1e-3)).build(resources)
    state = built.learned_state()
    assert state
    assert all(key.startswith("losses.4.") for key in state)
    built.load_learned_state(state)
    with pytest.raises(RuntimeError, match="lacks"):
        built.load_learned_state({})
