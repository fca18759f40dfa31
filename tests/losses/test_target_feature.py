"""L_feat: two networks that learn side by side, each from the other's features."""

from __future__ import annotations

import copy
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from losses.feature_distances import DISTANCES
from losses.feature_distillation import FeatureDistillation
from losses.l1 import L1, l1
from losses.local_resources import LocalResources
from losses.objective import Resources
from losses.target_feature import MutualLearning, PartnerLoss, TargetFeature


class Pair(nn.Module):
    """Two convolutions with a ReLU between them, whose output is handed out; no way around."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)

    def __init__(self, seed: int = 0, features: int = 8):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.encoder = nn.Conv2d(3, features, 3, padding=1)
            self.decoder = nn.Conv2d(features, 3, 3, padding=1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        feature = self.encoder(image).relu()
        return self.decoder(feature), feature


class Told(Pair):
    """The same for a network that takes the noise level, which here shifts the image."""

    inputs: ClassVar[tuple[str, ...]] = ("input", "sigma")

    def forward(self, image: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return super().forward(image + sigma.view(-1, 1, 1, 1))


def _built(resources: Resources, partner: nn.Module | None = None, **changes: Any) -> PartnerLoss:
    settings = {"lr": 1e-2, **changes}
    return TargetFeature(partner or Pair(1), ("feature",), **settings).build(resources)


def _step(loss: PartnerLoss, restorer: Pair, noisy: Tensor, clean: Tensor) -> Tensor:
    """One step as the training loop makes it, without the restorer's optimiser."""
    pred, feature = restorer(noisy)
    loss.before(pred.detach(), clean, feature=feature.detach())
    return loss(pred, clean, feature=feature)


