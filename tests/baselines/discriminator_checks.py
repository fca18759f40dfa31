"""What every discriminator is checked for; see `network_checks`."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import torch
from network_checks import loss_curve, parameter_count
from torch import Tensor, nn
from torch.nn import functional as F


class DiscriminatorChecks:
    """Facts about a network that tells real from restored images, and the tests of them.

    small: arguments of a narrow network, for tests in which the width does not matter.
    smallest: the shortest side that it judges.
    trained, crop, steps, lr: arguments, side of two crops, and steps of Adam with which it learns.
    """

    network: ClassVar[type[nn.Module]]
    parameters: ClassVar[int]
    smallest: ClassVar[int]
    small: ClassVar[dict[str, Any]] = {"width": 4}
    trained: ClassVar[dict[str, Any]] = {}
    crop: ClassVar[int] = 32
    steps: ClassVar[int] = 20
    lr: ClassVar[float] = 1e-3

    def logits(self, network: nn.Module, images: Tensor, degraded: Tensor | None = None) -> Tensor:
        """Of images, shown beside degraded ones (else themselves) where it wants to see these."""
        beside = images if degraded is None else degraded
        return network(images, *(beside for _ in network.inputs[1:]))

    def test_parameter_count(self):
        with torch.device("meta"):
            assert parameter_count(self.network()) == self.parameters

    def test_a_single_image_of_the_smallest_size_can_be_trained_on(self):
        network = self.network(**self.small)
        self.logits(network, torch.rand(1, 3, self.smallest, self.smallest)).sum().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())

    def test_smaller_images_are_refused(self):
        low = self.smallest - 1
        message = f"{self.smallest}x{self.smallest} and more, not {low}x40"
        with pytest.raises(ValueError, match=message):
            self.logits(self.network(**self.small), torch.rand(1, 3, low, 40))

    def test_learns_to_tell_noise_from_a_photograph(self, photograph: Tensor):
        crops = [photograph[..., k : k + self.crop, k : k + self.crop] for k in (0, 40)]
        real = torch.cat(crops)
        noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
        fake = real + 25 / 255 * noise
        torch.manual_seed(0)
        network = self.network(**self.trained)
        values = loss_curve(
            network,
            lambda: (
                F.softplus(-self.logits(network, real, fake)).mean()
                + F.softplus(self.logits(network, fake, fake)).mean()
            ),
            steps=self.steps,
            lr=self.lr,
        )
        assert values[0] > 1
        assert values[-1] < 0.3
