from typing import ClassVar

import pytest
import torch
from discriminator_checks import DiscriminatorChecks
from network_checks import parameter_count
from torch import nn

from baselines.discriminators.dcgan import DcGANDiscriminator


class TestDcGANDiscriminator(DiscriminatorChecks):
    network = DcGANDiscriminator
    parameters = 879_121
    smallest = 2
    trained: ClassVar = {"width": 8}
    steps = 100


def test_parameter_count_of_the_published_training_script():
    with torch.device("meta"):
        assert parameter_count(DcGANDiscriminator(width=64)) == 1_559_233


def test_layers_are_the_official_ones():
    with torch.device("meta"):
        network = DcGANDiscriminator()
    kinds = [type(m).__name__ for m in network.model]
    assert kinds == ["Conv2d", "BatchNorm2d", "LeakyReLU"] * 4 + ["Conv2d"]
    convs = [m for m in network.model if isinstance(m, nn.Conv2d)]
    assert [conv.out_channels for conv in convs] == [48, 96, 192, 384, 1]
    assert {(conv.kernel_size, conv.stride) for conv in convs} == {((3, 3), (1, 1))}
    assert {m.negative_slope for m in network.model if isinstance(m, nn.LeakyReLU)} == {0.2}


@pytest.mark.parametrize(("height", "width"), [(2, 2), (9, 16), (37, 45)])
def test_one_logit_per_pixel(height, width):
    images = torch.rand(2, 3, height, width)
    assert DcGANDiscriminator(width=4)(images, images).shape == (2, 1, height, width)


def test_verdict_depends_on_the_hazy_image_as_on_the_other():
    torch.manual_seed(0)
    network = DcGANDiscriminator(width=4).eval()
    images, hazy = torch.rand(2, 1, 3, 20, 20).requires_grad_().unbind()
    grads = torch.autograd.grad(network(images, hazy)[0, 0, 10, 10], (images, hazy))
    seen = [grad.abs().amax((0, 1)).nonzero() for grad in grads]
    for rows_and_columns in seen:  # five 3x3 convolutions
        assert rows_and_columns.amin(0).tolist() == [5, 5]
        assert rows_and_columns.amax(0).tolist() == [15, 15]
    # The first layer takes them apart.
    assert not torch.allclose(*grads)


def test_hazy_images_of_another_size_are_refused():
    small, large = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 16, 16)
    with pytest.raises(ValueError, match=r"\(1, 3, 16, 16\) cannot be judged beside .* the size"):
        DcGANDiscriminator(width=4)(large, small)
