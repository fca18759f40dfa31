from typing import ClassVar

import pytest
import torch
from discriminator_checks import DiscriminatorChecks
from network_checks import loss_curve
from torch.nn import functional as F

from baselines.discriminators.pfsr import PFSRDiscriminator

ONE = torch.ones(())


def narrow() -> PFSRDiscriminator:
    torch.manual_seed(0)
    return PFSRDiscriminator(width=16)


def faces(side: int, count: int = 3) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(side))


class TestPFSRDiscriminator(DiscriminatorChecks):
    """It judges three sizes and no single image, and is shown alpha and no degraded one."""

    network = PFSRDiscriminator
    parameters = 8_065_537
    smallest = 32
    small: ClassVar = {"width": 16}
    trained: ClassVar = {"width": 16}
    steps = 40  # a step of Adam is small beside weights of deviation 1
    lr = 1e-2

    def logits(self, network, images, degraded=None):
        return network(images, ONE)

    def test_a_single_image_of_the_smallest_size_can_be_trained_on(self):
        """Two; the stages that see larger images have no part in it."""
        network = narrow()
        self.logits(network, faces(32, 2)).sum().backward()
        for name, parameter in network.named_parameters():
            if name.startswith(("step2", "step3", "from_rgb.1", "from_rgb.2")):
                assert parameter.grad is None, name
            else:
                assert parameter.grad is not None, name
                assert parameter.grad.isfinite().all(), name
        with pytest.raises(ValueError, match="2 or more"):
            self.logits(network, faces(32, 1))

    def test_smaller_images_are_refused(self):
        for height, width in ((31, 31), (16, 16), (32, 64), (96, 96), (256, 256)):
            message = f"32x32, 64x64, 128x128, not {height}x{width}"
            with pytest.raises(ValueError, match=message):
                self.logits(narrow(), torch.rand(2, 3, height, width))


@pytest.mark.parametrize("side", [32, 64, 128])
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
@torch.no_grad()
def test_one_value_per_image(side, alpha):
    assert narrow()(faces(side), torch.tensor(alpha)).shape == (3, 1)


@pytest.mark.parametrize("side", [64, 128])
@torch.no_grad()
def test_a_new_stage_is_blended_in_from_the_one_before(side):
    """At alpha 0 it sees what the stage before sees of the halved image, but for the spread."""
    network = narrow()
    network.equal_conv.conv.weight_orig[:, -1] = 0  # blind to the spread
    images = faces(side)
    halved = F.avg_pool2d(images, 2)
    before = network(halved, ONE)
    blended = [network(images, torch.tensor(alpha)) for alpha in (0.0, 0.5, 1.0)]
    torch.testing.assert_close(blended[0], before)
    assert (blended[2] - before).abs().max() > 1e-3
    assert (blended[1] - before).abs().max() > 1e-4


@torch.no_grad()
def test_values_depend_on_how_the_images_differ():
    network = narrow()
    images = faces(32)
    alike = images[:1].expand(3, -1, -1, -1)
    assert (network(images, ONE)[0] - network(alike, ONE)[0]).abs() > 1e-5
    network.equal_conv.conv.weight_orig[:, -1] = 0
    torch.testing.assert_close(network(images, ONE)[0], network(alike, ONE)[0])


@torch.no_grad()
def test_spread_is_the_mean_deviation_of_the_images_in_their_inner_range():
    network = narrow()
    seen = []
    network.equal_conv.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    images = faces(32)
    network(images, ONE)
    (features,) = seen
    assert features.shape == (3, 17, 16, 16)
    expected = 2 * images.std(dim=0).mean()  # [-1, 1] is twice as wide as [0, 1]
    torch.testing.assert_close(features[:, -1], expected.expand(3, 16, 16))


def test_gradient_of_the_gradient_is_finite_where_images_agree():
    """A penalty on the slope is derived again; black corners are alike in all images."""
    network = narrow()
    images = faces(32)
    images[:, :, :8, :8] = 0
    images.requires_grad_()
    (slope,) = torch.autograd.grad(network(images, ONE).sum(), images, create_graph=True)
    slope.square().sum().backward()
    gradient = network.step1[0].conv[0].conv.weight_orig.grad
    assert gradient.isfinite().all()
    assert gradient.any()


def test_state_dict_has_the_keys_of_the_official_code():
    assert {
        "from_rgb.0.weight",
        "step1.0.conv.0.conv.weight_orig",
        "step3.0.conv.2.conv.bias",
        "equal_conv.conv.weight_orig",
        "linear.weight",
        "linear2.bias",
    } <= set(narrow().state_dict())


def test_wrong_widths_are_told():
    with pytest.raises(ValueError, match="multiple of 8, not 12"):
        PFSRDiscriminator(width=12)


@pytest.mark.slow
def test_one_step_of_the_full_network():
    torch.manual_seed(0)
    network = PFSRDiscriminator()
    images = faces(128, 2)
    before, after = loss_curve(
        network, lambda: F.softplus(-network(images, ONE)).mean(), steps=2, lr=1e-4
    )
    assert after < before
