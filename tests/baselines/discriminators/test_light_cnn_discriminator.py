from typing import ClassVar

import pytest
import torch
from discriminator_checks import DiscriminatorChecks
from network_checks import loss_curve, parameter_count
from torch.nn import functional as F

from baselines.discriminators.light_cnn import LightCNNDiscriminator
from baselines.faces.light_cnn import LightCNN


class TestLightCNNDiscriminator(DiscriminatorChecks):
    network = LightCNNDiscriminator
    parameters = 5_485_921
    smallest = 16
    small: ClassVar = {"width": 6}
    trained: ClassVar = {"width": 12}
    steps = 40


def test_first_fully_connected_layer_has_most_parameters():
    with torch.device("meta"):
        first, _, last = LightCNNDiscriminator().classifier
    assert parameter_count(first) == 8192 * 512 + 512 == 4_194_816
    assert parameter_count(last) == 256 + 1


@pytest.mark.parametrize(("height", "width"), [(16, 16), (32, 40), (128, 128), (101, 64)])
def test_one_logit_per_image(height, width):
    logits = LightCNNDiscriminator(width=6)(torch.rand(2, 3, height, width))
    assert logits.shape == (2, 1)


@torch.no_grad()
def test_verdict_at_128_is_that_of_all_features_without_pooling():
    torch.manual_seed(0)
    network = LightCNNDiscriminator(width=6)
    images = torch.rand(2, 3, 128, 128)
    features = LightCNN(width=6)
    features.load_state_dict({k: v for k, v in network.state_dict().items() if "features" in k})
    flat = features(images).flatten(1)
    assert flat.shape == (2, 16 * 8 * 8)
    first, _, last = network.classifier
    hidden = F.linear(flat, first.filter.weight, first.filter.bias).unflatten(1, (2, 32)).amax(1)
    expected = F.linear(F.leaky_relu(hidden, 0.2), last.weight, last.bias)
    torch.testing.assert_close(network(images), expected)


@pytest.mark.slow
def test_full_network_learns_from_a_face_in_one_step(photograph):
    torch.manual_seed(0)
    network = LightCNNDiscriminator().eval()
    face = F.interpolate(photograph, size=(128, 128), mode="bicubic")
    before, after = loss_curve(network, lambda: F.softplus(-network(face)).mean(), 2, lr=1e-5)
    assert after < before
