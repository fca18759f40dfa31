"""One term for several outputs of a network."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from losses.adversarial import Adversarial
from losses.every_output import EveryOutput
from losses.l1 import L1
from losses.l2 import L2
from losses.objective import Loss, Resources, Term
from losses.transmission import Transmission

STEPS = ("sr_1", "sr_2", "sr_3")


def outputs(names: tuple[str, ...], target: Tensor) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(target.shape, generator=generator) for name in ("pred", *names)}


def test_the_sum_is_that_of_the_term_on_each_output(resources: Resources) -> None:
    target = torch.full((2, 3, 4, 5), 0.5)
    entries = outputs(STEPS, target)
    objective = 2 * EveryOutput(L1(), STEPS)
    total, values = objective.build(resources)(entries.pop("pred"), target, entries)
    again = outputs(STEPS, target)
    expected = sum((again[name] - target).abs().double().mean() for name in ("pred", *STEPS))
    assert values["L_1"].item() == pytest.approx(float(expected), rel=1e-6)
    assert total.item() == pytest.approx(2 * float(expected), rel=1e-6)


def test_nothing_is_left_where_every_output_is_the_target(resources: Resources) -> None:
    target = torch.rand(1, 3, 4, 4)
    loss = EveryOutput(L2(), ("coarse",)).build(resources)
    assert loss(target, target, coarse=target).item() == 0
    assert loss(target, target, coarse=1 - target).item() > 0


def test_gradient_reaches_every_output_and_not_the_target(resources: Resources) -> None:
    target = torch.rand(2, 3, 4, 5, requires_grad=True)
    entries = {
        name: output.requires_grad_() for name, output in outputs(("coarse",), target).items()
    }
    loss = EveryOutput(L2(), ("coarse",)).build(resources)
    loss(entries["pred"], target, coarse=entries["coarse"]).backward()
    assert target.grad is None
    for output in entries.values():
        expected = 2 * (output - target).detach() / target.numel()
        torch.testing.assert_close(output.grad, expected)


def test_what_the_term_needs_goes_to_each_and_is_asked_for_once(resources: Resources) -> None:
    """The inner term compares the same maps each time."""
    term = EveryOutput(Transmission(), ("coarse", "coarse_transmission"))
    maps = ("fine_transmission", "transmission")
    assert term.needs == ("coarse", "coarse_transmission", *maps)
    needs = {name: torch.full((1, 1, 2, 2), 0.5) for name in (*maps, "coarse")}
    image = torch.rand(1, 3, 2, 2)
    found = term.build(resources)(
        image, image, **needs, coarse_transmission=torch.full((1, 1, 2, 2), 0.25)
    )
    assert found.item() == 3 * 0.25**2


def test_the_name_is_the_terms_and_the_identity_is_its_own() -> None:
    term = EveryOutput(L1(), STEPS)
    assert term.symbol == "L_1"
    assert repr(term) == "EveryOutput(term=L1(), outputs=('sr_1', 'sr_2', 'sr_3'))"
    assert repr(term) != repr(EveryOutput(L2(), STEPS))
    assert (1.0 * term).names == ("L_1",)


@dataclass(frozen=True)
class Sized(Term):
    """Remembers by which factors it was scaled."""

    factors: tuple[Fraction, ...] = ()
    symbol: ClassVar[str] = "L_sized"

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        return Sized((crop, batch, steps))


def test_the_terms_own_sizes_are_scaled() -> None:
    factors = Fraction(1, 2), Fraction(1, 4), Fraction(1, 8)
    found = EveryOutput(Sized(), STEPS).scaled(*factors)
    assert found == EveryOutput(Sized(factors), STEPS)


class Judge(nn.Module):
    """Calls an image real by its mean, and counts what it was shown."""

    inputs: ClassVar[tuple[str, ...]] = ("pred",)

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.ones(()))
        self.shown: list[float] = []

    def forward(self, images: Tensor) -> Tensor:
        self.shown.append(round(images.mean().item(), 3))
        return self.slope * images.mean(dim=(1, 2, 3))


def test_every_output_has_a_discriminator_of_its_own_that_makes_one_step(
    resources: Resources,
) -> None:
    objective = 1.0 * EveryOutput(Adversarial(Judge, lr=0.1), ("coarse",))
    built = objective.build(resources)
    pred, coarse, target = (torch.full((1, 3, 2, 2), value) for value in (0.25, 0.375, 1.0))
    built.before(pred, target, {"coarse": coarse})
    loss: Any = built.losses[0]
    judges = [own.discriminator for own in loss.losses]
    assert [judge.shown for judge in judges] == [[1.0, 0.25], [1.0, 0.375]]
    # Adam's first step is as long as its learning rate.
    assert [judge.slope.item() for judge in judges] == pytest.approx([1.1, 1.1], abs=1e-5)
    assert {"losses.0.losses.0.discriminator.slope", "losses.0.losses.1.discriminator.slope"} < set(
        built.learned_state()
    )


class Counting(Loss):
    """Shows the largest value of what it was given last."""

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        self.largest = pred.max()
        return self.largest

    def numbers(self) -> dict[str, Tensor]:
        return {"largest": self.largest}


@dataclass(frozen=True)
class Largest(Term):
    symbol: ClassVar[str] = "L_largest"

    def build(self, resources: Resources) -> Loss:
        return Counting()


def test_numbers_bear_their_outputs_names(resources: Resources) -> None:
    built = (1.0 * EveryOutput(Largest(), ("coarse",))).build(resources)
    pred, coarse = torch.full((1, 3, 2, 2), 0.25), torch.full((1, 3, 2, 2), 0.5)
    _, values = built(pred, pred, {"coarse": coarse})
    assert {name: value.item() for name, value in values.items()} == {
        "L_largest": 0.75,
        "L_largest pred largest": 0.25,
        "L_largest coarse largest": 0.5,
    }


@pytest.mark.parametrize("names", [(), ("pred",), ("sr_1", "sr_1")])
def test_outputs_that_make_no_sum_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="besides 'pred'"):
        EveryOutput(L1(), names)


def test_an_output_of_another_size_is_refused(resources: Resources) -> None:
    image = torch.rand(1, 3, 4, 4)
    with pytest.raises(ValueError, match="crop or convert"):
        EveryOutput(L1(), ("half",)).build(resources)(image, image, half=image[..., :2, :2])
