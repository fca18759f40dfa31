from typing import ClassVar

import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, loss_curve, parameter_count
from torch import nn
from torch.nn import functional as F

from baselines.faces.urdgn import URDGN


class TestURDGN(RestorationChecks, IdentityStartChecks):
    network = URDGN
    parameters = 1_054_243
    small: ClassVar = {"widths": (8, 16, 16, 16)}
    scale = 8
    halo = 3
    crop = 12
    lr = 1e-2
    start_modes = (False,)

    def test_layers_are_the_official_ones(self):
        with torch.device("meta"):
            network = URDGN()
        kinds = [type(layer).__name__ for layer in network.body]
        block = ["Conv2d", "BatchNorm2d", "ReLU"]
        assert kinds == [*block, "Upsample"] * 3 + block
        convs = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
        assert [parameter_count(conv) for conv in convs] == [
            9 * 3 * 16 + 16,
            9 * 16 * 64 + 64,
            25 * 64 * 128 + 128,
            25 * 128 * 256 + 256,
            25 * 256 * 3 + 3,
        ]

    @torch.no_grad()
    def test_identity_start_in_training_is_the_input_in_other_units(self, restored):
        """Batch normalisation moves and stretches a colour's values, and does nothing else."""
        degraded, base, _ = restored
        pred = self.start().train()(degraded)
        for ours, theirs in zip(pred.unbind(1), base.unbind(1), strict=True):
            pair = torch.stack((ours.flatten(), theirs.flatten()))
            assert torch.corrcoef(pair)[0, 1] > 0.999
        means = pred.mean((0, 2, 3))
        torch.testing.assert_close(means, torch.tensor([0.509, 0.424, 0.378]), rtol=0, atol=0.01)


@torch.no_grad()
def test_identity_start_keeps_every_colour_between_black_and_white():
    """Those below the mean too, which a single feature would lose in the first ReLU."""
    torch.manual_seed(0)
    network = URDGN((6, 6, 6, 6), start="identity").eval()
    small = torch.eye(3)[:, :, None, None].expand(3, 3, 2, 2)
    repeated = small.repeat_interleave(8, 2).repeat_interleave(8, 3)
    assert (network(small) - repeated).abs().max() < 0.01


def test_identity_start_without_enough_features_is_refused():
    with pytest.raises(ValueError, match="takes 6 features in every layer, not 4"):
        URDGN((4, 16, 16, 16), start="identity")


@pytest.mark.slow
def test_full_network_learns_from_a_face_in_one_step(photograph):
    torch.manual_seed(0)
    network = URDGN()
    target = F.interpolate(photograph, size=(128, 128), mode="bicubic")
    small = F.interpolate(target, size=(16, 16), mode="area")
    before, after = loss_curve(network, lambda: F.mse_loss(network(small), target), 2, lr=1e-5)
    assert after < before
