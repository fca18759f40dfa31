import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts
from torch import nn
from torch.nn import functional as F

from baselines.deblurring.dsdeblur import DsDeblur, NestedBlock


class TestDsDeblur(RestorationChecks, IdentityStartChecks):
    network = DsDeblur
    parameters = 3_871_715
    multiple = 16
    padding = "replicate"
    crop = 16
    steps = 14
    learns = 0.9
    crops = 2
    start_steps = 12

    @classmethod
    def make(cls):
        """The authors' weights answer in values that nothing could be compared or trained with."""
        torch.manual_seed(0)
        return cls.network(start="identity")

    @pytest.fixture(scope="class")
    @classmethod
    def lively(cls):
        """He weights would overflow for the same reason. Here the output's own share is visible."""
        network = cls.make().eval()
        for layers in network.scales:
            layers.leave.weight.data *= 10
        return network

    def test_children(self, built):
        """Six shared blocks of eight 3x3 convolutions; the rest is there three times."""
        block = {c: 8 * (9 * c * c + c) for c in (32, 64, 128)}
        per_scale = (9 * 2 * 32 + 32) + (9 * 32 * 64 + 64) + (9 * 64 * 128 + 128)
        per_scale += (16 * 128 * 64 + 64) + (16 * 64 * 32 + 32) + (9 * 32 + 1)
        assert child_counts(built) == {
            "scales": 3 * per_scale,
            "enc1": block[32],
            "enc2": block[64],
            "enc3": block[128],
            "dec3": block[128],
            "dec2": block[64],
            "dec1": block[32],
        }

    def test_every_scale_has_its_own_layers_and_uses_every_block_twice(self, built, photograph):
        uses = []
        blocks = [m for m in built.modules() if isinstance(m, NestedBlock)]
        convs = [m for m in built.scales.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        assert (len(blocks), len(convs)) == (6, 18)
        handles = [m.register_forward_hook(lambda m, *_: uses.append(m)) for m in blocks + convs]
        with torch.no_grad():
            built(photograph[..., :16, :16])
        for handle in handles:
            handle.remove()
        assert [uses.count(block) for block in blocks] == [6] * 6
        assert [uses.count(conv) for conv in convs] == [1] * 18

    def test_gradient_stops_at_the_previous_prediction(self, photograph):
        """The finest scale's loss reaches none of the layers that belong to coarser scales."""
        network = self.network(start="identity")
        network(photograph[..., :16, :16])[0].sum().backward()
        reached = [
            any(p.grad is not None and p.grad.any() for p in layers.parameters())
            for layers in network.scales
        ]
        assert reached == [False, False, True]

    @torch.no_grad()
    def test_colours_are_separate_images(self, photograph):
        network = self.network(start="identity")
        image = photograph[..., :32, :32]
        for pred, swapped in zip(network(image), network(image.flip(1)), strict=True):
            torch.testing.assert_close(swapped, pred.flip(1))
        grey = network(image[:, 1:2])
        torch.testing.assert_close(grey[0], network(image)[0][:, 1:2])

    @torch.no_grad()
    def test_each_scale_adds_to_the_degraded_image(self, photograph):
        network = self.make()
        image = photograph[..., :32, :32]
        for layers in network.scales:
            layers.leave.weight.zero_()
        for output in network(image):
            same = F.interpolate(image, size=output.shape[-2:], mode="bilinear")
            torch.testing.assert_close(output, same)


@torch.no_grad()
def test_weights_are_xavier_uniform(photograph):
    torch.manual_seed(0)
    network = DsDeblur()
    weight = network.enc3.units[2][0].weight
    bound = (6 / (9 * 128 + 9 * 128)) ** 0.5
    assert weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
    assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.01)
    assert not any(p.any() for n, p in network.named_parameters() if n.endswith("bias"))
    quarter = network(photograph[..., :32, :32])[-1]
    assert 1 < quarter.abs().max() < 1e6


@torch.no_grad()
def test_nested_block_adds_all_earlier_results():
    block = NestedBlock(4)
    x = torch.rand(1, 4, 6, 6)
    n1 = block.units[0](x)
    n2 = block.units[1](x + n1)
    n3 = block.units[2](x + n1 + n2)
    n4 = block.units[3](x + n1 + n2 + n3)
    torch.testing.assert_close(block(x), x + n1 + n2 + n3 + n4)
