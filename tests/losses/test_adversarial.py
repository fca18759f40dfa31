from __future__ import annotations

from math import log
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from losses.adversarial import Adversarial, discriminator_loss, generator_loss
from losses.objective import Loss, Resources


class Patches(nn.Module):
    """Logits per patch; batch normalisation as in the discriminators of SRGAN and PatchGAN."""

    def __init__(self, norm: bool = True) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.body = nn.Sequential(
                nn.Conv2d(3, 8, 4, stride=4, bias=not norm),
                nn.BatchNorm2d(8) if norm else nn.Identity(),
                nn.LeakyReLU(0.2),
                nn.Conv2d(8, 1, 3),
            )

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images)


def _build(resources: Resources, kind: str = "non_saturating") -> Loss:
    return Adversarial(Patches, lr=1e-2, betas=(0.5, 0.99), kind=kind).build(resources)


@pytest.fixture
def real() -> Tensor:
    return torch.randn(3, 1, 4, 4, generator=torch.Generator().manual_seed(0)) * 3


@pytest.fixture
def fake() -> Tensor:
    return torch.randn(3, 1, 4, 4, generator=torch.Generator().manual_seed(1)) * 3


def test_discriminator_loss_is_binary_cross_entropy(real: Tensor, fake: Tensor):
    """Goodfellow et al., Eq. 1, in double precision straight from the probabilities."""
    d_real, d_fake = real.double().sigmoid(), fake.double().sigmoid()
    expected = -d_real.log().mean() - (1 - d_fake).log().mean()
    torch.testing.assert_close(discriminator_loss(real, fake), expected.float())
    torch.testing.assert_close(
        discriminator_loss(real, fake),
        F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
        + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake)),
    )


def test_discriminator_loss_of_an_undecided_one_is_two_log_two():
    assert discriminator_loss(torch.zeros(2), torch.zeros(2)).item() == pytest.approx(2 * log(2))


def test_generator_loss_of_both_kinds(fake: Tensor):
    d_fake = fake.double().sigmoid()
    torch.testing.assert_close(generator_loss(fake), -d_fake.log().mean().float())
    torch.testing.assert_close(generator_loss(fake, "minimax"), (1 - d_fake).log().mean().float())


def test_generator_loss_saturates_only_as_minimax():
    """Against a discriminator that is sure (logit -20) only one of the two still has a slope."""
    slopes = {}
    for kind in ("non_saturating", "minimax"):
        logit = torch.tensor([-20.0], requires_grad=True)
        generator_loss(logit, kind).backward()
        assert logit.grad is not None
        slopes[kind] = logit.grad.item()
    assert slopes["non_saturating"] == pytest.approx(-1)
    assert -1e-8 < slopes["minimax"] < 0


@pytest.mark.parametrize("kind", ["non_saturating", "minimax"])
def test_adversarial_gradient_reaches_pred_and_nothing_else(
    resources: Resources, photographs: Tensor, noisy: Tensor, kind: str
):
    loss = _build(resources, kind)
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    loss.before(pred.detach(), target)
    loss(pred, target).backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert pred.grad.any()
    assert target.grad is None
    assert all(p.grad is None for p in loss.parameters())


@pytest.mark.parametrize("kind", ["non_saturating", "minimax"])
def test_adversarial_descent_raises_the_discriminators_belief(
    resources: Resources, photographs: Tensor, noisy: Tensor, kind: str
):
    loss = _build(resources, kind)
    pred = noisy.clone().requires_grad_()
    loss(pred, photographs).backward()
    assert pred.grad is not None
    discriminator = loss.get_submodule("discriminator")
    moved = noisy - 0.1 * pred.grad / pred.grad.norm()
    assert discriminator(moved).mean() > discriminator(noisy).mean()


def test_adversarial_before_is_one_adam_step_of_binary_cross_entropy(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    loss, expected = _build(resources), Patches()
    optimizer = torch.optim.Adam(expected.parameters(), lr=1e-2, betas=(0.5, 0.99))
    for _ in range(3):
        loss.before(noisy, photographs)
        real, fake = expected(photographs), expected(noisy)
        optimizer.zero_grad()
        (
            F.binary_cross_entropy_with_logits(real, torch.ones_like(real))
            + F.binary_cross_entropy_with_logits(fake, torch.zeros_like(fake))
        ).backward()
        optimizer.step()
    for a, b in zip(loss.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a.detach(), b.detach())


def test_adversarial_before_learns_to_tell_a_colour_cast(resources: Resources, photographs: Tensor):
    cast = photographs + torch.tensor([0.3, 0.0, -0.3]).view(3, 1, 1)
    # Real and fake are two batches: batch normalisation would hide the cast.
    loss = Adversarial(Patches(norm=False), lr=1e-2).build(resources)
    discriminator = loss.get_submodule("discriminator")
    first = discriminator_loss(discriminator(photographs), discriminator(cast)).item()
    for _ in range(30):
        loss.before(cast, photographs)
    last = discriminator_loss(discriminator(photographs), discriminator(cast)).item()
    assert last < 0.7 * first


def test_adversarial_before_reaches_no_image(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    _build(resources).before(pred, target)
    assert pred.grad is None
    assert target.grad is None


def test_adversarial_resumes_bit_exactly_from_a_file(
    resources: Resources, photographs: Tensor, noisy: Tensor, tmp_path: Path
):
    straight = _build(resources)
    for _ in range(2):
        straight.before(noisy, photographs)
    torch.save(straight.state_dict(), tmp_path / "checkpoint.pt")
    for _ in range(3):
        straight.before(noisy, photographs)

    resumed = _build(resources)
    resumed.before(photographs, noisy)  # whatever it held is replaced
    resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    for _ in range(3):
        resumed.before(noisy, photographs)
    state = straight.state_dict()
    moments = state.pop("_extra_state")["optimizer"]["state"]
    resumed_state = resumed.state_dict()
    resumed_moments = resumed_state.pop("_extra_state")["optimizer"]["state"]
    assert moments.keys() == resumed_moments.keys() == set(range(5))
    for i, entries in moments.items():
        assert all(torch.equal(v, resumed_moments[i][k]) for k, v in entries.items())
    assert all(torch.equal(v, resumed_state[k]) for k, v in state.items())


def test_adversarial_loaded_state_is_a_copy(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    source, copy = _build(resources), _build(resources)
    source.before(noisy, photographs)
    copy.load_state_dict(source.state_dict())
    moment = source.state_dict()["_extra_state"]["optimizer"]["state"][0]["exp_avg"].clone()
    copy.before(noisy, photographs)
    assert torch.equal(
        source.state_dict()["_extra_state"]["optimizer"]["state"][0]["exp_avg"], moment
    )


def test_adversarial_checks_its_kind():
    assert Adversarial.symbol == "L_GAN"
    assert Adversarial.needs == ()
    with pytest.raises(ValueError, match="kind must be one of non_saturating, minimax"):
        Adversarial(Patches, lr=1e-4, kind="hinge")
