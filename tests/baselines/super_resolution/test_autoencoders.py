from functools import partial

import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts
from sub_pixel_checks import revived_with_attention

from baselines.super_resolution.autoencoders import EDSRAutoencoder, RCANAutoencoder
from baselines.super_resolution.edsr import EDSR
from baselines.super_resolution.rcan import RCAN


class ExtractorChecks(RestorationChecks, IdentityStartChecks):
    """An extractor enlarges nothing, and learns to return a photograph from the photograph."""

    multiple = 4
    padding = "replicate"
    crop = 32

    def test_only_the_entrance_differs_from_the_restorer(self, built):
        head, body, tail = child_counts(built).values()
        assert head == 9 * 48 * 64 + 64
        assert [body, tail] == list(child_counts(self.restorer()).values())[1:]


class TestEDSRAutoencoder(ExtractorChecks):
    network = EDSRAutoencoder
    restorer = EDSR
    parameters = 1_543_491


class FourGroups(RCANAutoencoder):
    """STFT's smaller network."""

    def __init__(self, start: str = "authors"):
        super().__init__(groups=4, blocks=5, start=start)


class TestRCANAutoencoder(ExtractorChecks):
    network = FourGroups
    parameters = 1_998_227

    @pytest.fixture(scope="class")
    @classmethod
    def lively(cls, built):
        return revived_with_attention(built)

    @staticmethod
    def restorer():
        return RCAN(groups=4, blocks=5)


PAIRS = [
    (EDSR, EDSRAutoencoder, {"blocks": 2}),
    (RCAN, RCANAutoencoder, {"groups": 2, "blocks": 1}),
]


@pytest.mark.parametrize(("restorer", "extractor", "arguments"), PAIRS)
@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@torch.no_grad()
def test_features_have_the_shapes_of_the_restorers(restorer, extractor, arguments, scale):
    """Every layer's, wherever features are compared."""
    shapes = []
    for network, enlarged in ((restorer, 1), (extractor, scale)):
        built, found = network(scale=scale, width=16, **arguments), {}
        for name, layer in built.named_modules():
            layer.register_forward_hook(partial(note_shape, found, name))
        built(torch.rand(2, 3, 5 * enlarged, 6 * enlarged))
        shapes.append(found)
    assert shapes[0] == shapes[1]
    assert shapes[0]["body.0"] == (2, 16, 5, 6)
    assert shapes[0][""] == (2, 3, 5 * scale, 6 * scale)


def note_shape(found, name, layer, given, output):
    found[name] = tuple(output.shape)


@pytest.mark.parametrize(("restorer", "extractor", "arguments"), PAIRS)
@torch.no_grad()
def test_no_pixel_is_lost_on_the_way_in(restorer, extractor, arguments):
    """The head sees every pixel: what it takes can be put together to the image again."""
    network = extractor(width=48, **arguments)
    target = torch.rand(1, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    seen = []
    network.head.register_forward_hook(lambda module, given, output: seen.append(given[0]))
    network(target)
    assert seen[0].shape == (1, 48, 2, 3)
    values = (seen[0].view(3, 16, -1) + network.mean.view(3, 1, 1)) / 255
    for channel in range(3):
        torch.testing.assert_close(
            values[channel].flatten().sort().values, target[0, channel].flatten().sort().values
        )


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize(("restorer", "extractor", "arguments"), PAIRS)
@torch.no_grad()
def test_identity_start_puts_every_pixel_in_its_place(restorer, extractor, arguments, scale):
    torch.manual_seed(0)
    target = torch.rand(1, 3, 24, 12)
    network = extractor(scale=scale, width=48, start="identity", **arguments)
    assert (network(target) - target).abs().max() < 0.05


def test_identity_start_needs_a_feature_for_every_channel():
    with pytest.raises(ValueError, match=r"3 \* scale\*\*2.* at least 48, not 16"):
        EDSRAutoencoder(width=16, start="identity")
    EDSRAutoencoder(width=16)


def test_unknown_scales_are_refused():
    with pytest.raises(ValueError, match="2, 3, 4 or 8, not 5"):
        RCANAutoencoder(scale=5)
