from typing import ClassVar

import pytest
import torch
from discriminator_checks import DiscriminatorChecks
from network_checks import child_counts

from baselines.discriminators.fsrgan import FSRGANDiscriminator


class TestFSRGANDiscriminator(DiscriminatorChecks):
    network = FSRGANDiscriminator
    parameters = 4_693_697
    smallest = 17
    trained: ClassVar = {"width": 8}
    crop = 48
    steps = 30


def test_parts():
    """Each stage has two 3x3 convolutions with biases; all but the first are normalised."""
    convs = sum(9 * a * b + b for a, b in ((3, 64), (64, 64), (64, 128), (128, 128)))
    convs += sum(9 * a * b + b for a, b in ((128, 256), (256, 256), (256, 512), (512, 512)))
    norms = 2 * (64 + 2 * 128 + 2 * 256 + 2 * 512)
    with torch.device("meta"):
        network = FSRGANDiscriminator()
    assert child_counts(network) == {"features": convs + norms, "classifier": 9 * 512 + 1}


@pytest.mark.parametrize(
    ("size", "patches"), [((128, 128), (8, 8)), ((17, 17), (2, 2)), ((40, 65), (3, 5))]
)
def test_one_logit_per_patch(size, patches):
    logits = FSRGANDiscriminator(width=4)(torch.rand(2, 3, *size))
    assert logits.shape == (2, 1, *patches)


def test_a_logit_sees_a_patch_and_not_the_whole_image():
    """Three features of the last stage; in each stage a stride of 2 and a layer without."""
    network = FSRGANDiscriminator(width=4).eval()
    images = torch.rand(1, 3, 192, 192, requires_grad=True)
    network(images)[0, 0, 6, 6].backward()
    seen = images.grad.abs().amax((0, 1)) > 0
    rows = 3
    for _ in range(4):
        rows = (2 * (rows - 1) + 3) + 2
    assert seen.any(0).sum() == seen.any(1).sum() == rows
