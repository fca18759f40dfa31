import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts, parameter_count
from torch import nn

from baselines.super_resolution.srresnet import SRResNet


class TestSRResNet(RestorationChecks, IdentityStartChecks):
    network = SRResNet
    parameters = 1_549_462
    scale = 4
    halo = 40
    crop = 24

    def test_children(self, built):
        """One slope per PReLU: 1 in the head, 16 in the blocks, 2 between the enlargements."""
        conv, norm = 9 * 64 * 64 + 64, 2 * 64
        assert child_counts(built) == {
            "head": 81 * 3 * 64 + 64 + 1,
            "body": 16 * (2 * conv + 2 * norm + 1) + conv + norm,
            "upsampler": 2 * (4 * conv + 1),
            "tail": 81 * 64 * 3 + 3,
        }

    def test_normalisations_stand_in_the_body_only(self, built):
        names = [name for name, m in built.named_modules() if isinstance(m, nn.BatchNorm2d)]
        assert len(names) == 33
        assert all(name.startswith("body.") for name in names)

    def test_evaluation_follows_training_from_the_identity(self, restored):
        """Running statistics after 30 steps leave the output close to training's."""
        degraded, _, target = restored
        network = self.start().train()
        optimizer = torch.optim.Adam(network.parameters(), lr=2e-4)
        for _ in range(30):
            optimizer.zero_grad()
            (network(degraded) - target).abs().mean().backward()
            optimizer.step()
        with torch.no_grad():
            training = (network(degraded) - target).square().mean()
            evaluation = (network.eval()(degraded) - target).square().mean()
        assert evaluation < 1.5 * training


def test_scale_8_takes_a_third_doubling():
    with torch.device("meta"):
        network = SRResNet(scale=8)
    doubling = 9 * 64 * 4 * 64 + 4 * 64 + 1
    assert child_counts(network)["upsampler"] == 3 * doubling
    assert parameter_count(network) == 1_697_175


@pytest.mark.parametrize("scale", [2, 4, 8])
@torch.no_grad()
def test_identity_start_repeats_pixels_at_every_scale(scale):
    """Each in its place: a wrong order of the sub-pixels would permute the image."""
    torch.manual_seed(0)
    small = torch.rand(1, 3, 5, 7)
    pred = SRResNet(scale=scale, width=12, blocks=1, start="identity").eval()(small)
    repeated = small.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    assert (pred - repeated).abs().max() < 0.1


def test_unknown_scales_are_refused():
    with pytest.raises(ValueError, match="2, 4 or 8, not 3"):
        SRResNet(scale=3)
