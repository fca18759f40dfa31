"""Discriminators that are shown the degraded image beside the one that they judge."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from losses.adversarial import Adversarial
from losses.l1 import L1
from losses.objective import Resources


class Beside(nn.Module):
    """A logit per pixel of an image and the degraded one."""

    inputs: ClassVar[tuple[str, ...]] = ("pred", "input")

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.body = nn.Sequential(
                nn.Conv2d(6, 8, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3, padding=1)
            )

    def forward(self, images: Tensor, degraded: Tensor) -> Tensor:
        return self.body(torch.cat((degraded, images), dim=1))


class Patchwise(nn.Module):
    """A logit per pixel of an image alone."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 1, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.body(images)


def test_conditional_discriminators_need_the_batch_entry_that_they_name():
    conditional = Adversarial(Beside, lr=1e-3)
    assert conditional.needs == ("input",)
    assert (L1() + 0.1 * conditional).needs == ("input",)
    assert Adversarial(Patchwise, lr=1e-3).needs == ()
    assert Adversarial(nn.Conv2d, lr=1e-3).needs == ()
    assert "needs" not in repr(conditional)


def test_conditional_loss_is_the_mean_cross_entropy_over_pixels(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    """The discriminator's step and the network's loss, against Isola et al., Eq. 1."""
    degraded = 0.5 + noisy / 2
    objective = (1.0 * Adversarial(Beside, lr=1e-2)).build(resources)
    expected = Beside()
    optimizer = torch.optim.Adam(expected.parameters(), lr=1e-2)
    for _ in range(3):
        objective.before(noisy, photographs, {"input": degraded})
        real = expected(photographs, degraded).sigmoid()
        fake = expected(noisy, degraded).sigmoid()
        optimizer.zero_grad()
        (
            F.binary_cross_entropy(real, torch.ones(2, 1, 96, 96))
            + F.binary_cross_entropy(fake, torch.zeros(2, 1, 96, 96))
        ).backward()
        optimizer.step()
    for a, b in zip(objective.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(a.detach(), b.detach(), rtol=1e-4, atol=1e-5)
    value, _ = objective(noisy, photographs, {"input": degraded})
    belief = expected(noisy, degraded).sigmoid()
    torch.testing.assert_close(
        value, F.binary_cross_entropy(belief, torch.ones_like(belief)), rtol=1e-4, atol=1e-5
    )


def test_conditional_gradient_reaches_pred_and_nothing_else(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    loss = Adversarial(Beside, lr=1e-2).build(resources)
    pred, degraded = (images.clone().requires_grad_() for images in (noisy, noisy))
    loss.before(pred.detach(), photographs, input=degraded)
    loss(pred, photographs, input=degraded).backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert pred.grad.any()
    assert degraded.grad is None
    assert all(p.grad is None for p in loss.parameters())


@pytest.mark.parametrize("conditional", [True, False])
def test_only_a_conditional_discriminator_sees_that_images_were_exchanged(
    resources: Resources, photographs: Tensor, noisy: Tensor, conditional: bool
):
    """Fakes that are clean but belong to the other image look real to one that sees them alone."""
    spec = Adversarial(Beside if conditional else Patchwise, lr=1e-2)
    loss = spec.build(resources)
    needs = dict.fromkeys(spec.needs, noisy[..., :32, :32])
    clean = photographs[..., :32, :32]
    for _ in range(40):
        loss.before(clean.flip(0), clean, **needs)
    verdict = loss(clean.flip(0), clean, **needs) - loss(clean, clean, **needs)
    assert (verdict > 0.1) == conditional
