from typing import ClassVar

import pytest
import torch
from network_checks import RestorationChecks, parameter_count, revived
from torch import nn
from torch.nn import functional as F

from baselines.dehazing.dcgan import VARIANTS, DcGAN


def lively_copy(network):
    """With He weights, and normalisations that let the features through."""
    network = revived(network).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.ones_(layer.weight)
    return network


class DcGANChecks(RestorationChecks):
    small: ClassVar = {"width": 4}
    steps = 20
    lr = 5e-3

    @pytest.fixture(scope="class")
    @classmethod
    def lively(cls, built):
        return lively_copy(built)

    def test_every_parameter_gets_a_finite_gradient(self, lively, photograph):
        """In batches of three: of two numbers a normalisation leaves their order alone."""
        batch = torch.cat([photograph.roll(9 * i, dims=2) for i in range(3)])
        super().test_every_parameter_gets_a_finite_gradient(lively, batch[..., :48, :48])


class TestDcGAN(DcGANChecks):
    network = DcGAN
    parameters = 123_147_715
    multiple = 256
    padding = "replicate"
    halo = 768

    def test_weights_are_small_normal_values(self):
        torch.manual_seed(0)
        network = DcGAN(width=16)
        assert network.downs[4][0].weight.std().item() == pytest.approx(0.02, rel=0.01)
        assert network.downs[4][1].weight.mean().item() == pytest.approx(1, abs=0.01)
        assert not any(p.any() for n, p in network.named_parameters() if n.endswith("bias"))


class OfTheOfficialTraining(DcGAN):
    """Five halvings, no tanh."""

    def __init__(self, width: int = 64):
        super().__init__(width=width, variant="default")


class TestOfTheOfficialTraining(DcGANChecks):
    network = OfTheOfficialTraining
    parameters = 26_022_595
    multiple = 32
    halo = 128


def test_parameter_count_of_the_lightweight_variant():
    with torch.device("meta"):
        assert parameter_count(DcGAN(variant="lightweight")) == 54_651_843


def test_widths_are_the_papers():
    with torch.device("meta"):
        network = DcGAN()
    assert [down[0].out_channels for down in network.downs] == [64, 128, 256, 512] + 4 * [1024]
    assert [up[0].out_channels for up in network.ups] == 3 * [1024] + [512, 256, 128, 64, 64]


def by_hand(net, image):
    """models3.lua and model.lua layer by layer, at sizes that need no extension."""
    x = net.enter(2 * image - 1)
    encoded = []
    for down in net.downs:
        x = down(F.leaky_relu(x, 0.2))
        encoded.append(x)
    for up in net.ups:
        if x is not encoded[-1]:
            skip = F.leaky_relu(encoded.pop(-2), 0.2)
            x = torch.cat((x, skip), 1) if net.variant.joined else x + skip
        x = up(F.relu(x))
    return (net.leave(x) + 1) / 2


@pytest.mark.parametrize(("variant", "size"), [("paper", 256), ("default", 64)])
@torch.no_grad()
def test_skips_join_layers_of_one_size(photograph, variant, size):
    torch.manual_seed(0)
    network = lively_copy(DcGAN(width=2, variant=variant))
    image = photograph.repeat(1, 1, 3, 3)[..., :size, :size]
    torch.testing.assert_close(network(image), by_hand(network, image))


@torch.no_grad()
def test_only_the_default_variant_leaves_the_range(photograph):
    torch.manual_seed(0)
    for variant in VARIANTS:
        network = lively_copy(DcGAN(width=2, variant=variant))
        network.leave[-2 if isinstance(network.leave[-1], nn.Tanh) else -1].weight.mul_(100)
        pred = network(photograph[..., :32, :32])
        assert (pred.min() < -0.5 or pred.max() > 1.5) == (variant == "default")


def test_dropout_is_in_the_three_coarsest_layers_of_the_lightweight_decoder():
    with torch.device("meta"):
        found = {
            name: [any(isinstance(layer, nn.Dropout) for layer in up) for up in network.ups]
            for name, network in ((name, DcGAN(variant=name)) for name in VARIANTS)
        }
    assert found["lightweight"] == 3 * [True] + 5 * [False]
    assert not any(found["paper"] + found["default"])


def test_one_small_crop_cannot_be_trained_on():
    network = DcGAN(width=2)
    with pytest.raises(ValueError, match="one crop of 64x200: give it batches of 2 or more, or"):
        network(torch.rand(1, 3, 64, 200))
    network(torch.rand(1, 3, 64, 260)).sum().backward()
    network.eval()(torch.rand(1, 3, 64, 64))


def test_unknown_variants_are_refused():
    with pytest.raises(ValueError, match="one of paper, default, lightweight, not 'small'"):
        DcGAN(variant="small")
