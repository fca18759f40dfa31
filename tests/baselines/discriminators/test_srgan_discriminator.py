import pytest
import torch
from network_checks import loss_curve, parameter_count
from torch import nn
from torch.nn import functional as F

from baselines.discriminators.srgan import SRGANDiscriminator


def test_parameter_count():
    """Also with the running mean and variance of seven normalisations."""
    with torch.device("meta"):
        network = SRGANDiscriminator()
    assert parameter_count(network) == 23_565_505
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


def test_a_single_image_of_the_smallest_size_can_be_trained_on():
    network = SRGANDiscriminator(width=4)
    network(torch.rand(1, 3, 17, 17)).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_learns_to_tell_noise_from_a_photograph(photograph):
    real = torch.cat((photograph[..., :48, :48], photograph[..., 40:88, 40:88]))
    fake = real + 25 / 255 * torch.randn(real.shape, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    network = SRGANDiscriminator(width=8)
    values = loss_curve(
        network,
        lambda: F.softplus(-network(real)).mean() + F.softplus(network(fake)).mean(),
        steps=20,
        lr=1e-3,
    )
    assert values[0] > 1
    assert values[-1] < 0.3


def test_too_small_images_are_refused():
    with pytest.raises(ValueError, match="17x17 and more, not 16x40"):
        SRGANDiscriminator(width=4)(torch.rand(1, 3, 16, 40))
