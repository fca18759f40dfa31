from typing import ClassVar

import pytest
import torch
from discriminator_checks import DiscriminatorChecks
from network_checks import loss_curve, parameter_count
from torch import nn
from torch.nn import functional as F

from baselines.discriminators.urdgn import URDGNDiscriminator


class TestURDGNDiscriminator(DiscriminatorChecks):
    network = URDGNDiscriminator
    parameters = 6_859_425
    smallest = 16
    trained: ClassVar = {"width": 8}
    steps = 60


def test_layers_are_the_official_ones():
    with torch.device("meta"):
        network = URDGNDiscriminator()
    kinds = [type(layer).__name__ for layer in network.features]
    assert kinds == ["Conv2d", "MaxPool2d", "ReLU", "Dropout2d"] * 4
    convs = [layer for layer in network.features if isinstance(layer, nn.Conv2d)]
    assert [(conv.out_channels, *conv.kernel_size) for conv in convs] == [
        (32, 5, 5), (64, 5, 5), (128, 5, 5), (96, 5, 5)
    ]  # fmt: skip
    shares = [layer.p for layer in network.modules() if isinstance(layer, nn.Dropout2d)]
    assert shares == [0.2] * 4
    assert parameter_count(network.classifier[1]) == 8 * 8 * 96 * 1024 + 1024 == 6_292_480


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 40), (128, 128), (101, 64)])
def test_one_logit_per_image(height, width):
    logits = URDGNDiscriminator(width=4)(torch.rand(2, 3, height, width))
    assert logits.shape == (2, 1)


@torch.no_grad()
def test_pooling_is_the_identity_at_128():
    torch.manual_seed(0)
    network = URDGNDiscriminator(width=4).eval()
    images = torch.rand(2, 3, 128, 128)
    features = network.features(2 * images - 1)
    assert features.shape == (2, 12, 8, 8)
    torch.testing.assert_close(network(images), network.classifier(features))


@torch.no_grad()
def test_whole_features_are_dropped_by_the_global_generator_in_training_alone():
    network = URDGNDiscriminator(width=32)
    images = torch.rand(4, 3, 64, 64)
    drawn = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        drawn.append(network.features(images))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    dropped = (drawn[0] == 0).all(dim=(2, 3)).float().mean().item()
    network.eval()
    kept = (network.features(images) == 0).all(dim=(2, 3)).float().mean().item()
    assert dropped - kept == pytest.approx(0.2, abs=0.08)
    assert torch.equal(network(images), network(images))


@pytest.mark.slow
def test_full_network_learns_from_a_face_in_one_step(photograph):
    torch.manual_seed(0)
    network = URDGNDiscriminator().eval()
    face = F.interpolate(photograph, size=(128, 128), mode="bicubic")
    before, after = loss_curve(network, lambda: F.softplus(-network(face)).mean(), 2, lr=1e-5)
    assert after < before
