"""What every restoration network is checked for; a new network's test is a subclass of a few lines:

class TestFFDNet(RestorationChecks):
    network = FFDNet
    parameters = 852_108
"""

from __future__ import annotations

import copy
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F


def parameter_count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def child_counts(network: nn.Module) -> dict[str, int]:
    """Parameters of each direct child, in the order of construction."""
    return {name: parameter_count(child) for name, child in network.named_children()}


def revived(network: nn.Module) -> nn.Module:
    """A copy with He weights: unlike many initialisations, these let every input reach the output,
    as training would."""
    network = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        spread = 0.01 if parameter.dim() < 2 else (2 / parameter[0].numel()) ** 0.5
        nn.init.normal_(parameter, std=spread, generator=generator)
    return network


def loss_curve(network: nn.Module, loss, steps: int, lr: float) -> list[float]:
    """Losses while Adam trains the network on one batch; `loss()` is 0-d."""
    optimizer = torch.optim.Adam(network.parameters(), lr=lr)
    values = []
    for _ in range(steps):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        optimizer.step()
        values.append(value.item())
    return values


class RestorationChecks:
    """Facts about a network, and the tests that hold it to them.

    multiple, padding: how sizes are extended inside; numpy.pad is the oracle.
    steps, lr, learns: this many steps of Adam on one batch leave at most this share of the loss.
    """

    network: ClassVar[type[nn.Module]]
    parameters: ClassVar[int]
    scale: ClassVar[int] = 1
    multiple: ClassVar[int] = 1
    padding: ClassVar[str] = "reflect"
    steps: ClassVar[int] = 30
    lr: ClassVar[float] = 1e-3
    learns: ClassVar[float] = 0.7

    @classmethod
    def make(cls) -> nn.Module:
        torch.manual_seed(0)
        return cls.network()

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls) -> nn.Module:
        return cls.make().eval()

    @pytest.fixture(scope="class")
    @classmethod
    def lively(cls, built: nn.Module) -> nn.Module:
        return revived(built)

    def run(self, network: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
        """All outputs, for noise of sigma 25, 26, ..., one per image."""
        entries = {"input": images, "sigma": torch.arange(25.0, 25 + len(images))}
        result = network(*(entries[name] for name in network.inputs))
        return result if isinstance(result, tuple) else (result,)

    def test_parameter_count(self, built: nn.Module):
        assert parameter_count(built) == self.parameters

    def test_initialisation_follows_the_global_seed(self, built: nn.Module):
        again = self.make().state_dict()
        torch.manual_seed(1)
        other = self.network().state_dict()
        state = built.state_dict()
        assert all(torch.equal(state[key], again[key]) for key in state)
        assert any(not torch.equal(state[key], other[key]) for key in state)

    @torch.no_grad()
    def test_outputs_are_as_declared_for_any_size(self, built: nn.Module, photograph: Tensor):
        assert built.outputs[0] == "pred"
        for height, width in ((37, 45), (32, 33), (9, 16)):
            outputs = self.run(built, photograph[..., :height, :width])
            assert len(outputs) == len(built.outputs)
            size = (1, 3, self.scale * height, self.scale * width)
            assert [tuple(output.shape) for output in outputs] == [size] * len(outputs)

    @torch.no_grad()
    def test_odd_sizes_are_extended_and_cropped(self, lively: nn.Module, photograph: Tensor):
        image = photograph[..., :37, :45]
        mode = {"reflect": "reflect", "replicate": "edge"}[self.padding]
        extra = [(0, 0), (0, 0), (0, -37 % self.multiple), (0, -45 % self.multiple)]
        extended = torch.from_numpy(np.pad(image.numpy(), extra, mode=mode))
        expected = self.run(lively, extended)[0][..., : 37 * self.scale, : 45 * self.scale]
        torch.testing.assert_close(self.run(lively, image)[0], expected, rtol=1e-4, atol=1e-4)

    @torch.no_grad()
    def test_images_of_a_batch_do_not_mix(self, lively: nn.Module, photograph: Tensor):
        batch = torch.cat((photograph[..., :32, :32], photograph[..., 40:72, 40:72]))
        together = self.run(lively, batch.flip(0))[0]
        twice = self.run(lively, batch[[1, 1]])[0]
        torch.testing.assert_close(together[0], twice[0], rtol=1e-4, atol=1e-4)
        assert (together[1] - twice[1]).abs().max() > 1e-2

    def test_every_parameter_gets_a_finite_gradient(self, lively: nn.Module, photograph: Tensor):
        network = copy.deepcopy(lively).train()
        sum(output.square().mean() for output in self.run(network, photograph)).backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name

    def test_overfits_one_batch(self, photograph: Tensor):
        """Noise on photographs has to go or, where the network enlarges, the loss of detail."""
        target = torch.cat((photograph[..., :32, :32], photograph[..., 40:72, 40:72]))
        size = 32 // self.scale
        small = F.interpolate(target, size=(size, size), mode="area")
        noise = torch.randn(small.shape, generator=torch.Generator().manual_seed(0))
        degraded = small + 25 / 255 * noise if self.scale == 1 else small
        network = self.make().train()
        values = loss_curve(
            network,
            lambda: F.mse_loss(self.run(network, degraded)[0], target),
            steps=self.steps,
            lr=self.lr,
        )
        assert np.isfinite(values).all()
        assert min(values[-5:]) < self.learns * values[0]
