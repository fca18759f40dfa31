from typing import ClassVar

import pytest
import torch
from network_checks import (
    IdentityStartChecks,
    RestorationChecks,
    child_counts,
    loss_curve,
    parameter_count,
)
from torch.nn import functional as F

from baselines.super_resolution.rdn import RDN


class TestRDN(RestorationChecks, IdentityStartChecks):
    network = RDN
    parameters = 22_271_107
    small: ClassVar = {"width": 16, "growth": 8, "blocks": 3, "layers": 2}
    scale = 4
    halo = 11
    crop = 24


def test_children_at_scale_8():
    """Each of 16 blocks sees 64 to 512 features in its layers and fuses 576."""
    with torch.device("meta"):
        network = RDN(scale=8)
    conv = 9 * 64 * 64 + 64
    dense = sum(9 * 64 * seen + 64 for seen in range(64, 513, 64))
    assert child_counts(network) == {
        "sfe1": 9 * 3 * 64 + 64,
        "sfe2": conv,
        "rdbs": 16 * (dense + 576 * 64 + 64),
        "gff": 16 * 64 * 64 + 64 + conv,
        "upscale": 3 * 4 * conv,
        "output": 9 * 64 * 3 + 3,
    }
    assert parameter_count(network) == 22_418_819


def written_out(state, blocks, layers, scale, x):
    """What the equations make of images with the weights of a state dict."""

    def conv(x, name):
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)

    first = conv(x, "sfe1")
    x, of_blocks = conv(first, "sfe2"), []
    for b in range(blocks):
        seen = [x]
        for i in range(layers):
            seen.append(conv(torch.cat(seen, 1), f"rdbs.{b}.layers.{i}.conv").relu())
        x = x + conv(torch.cat(seen, 1), f"rdbs.{b}.lff")
        of_blocks.append(x)
    x = first + conv(conv(torch.cat(of_blocks, 1), "gff.0"), "gff.1")
    factors = {3: [3]}.get(scale, [2] * (scale // 4 + 1))
    for i, factor in enumerate(factors):
        x = F.pixel_shuffle(conv(x, f"upscale.{2 * i}"), factor)
    return conv(x, "output")


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@torch.no_grad()
def test_equations_with_more_features_than_growth(scale, photograph):
    torch.manual_seed(0)
    network = RDN(scale, width=6, growth=4, blocks=2, layers=3)
    small = photograph[..., :9, :12]
    expected = written_out(network.state_dict(), 2, 3, scale, small)
    assert expected.shape == (1, 3, 9 * scale, 12 * scale)
    torch.testing.assert_close(network(small), expected)


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@torch.no_grad()
def test_identity_start_repeats_pixels_at_every_scale(scale):
    """Each in its place: a wrong order of the sub-pixels would permute the image."""
    torch.manual_seed(0)
    small = torch.rand(1, 3, 5, 7)
    pred = RDN(scale, width=12, growth=4, blocks=1, layers=1, start="identity")(small)
    repeated = small.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    assert (pred - repeated).abs().max() < 0.05


@pytest.mark.slow
def test_full_network_learns_from_a_face_in_one_step(photograph):
    torch.manual_seed(0)
    network = RDN(scale=8, start="identity")
    target = F.interpolate(photograph, size=(128, 128), mode="bicubic")
    small = F.interpolate(target, size=(16, 16), mode="area")
    before, after = loss_curve(network, lambda: F.mse_loss(network(small), target), 2, lr=1e-5)
    assert after < before


def test_unknown_scales_are_refused():
    with pytest.raises(ValueError, match="2, 3, 4 or 8, not 5"):
        RDN(scale=5)
