import pytest
import torch
from discriminator_checks import DiscriminatorChecks
from network_checks import parameter_count

from baselines.discriminators.patchgan import PatchGAN


class TestPatchGAN(DiscriminatorChecks):
    network = PatchGAN
    parameters = 2_764_737
    smallest = 24
    steps = 15
    lr = 2e-4


def test_parameter_count_with_batch_normalisation():
    assert parameter_count(PatchGAN(norm="batch")) == 2_765_633


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize(("height", "width"), [(24, 24), (32, 32), (37, 45), (64, 80)])
def test_one_logit_per_patch(norm, height, width):
    logits = PatchGAN(width=4, norm=norm)(torch.rand(2, 3, height, width))
    assert logits.shape == (2, 1, height // 8 - 2, width // 8 - 2)


def test_a_logit_sees_70_pixels():
    """Measured with fixed statistics, which leave the convolutions as the only way."""
    network = PatchGAN(width=4, norm="batch").eval()
    images = torch.rand(1, 3, 128, 128, requires_grad=True)
    network(images)[0, 0, 7, 7].backward()
    seen = images.grad.abs().sum((0, 1)) > 0
    assert seen.any(0).sum() == 70
    assert seen.any(1).sum() == 70


def test_weights_are_small_normal_values():
    torch.manual_seed(0)
    weight = PatchGAN().model[5].weight
    assert weight.mean().item() == pytest.approx(0, abs=1e-4)
    assert weight.std().item() == pytest.approx(0.02, rel=0.01)


@torch.no_grad()
def test_verdict_on_an_image_does_not_depend_on_the_batch():
    torch.manual_seed(0)
    network = PatchGAN()
    images = torch.rand(3, 3, 32, 32)
    alone = network(images[:1])
    torch.testing.assert_close(network(images)[:1], alone)
    assert not list(network.buffers())


def test_unknown_norms_are_refused():
    with pytest.raises(ValueError, match="'instance' or 'batch'"):
        PatchGAN(norm="layer")