def test_restorer_gets_a_gradient_and_the_extractor_none(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    restorer, loss = Pair(), _built(resources)
    _step(loss, restorer, noisy, photographs).backward()
    gradient = restorer.encoder.weight.grad
    assert gradient is not None
    assert gradient.isfinite().all()
    assert gradient.abs().max() > 0
    assert restorer.decoder.weight.grad is None  # behind the supervised layer
    assert all(p.grad is None for p in loss.parameters())


def test_extractors_step_reaches_the_restorer_nowhere(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    restorer, loss = Pair(), _built(resources)
    pred, feature = restorer(noisy)
    loss.before(pred, photographs, feature=feature.detach())
    assert all(p.grad is None for p in restorer.parameters())
    assert not any(p.requires_grad for p in loss.parameters())


def test_before_is_one_adam_step_of_equation_11(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    restorer, loss, expected = Pair(), _built(resources, restraint=0.1), Pair(1)
    optimizer = torch.optim.Adam(expected.parameters(), lr=1e-2, betas=(0.9, 0.999), eps=1e-8)
    feature = restorer(noisy)[1].detach()
    for _ in range(3):
        loss.before(noisy, photographs, feature=feature)
        image, own = expected(photographs)
        value = (image - photographs).abs().mean() + 0.1 * (own - feature).square().mean()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    for a, b in zip(loss.partner.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a.detach(), b.detach())


@pytest.mark.parametrize("distance", DISTANCES)
def test_value_is_the_distance_to_the_features_before_the_step(
    resources: Resources, photographs: Tensor, noisy: Tensor, distance: str
) -> None:
    restorer, partner = Pair(), Pair(1)
    loss = _built(resources, copy.deepcopy(partner), distance=distance)
    value = _step(loss, restorer, noisy, photographs)
    with torch.no_grad():
        expected = DISTANCES[distance](restorer(noisy)[1], partner(photographs)[1])
    torch.testing.assert_close(value.detach(), expected)


def test_features_are_compared_in_their_unit(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    restorer, partner = Pair(), Pair(1)
    plain = _step(_built(resources, copy.deepcopy(partner)), restorer, noisy, photographs)
    in_grey_levels = _built(resources, copy.deepcopy(partner), unit=255)
    scaled = _step(in_grey_levels, restorer, noisy, photographs)
    torch.testing.assert_close(scaled, plain / 255**2)


def test_features_of_one_batch_do_not_supervise_the_next(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    restorer, loss = Pair(), _built(resources)
    _step(loss, restorer, noisy, photographs)
    _, feature = restorer(noisy)
    other = loss(noisy, photographs.flip(0), feature=feature)
    with torch.no_grad():
        expected = (feature - loss.partner(photographs.flip(0))[1]).square().mean()
    torch.testing.assert_close(other, expected)


def test_extractor_learns_the_target_and_its_features_do_not_collapse(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    """Features of different places and of different targets stay apart while L_rec falls."""
    restorer, loss = Pair(), _built(resources, Pair(1, features=8), lr=3e-3)
    optimizer = torch.optim.Adam(restorer.parameters(), lr=3e-3)
    rebuilt = []
    for _ in range(150):
        pred, feature = restorer(noisy)
        loss.before(pred.detach(), photographs, feature=feature.detach())
        total = l1(pred, photographs) + loss(pred, photographs, feature=feature)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        rebuilt.append(float(loss.numbers()["L_rec"]))
    assert rebuilt[-1] < 0.3 * rebuilt[0]
    with torch.no_grad():
        ours, others = (loss.partner(image)[1] for image in (photographs, photographs.flip(-1)))
    assert ours.std(dim=(0, 2, 3)).max() > 0.1  # not one value everywhere
    assert (ours - others).abs().mean() > 0.1 * ours.abs().mean()  # it follows the target
    # The image is in the features: what decodes them has learnt more than its mean colour.
    mean_colour = (photographs - photographs.mean((2, 3), keepdim=True)).abs().mean()
    assert rebuilt[-1] < 0.5 * float(mean_colour)


def test_restraint_draws_the_extractor_to_the_restorer(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    feature = Pair()(noisy)[1].detach()
    distances = {}
    for restraint in (0.0, 10.0):
        loss = _built(resources, Pair(1), restraint=restraint, lr=3e-3)
        for _ in range(60):
            loss.before(noisy, photographs, feature=feature)
        with torch.no_grad():
            distances[restraint] = float((loss.partner(photographs)[1] - feature).square().mean())
    assert distances[10.0] < 0.5 * distances[0.0]


def test_mutual_learning_is_symmetric(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    """With the roles changed, each network gets in one place what it gave in the other."""

    def gradients(restorer: Pair, peer: Pair) -> tuple[list[Tensor], Tensor]:
        """Of the restorer's whole objective, and the peer's weights after its step."""
        spec = MutualLearning(copy.deepcopy(peer), ("feature",), lr=1e-2)
        loss, restorer = spec.build(resources), copy.deepcopy(restorer)
        pred, feature = restorer(noisy)
        loss.before(pred.detach(), photographs, feature=feature.detach(), input=noisy)
        total = l1(pred, photographs) + loss(pred, photographs, feature=feature, input=noisy)
        total.backward()
        found = [p.grad for p in restorer.parameters() if p.grad is not None]
        return found, loss.partner.get_parameter("encoder.weight").detach().clone()

    a, b = Pair(0), Pair(1)
    of_a, stepped_b = gradients(a, b)
    _, stepped_a = gradients(b, a)
    optimizer = torch.optim.Adam(a.parameters(), lr=1e-2)
    for parameter, gradient in zip(a.parameters(), of_a, strict=True):
        parameter.grad = gradient
    optimizer.step()
    torch.testing.assert_close(a.encoder.weight.detach(), stepped_a)
    assert not torch.equal(stepped_b, Pair(1).encoder.weight)


def test_mutual_learning_shows_the_peer_what_the_restorer_sees(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    term = MutualLearning(Told(1), ("feature",), lr=1e-2, sees=("input", "sigma"))
    assert term.needs == ("feature", "input", "sigma")
    sigma = torch.tensor([0.5, 1.0])
    needs = {"feature": Pair()(noisy)[1].detach(), "input": noisy, "sigma": sigma}
    value = term.build(resources)(noisy, photographs, **needs)
    with torch.no_grad():
        expected = (needs["feature"] - Told(1)(noisy, sigma)[1]).square().mean()
    torch.testing.assert_close(value, expected)


def test_an_extractor_is_told_that_there_is_no_noise(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    feature = Pair()(noisy)[1].detach()
    told, plain = (
        _built(resources, p)(noisy, photographs, feature=feature) for p in (Told(1), Pair(1))
    )
    torch.testing.assert_close(told, plain)


def test_an_extractor_cannot_be_given_anything_else(
    resources: Resources, photographs: Tensor
) -> None:
    class Deep(Pair):
        inputs: ClassVar[tuple[str, ...]] = ("input", "depth")

    with pytest.raises(ValueError, match="target features cannot be given 'depth'"):
        _built(resources, Deep())(photographs, photographs, feature=photographs)


def test_a_partner_with_another_number_of_features_is_refused(
    resources: Resources, photographs: Tensor
) -> None:
    loss = TargetFeature(Pair(), ("first", "second"), lr=1e-3).build(resources)
    with pytest.raises(
        ValueError, match="gives 1 features beside its image, but 2 of the restorer"
    ):
        loss(photographs, photographs, first=photographs, second=photographs)


def test_features_of_another_size_are_refused(resources: Resources, photographs: Tensor) -> None:
    with pytest.raises(ValueError, match="supervised features must have one size"):
        _built(resources)(photographs, photographs, feature=torch.zeros(2, 8, 48, 48))


def test_rate_is_halved_as_declared_and_in_proportion(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    term = TargetFeature(Pair(), ("feature",), lr=1e-2, halve_every=150_000)
    short = term.scaled(Fraction(1, 2), Fraction(1, 4), Fraction(20, 1_500_000))
    assert short == TargetFeature(term.partner, ("feature",), lr=1e-2, halve_every=2)
    loss = TargetFeature(Pair(), ("feature",), lr=1e-2, halve_every=2).build(resources)
    rates = []
    for _ in range(5):
        rates.append(loss.optimizer.param_groups[0]["lr"])
        loss.before(noisy, photographs, feature=torch.zeros(2, 8, 96, 96))
    assert rates == [1e-2, 1e-2, 5e-3, 5e-3, 2.5e-3]
    constant = TargetFeature(Pair(), ("feature",), lr=1e-2)
    assert constant.scaled(Fraction(1), Fraction(1), Fraction(1, 9)) is constant


def test_partner_resumes_bit_exactly_from_a_file(
    resources: Resources, photographs: Tensor, noisy: Tensor, tmp_path: Path
) -> None:
    feature = torch.zeros(2, 8, 96, 96)
    straight = _built(resources, Pair(1), halve_every=2)
    for _ in range(3):
        straight.before(noisy, photographs, feature=feature)
    torch.save(straight.state_dict(), tmp_path / "checkpoint.pt")
    resumed = _built(resources, Pair(2), halve_every=2)
    resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    for loss in (straight, resumed):
        for _ in range(4):
            loss.before(noisy, photographs, feature=feature)
    for a, b in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert straight.optimizer.param_groups[0]["lr"] == resumed.optimizer.param_groups[0]["lr"]


def test_distillation_compares_with_a_teacher_that_does_not_change(
    resources: LocalResources, photographs: Tensor, noisy: Tensor
) -> None:
    teacher, student = Pair(1), Pair()
    term = FeatureDistillation(teacher, ("feature",))
    assert term.needs == ("feature", "input")
    loss = term.build(resources)
    before = copy.deepcopy(teacher.state_dict())
    pred, feature = student(noisy)
    loss.before(pred.detach(), photographs, feature=feature.detach(), input=noisy)
    value = loss(pred, photographs, feature=feature, input=noisy)
    value.backward()
    with torch.no_grad():
        torch.testing.assert_close(value.detach(), (feature - teacher(noisy)[1]).square().mean())
    assert student.encoder.weight.grad is not None
    assert student.encoder.weight.grad.abs().max() > 0
    assert all(p.grad is None for p in teacher.parameters())
    assert all(torch.equal(v, before[k]) for k, v in teacher.state_dict().items())
    objective = (L1() + term).build(resources)
    assert not objective.train().losses[1].training
    assert objective.learned_state() == {}  # the teacher is in no checkpoint


@pytest.mark.parametrize("make", [FeatureDistillation, lambda p, f: TargetFeature(p, f, lr=1e-3)])
def test_a_term_without_layers_is_refused(make: Any) -> None:
    with pytest.raises(ValueError, match="name at least one output"):
        make(Pair(), ())
