from typing import ClassVar

import pytest
import torch
from discriminator_checks import DiscriminatorChecks
from network_checks import parameter_count
from torch import nn
from torch.nn import functional as F

from baselines.discriminators.srgan import SRGANDiscriminator


class TestSRGANDiscriminator(DiscriminatorChecks):
    network = SRGANDiscriminator
    parameters = 23_565_505
    smallest = 17
    trained: ClassVar = {"width": 8}
    crop = 48


def test_parameter_count_with_running_statistics():
    """The mean and variance of seven normalisations are no parameters."""
    with torch.device("meta"):
        network = SRGANDiscriminator()
    statistics = sum(b.numel() for name, b in network.named_buffers() if "running" in name)
    assert parameter_count(network) + statistics == 23_569_217
    assert parameter_count(network.classifier[1]) == 512 * 6 * 6 * 1024 + 1024 == 18_875_392


def test_layers_are_the_papers():
    with torch.device("meta"):
        network = SRGANDiscriminator()
    convs = [m for m in network.features if isinstance(m, nn.Conv2d)]
    assert [conv.out_channels for conv in convs] == [64, 64, 128, 128, 256, 256, 512, 512]
    assert [conv.stride[0] for conv in convs] == [1, 2] * 4
    kinds = [type(m).__name__ for m in network.features]
    assert kinds == ["Conv2d", "LeakyReLU"] + ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 7
    assert {m.negative_slope for m in network.modules() if isinstance(m, nn.LeakyReLU)} == {0.2}


@pytest.mark.parametrize(("height", "width"), [(17, 17), (32, 40), (96, 96), (101, 64)])
def test_one_logit_per_image(height, width):
    logits = SRGANDiscriminator(width=4)(torch.rand(2, 3, height, width))
    assert logits.shape == (2, 1)


@torch.no_grad()
def test_pooling_is_the_identity_at_96():
    torch.manual_seed(0)
    network = SRGANDiscriminator(width=4).eval()
    images = torch.rand(2, 3, 96, 96)
    features = network.features(2 * images - 1)
    assert features.shape == (2, 32, 6, 6)
    torch.testing.assert_close(network(images), network.classifier(features))
    larger = torch.rand(1, 3, 192, 192)
    pooled = F.avg_pool2d(network.features(2 * larger - 1), 2)
    torch.testing.assert_close(network(larger), network.classifier(pooled))
