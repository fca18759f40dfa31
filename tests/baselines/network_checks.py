"""What every network is checked for; a new network's test need not be longer than this:

from network_checks import RestorationChecks

from baselines.denoising.ffdnet import FFDNet


class TestFFDNet(RestorationChecks):
    network = FFDNet
    parameters = 852_108
    multiple = 2

What a network declares (its inputs, outputs and their sizes) is read from it. The tests make it
with seed 0 and its default arguments, or those of `small` where the authors' size takes too long.
"""

from __future__ import annotations

import copy
import math
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Outputs that are smaller than the restored image, a pixel that was begun counted whole.
DIVISORS = {"pred_half": 2, "pred_quarter": 4}


def parameter_count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def child_counts(network: nn.Module) -> dict[str, int]:
    """Parameters of each direct child, in the order of construction."""
    return {name: parameter_count(child) for name, child in network.named_children()}


def outputs_of(network: nn.Module, images: Tensor) -> tuple[Tensor, ...]:
    """All outputs for the declared inputs; sigma is 25, 26, ..., one per image."""
    entries = {"input": images, "sigma": torch.arange(25.0, 25 + len(images))}
    result = network(*(entries[name] for name in network.inputs))
    return result if isinstance(result, tuple) else (result,)


def revived(network: nn.Module) -> nn.Module:
    """A copy with He weights: unlike many initialisations, these let every input reach the output,
    as training would."""
    network = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        spread = 0.01 if parameter.dim() < 2 else (2 / parameter[0].numel()) ** 0.5
        nn.init.normal_(parameter, std=spread, generator=generator)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.data.add_(1)
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

    parameters: with the default arguments.
    small: arguments of a narrow network of the same layers, which the other tests are about.
    unused: layers that the authors declare and no output depends on.
    scale: what the network enlarges images by.
    crop: side of the image in the test of the gradients; smaller for slow networks.
    multiple, padding: how sizes are extended inside; numpy.pad is the oracle.
    aligned: rows come in multiples of it in the receptive field; None where that is `multiple`.
    halo: rows of input around some rows that their output depends on, in multiples of the same;
        None where the network does not say.
    steps, lr, learns: this many steps of Adam on one batch leave at most this share of the loss.
    """

    network: ClassVar[type[nn.Module]]
    parameters: ClassVar[int]
    small: ClassVar[dict[str, Any]] = {}
    unused: ClassVar[tuple[str, ...]] = ()
    scale: ClassVar[int] = 1
    crop: ClassVar[int] = 96
    multiple: ClassVar[int] = 1
    padding: ClassVar[str] = "reflect"
    aligned: ClassVar[int | None] = None
    halo: ClassVar[int | None] = None
    steps: ClassVar[int] = 30
    lr: ClassVar[float] = 1e-3
    learns: ClassVar[float] = 0.7

    @classmethod
    def make(cls) -> nn.Module:
        torch.manual_seed(0)
        return cls.network(**cls.small)

    def output_shapes(self, height: int, width: int) -> list[tuple[int, ...]]:
        """Of the outputs for one image, of the size that their names tell."""
        divisors = [DIVISORS.get(name, 1) for name in self.network.outputs]
        full = self.scale * height, self.scale * width
        return [(1, 3, *(math.ceil(side / divisor) for side in full)) for divisor in divisors]

    @pytest.fixture(scope="class")
    @classmethod
    def built(cls) -> nn.Module:
        return cls.make().eval()

    @pytest.fixture(scope="class")
    @classmethod
    def lively(cls, built: nn.Module) -> nn.Module:
        return revived(built)

    def test_parameter_count(self):
        with torch.device("meta"):
            assert parameter_count(self.network()) == self.parameters

    def test_initialisation_follows_the_global_seed(self, built: nn.Module):
        again = self.make().state_dict()
        torch.manual_seed(1)
        other = self.network(**self.small).state_dict()
        state = built.state_dict()
        assert all(torch.equal(state[key], again[key]) for key in state)
        assert any(not torch.equal(state[key], other[key]) for key in state)

    @torch.no_grad()
    def test_outputs_are_as_declared_for_any_size(self, built: nn.Module, photograph: Tensor):
        assert built.outputs[0] == "pred"
        assert built.revision >= 1
        for height, width in ((37, 45), (32, 33), (9, 16)):
            outputs = outputs_of(built, photograph[..., :height, :width])
            assert len(outputs) == len(built.outputs)
            assert [tuple(output.shape) for output in outputs] == self.output_shapes(height, width)

    @torch.no_grad()
    def test_odd_sizes_are_extended_and_cropped(self, lively: nn.Module, photograph: Tensor):
        image = photograph[..., :37, :45]
        mode = {"reflect": "reflect", "replicate": "edge"}[self.padding]
        extra = [(0, 0), (0, 0), (0, -37 % self.multiple), (0, -45 % self.multiple)]
        extended = torch.from_numpy(np.pad(image.numpy(), extra, mode=mode))
        expected = outputs_of(lively, extended)[0][..., : 37 * self.scale, : 45 * self.scale]
        torch.testing.assert_close(outputs_of(lively, image)[0], expected, rtol=1e-4, atol=1e-4)

    def test_output_depends_on_the_halo_and_on_nothing_beyond(
        self, lively: nn.Module, photograph: Tensor
    ):
        field = getattr(lively, "receptive_field", None)
        if self.halo is None:
            assert field is None
            return
        multiple = self.aligned or self.multiple
        assert (field.halo, field.multiple, field.scale) == (self.halo, multiple, self.scale)
        rows = multiple * math.ceil(8 / multiple)
        top, bottom = self.halo + rows, self.halo + 2 * rows
        height = bottom + self.halo + rows
        repeats = math.ceil(height / photograph.shape[2])
        image = photograph.repeat(1, 1, repeats, 1)[..., :height, :8].double()
        network = copy.deepcopy(lively).double()  # what passes every layer at its edge is faint
        pred = outputs_of(network, image.requires_grad_())[0]
        pred[..., self.scale * top : self.scale * bottom, :].square().sum().backward()
        assert image.grad is not None
        seen = image.grad[0].abs().amax(dim=(0, 2)).nonzero()
        # Kernels with a stride look farther upwards: of the two sides the farther is the halo.
        reach = max(top - int(seen.min()), int(seen.max()) + 1 - bottom)
        assert 0 <= self.halo - reach < multiple

    @torch.no_grad()
    def test_images_of_a_batch_do_not_mix(self, lively: nn.Module, photograph: Tensor):
        batch = torch.cat((photograph[..., :32, :32], photograph[..., 40:72, 40:72]))
        together = outputs_of(lively, batch.flip(0))[0]
        twice = outputs_of(lively, batch[[1, 1]])[0]
        torch.testing.assert_close(together[0], twice[0], rtol=1e-4, atol=1e-4)
        assert (together[1] - twice[1]).abs().max() > 1e-2

    def test_every_parameter_gets_a_finite_gradient(self, lively: nn.Module, photograph: Tensor):
        network = copy.deepcopy(lively).train()
        images = photograph[..., : self.crop, : self.crop]
        sum(output.square().mean() for output in outputs_of(network, images)).backward()
        for name, parameter in network.named_parameters():
            if name.startswith(self.unused):
                assert parameter.grad is None, name
                continue
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
            lambda: F.mse_loss(outputs_of(network, degraded)[0], target),
            steps=self.steps,
            lr=self.lr,
        )
        assert np.isfinite(values).all()
        assert min(values[-5:]) < self.learns * values[0]


def psnr(pred: Tensor, target: Tensor) -> float:
    return -10 * (pred - target).square().mean().log10().item()


def haze_gain(network: nn.Module, photograph: Tensor) -> float:
    """By how many dB two hazy crops are better after twenty steps on them."""
    target = torch.cat((photograph[..., :32, :32], photograph[..., 40:72, 40:72]))
    hazy = 0.5 * target + 0.45
    loss_curve(network, lambda: F.l1_loss(network(hazy), target), steps=20, lr=1e-3)
    with torch.no_grad():
        return psnr(network(hazy), target) - psnr(hazy, target)


@torch.no_grad()
def denoised_psnr(network: nn.Module, images: list[np.ndarray]) -> float:
    """Mean over images, (H, W, 3) in 0..255, of 8-bit outputs; noise of sigma 25, not clipped."""
    values = []
    for clean in images:
        noise = np.random.RandomState(0).normal(0, 25 / 255, clean.shape)
        noisy = torch.from_numpy((clean / 255 + noise).astype("f4")).permute(2, 0, 1)[None]
        pred = (255 * outputs_of(network, noisy)[0].clamp(0, 1)).round() / 255
        values.append(psnr(pred[0].permute(1, 2, 0), torch.from_numpy(clean) / 255))
    return float(np.mean(values))


class IdentityStartChecks:
    """What start="identity" promises.

    small: arguments of a narrow network, where the full one is slow.
    crops, start_steps, start_lr, gain: images, steps and learning rate of a training that has to
        gain this many dB over the input.
    start_modes: of the network, training or not, in which it returns the input; where a batch's
        statistics are all that it keeps of an image's colours, it does so in evaluation alone.
    """

    network: ClassVar[type[nn.Module]]
    small: ClassVar[dict[str, Any]] = {}
    scale: ClassVar[int] = 1
    crops: ClassVar[int] = 4
    start_steps: ClassVar[int] = 30
    start_lr: ClassVar[float] = 1e-3
    gain: ClassVar[float] = 0.3
    start_modes: ClassVar[tuple[bool, ...]] = (True, False)

    def start(self) -> nn.Module:
        torch.manual_seed(0)
        return self.network(**self.small, start="identity")

    @pytest.fixture(scope="class")
    @classmethod
    def restored(cls, photograph: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Degraded images, what restores nothing makes of them, and clean ones."""
        corners = ((0, 0), (40, 40), (60, 10), (20, 60))[: cls.crops]
        target = torch.cat([photograph[..., y : y + 32, x : x + 32] for y, x in corners])
        if cls.scale == 1:
            noise = torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
            degraded = (target + 25 / 255 * noise).clamp(0, 1)
            return degraded, degraded, target
        size = 32 // cls.scale
        degraded = F.interpolate(target, size=(size, size), mode="bicubic", antialias=True)
        return degraded, F.interpolate(degraded, size=(32, 32), mode="nearest"), target

    def test_identity_start_needs_no_memory_to_be_looked_at(self):
        """As captions do, which count layers of networks on the meta device."""
        with torch.device("meta"):
            assert any(True for _ in self.start().parameters())

    @torch.no_grad()
    def test_identity_start_returns_the_input(self, restored):
        degraded, unrestored, target = restored
        for mode in self.start_modes:
            for output in outputs_of(self.start().train(mode), degraded):
                size = output.shape[-2:]
                base, clean = (
                    F.interpolate(images, size=size, mode="bilinear")
                    for images in (unrestored, target)
                )
                assert psnr(output, base) > 30
                assert abs(psnr(output, clean) - psnr(base, clean)) < 0.5

    def test_a_few_steps_from_the_identity_improve_on_it(self, restored):
        degraded, unrestored, target = restored
        network = self.start().train()

        def loss() -> Tensor:
            outputs = outputs_of(network, degraded)
            sizes = [output.shape[-2:] for output in outputs]
            targets = [F.interpolate(target, size=size, mode="bilinear") for size in sizes]
            return sum(F.l1_loss(a, b) for a, b in zip(outputs, targets, strict=True))

        loss().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad.isfinite().all(), name
            assert parameter.grad.any(), name
        loss_curve(network, loss, steps=self.start_steps, lr=self.start_lr)
        with torch.no_grad():
            pred = outputs_of(network, degraded)[0]
        assert psnr(pred, target) > psnr(unrestored, target) + self.gain

    def test_unknown_start_is_refused(self):
        with pytest.raises(ValueError, match="'authors' or 'identity', not 'zero'"):
            self.network(start="zero")
