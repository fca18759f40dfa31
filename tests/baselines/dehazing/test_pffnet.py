from typing import ClassVar

import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts, parameter_count
from torch import nn
from torch.nn import functional as F

from baselines.dehazing.pffnet import EnlargingConv, PFFNet
from baselines.dehazing.reflect_conv import ReflectConv


class TestPFFNet(RestorationChecks, IdentityStartChecks):
    network = PFFNet
    parameters = 20_853_076
    small: ClassVar = {"width": 8, "blocks": 4}
    start_steps = 80
    start_lr = 3e-4

    @torch.no_grad()
    def test_blocks_add_a_tenth_and_the_body_has_a_shortcut(self, lively, photograph):
        """With all blocks silent the body doubles what comes in."""
        network = self.make()
        network.load_state_dict(lively.state_dict())
        given, left = [], []
        network.dehaze.register_forward_pre_hook(lambda m, args: given.append(args[0]))
        network.convd16x.register_forward_pre_hook(lambda m, args: left.append(args[0]))
        network(photograph)
        x = given[0]
        block = network.dehaze[0]
        inner = F.pad(F.prelu(conv(x, block.conv1), block.relu.weight), (1, 1, 1, 1), "reflect")
        expected = x + F.conv2d(inner, block.conv2.conv2d.weight, block.conv2.conv2d.bias) / 10
        torch.testing.assert_close(block(x), expected)
        torch.testing.assert_close(left[0], x + network.dehaze(x))
        for block in network.dehaze:
            block.conv2.conv2d.weight.zero_()
            block.conv2.conv2d.bias.zero_()
        network(photograph)
        torch.testing.assert_close(left[1], 2 * x)

    @torch.no_grad()
    def test_decoder_resizes_to_the_encoders_features_and_adds_them(self, lively, photograph):
        """One level by hand, of odd size; the finest before the last convolution."""
        image = photograph[..., :51, :37]
        seen = {}
        for name, layer in lively.named_children():
            layer.register_forward_hook(lambda m, args, out, n=name: seen.update({n: (args, out)}))
        lively(image)
        (arrived,), enlarged = seen["convd2x"]
        assert arrived.shape[-2:] == (26, 19)
        assert enlarged.shape[-2:] == (2 * 26 + 5, 2 * 19 + 5)
        resized = F.interpolate(F.leaky_relu(enlarged, 0.2), (51, 37), mode="bilinear")
        expected = F.leaky_relu(seen["conv_input"][1], 0.2) + resized
        torch.testing.assert_close(seen["conv_output"][0][0], expected)

    @torch.no_grad()
    def test_smallest_images_are_reflected_and_no_others(self, lively, photograph):
        image = photograph[..., :16, :40]
        extended = F.pad(image, (0, 11, 0, 1), "reflect")
        torch.testing.assert_close(lively(image), lively(extended)[..., :16, :40])
        sizes = []
        lively.conv_input.register_forward_pre_hook(lambda m, args: sizes.append(args[0].shape))
        lively(photograph[..., :17, :40])
        assert sizes == [(1, 3, 17, 40)]


def conv(x, layer):
    """A 3x3 convolution of the reflected image."""
    return F.conv2d(F.pad(x, (1, 1, 1, 1), "reflect"), layer.conv2d.weight, layer.conv2d.bias)


def test_children():
    """9*in*out + out for a 3x3 layer, one slope per block."""
    with torch.device("meta"):
        network = PFFNet()
    widths = (16, 32, 64, 128, 256)
    down = {a: 9 * a * 2 * a + 2 * a for a in widths[:-1]}
    up = {a: 9 * a * 2 * a + a for a in widths[:-1]}
    assert child_counts(network) == {
        "conv_input": 121 * 3 * 16 + 16,
        **{f"conv{2**i}x": down[a] for i, a in enumerate(widths[:-1], start=1)},
        "dehaze": 17 * (2 * (9 * 256 * 256 + 256) + 1),
        **{f"convd{2**i}x": up[widths[i - 1]] for i in (4, 3, 2, 1)},
        "conv_output": 9 * 16 * 3 + 3,
    }
    assert list(dict(network.dehaze.named_children())) == [f"res{i}" for i in range(1, 18)]


def test_official_counts_include_two_layers_that_are_never_called():
    """Each is a fixed 1x1 convolution of three colours; the authors' test has 12 blocks."""
    mean_shift = parameter_count(nn.Conv2d(3, 3, 1))
    with torch.device("meta"):
        counts = [parameter_count(PFFNet(blocks=blocks)) for blocks in (17, 12)]
    assert [count + 2 * mean_shift for count in counts] == [20_853_100, 14_952_295]


@pytest.mark.parametrize(("height", "width"), [(17, 17), (18, 31), (32, 40)])
def test_layers_change_the_size_as_documented(height, width):
    x = torch.rand(1, 4, height, width)
    halved = ReflectConv(4, 6, 3, stride=2)(x)
    assert halved.shape == (1, 6, -(-height // 2), -(-width // 2))
    assert ReflectConv(4, 6, 11)(x).shape == (1, 6, height, width)
    assert EnlargingConv(4, 2)(x).shape == (1, 2, 2 * height + 5, 2 * width + 5)
