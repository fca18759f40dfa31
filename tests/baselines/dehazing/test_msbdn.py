import pytest
import torch
from network_checks import (
    IdentityStartChecks,
    RestorationChecks,
    haze_gain,
    parameter_count,
    revived,
)
from torch.nn import functional as F

from baselines.dehazing.msbdn import MSBDN, Enlarging


class TestMSBDN(RestorationChecks, IdentityStartChecks):
    network = MSBDN
    parameters = 31_353_061
    small = {"width": 4, "blocks": 2, "upsampling": "even"}  # noqa: RUF012
    multiple = 16
    halo = 624
    gain = 0.1


class TestMSBDNRDFF(RestorationChecks):
    network = MSBDN
    small = {"width": 4, "blocks": 2, "variant": "rdff", "upsampling": "even"}  # noqa: RUF012
    multiple = 16
    halo = 640

    def test_parameter_count(self):
        with torch.device("meta"):
            assert parameter_count(MSBDN(variant="rdff")) == 28_712_861


@pytest.mark.parametrize("variant", ["dff", "rdff"])
def test_a_few_steps_from_the_identity_remove_haze(variant, photograph):
    torch.manual_seed(0)
    network = MSBDN(width=4, blocks=2, variant=variant, start="identity")
    with torch.no_grad():
        assert (network(photograph) - photograph).abs().max() < 0.05
    assert haze_gain(network, photograph) > 2


class Written:
    """The official networks written out, layer by layer, on a state dict with their keys."""

    def __init__(self, state, blocks):
        self.state, self.blocks = state, blocks
        self.halved = "conv1.conv_1x1.weight" in state

    def __call__(self, x):
        res1x = self.conv("conv_input", x)
        encoded = [self.memory(res1x)]
        x1 = self.residual("dense0", res1x) + res1x
        x2 = self.fuse("1", self.conv("conv2x", x1, 2), encoded)
        encoded.append(self.memory(x2))
        x2 = self.residual("dense1", x2) + x2
        x4 = self.fuse("2", self.conv("conv4x", x2, 2), encoded)
        encoded.append(self.memory(x4))
        x4 = self.residual("dense2", x4) + x4
        x8 = self.fuse("3", self.conv("conv8x", x4, 2), encoded)
        encoded.append(self.memory(x8))
        x8 = self.residual("dense3", x8) + x8
        x16 = self.fuse("4", self.conv("conv16x", x8, 2), encoded)
        x16 = self.residual("dehaze", 2 * x16) + 2 * x16 - x16
        decoded = [self.memory(x16)]
        x = x16
        for stage, skip in zip((4, 3, 2, 1), (x8, x4, x2, x1), strict=True):
            name = f"convd{2**stage}x.conv2d"
            weight, bias = self.state[f"{name}.weight"], self.state[f"{name}.bias"]
            up = F.conv_transpose2d(x, weight, bias, stride=2)
            up = F.interpolate(up, skip.shape[-2:], mode="bilinear")
            x = self.residual(f"dense_{stage}", up + skip) + (up + skip) - up
            x = self.fuse(f"_{stage}", x, decoded)
            decoded.append(self.memory(x))
        return self.conv("conv_output", x)

    def conv(self, name, x, stride=1):
        weight = self.state[f"{name}.conv2d.weight"]
        x = F.pad(x, 4 * (weight.shape[-1] // 2,), mode="reflect")
        return F.conv2d(x, weight, self.state[f"{name}.conv2d.bias"], stride)

    def residual(self, name, x):
        blocks = [f"res{i}" for i in range(self.blocks)] if name == "dehaze" else "012"
        for block in blocks:
            inner = F.prelu(
                self.conv(f"{name}.{block}.conv1", x), self.state[f"{name}.{block}.relu.weight"]
            )
            x = 0.1 * self.conv(f"{name}.{block}.conv2", inner) + x
        return x

    def memory(self, x):
        return x[:, : x.shape[1] // 2] if self.halved else x

    def fuse(self, name, x, stored):
        if not self.halved:
            return self.fusion(f"fusion{name}", x, stored)
        half = x.shape[1] // 2
        dense = rest = x[:, half:]
        for i in range(4):
            weight = self.state[f"conv{name}.dense_layers.{i}.conv.weight"]
            dense = torch.cat((dense, F.conv2d(dense, weight, padding=1).relu()), 1)
        rest = F.conv2d(dense, self.state[f"conv{name}.conv_1x1.weight"]) + rest
        return torch.cat((self.fusion(f"fusion{name}", x[:, :half], stored), rest), 1)

    def fusion(self, name, x, stored):
        there, back = ("down_convs", "up_convs") if "_" in name else ("up_convs", "down_convs")
        for i, features in enumerate(stored):
            error = x
            for j in range(len(stored) - i):
                error = self.project(f"{name}.{there}.{j}", error)
            error = error - features
            for j in reversed(range(len(stored) - i)):
                error = self.project(f"{name}.{back}.{j}", error)
            x = x + error
        return x

    def project(self, name, x):
        layer, function = "conv", F.conv2d
        if "up_convs" in name:
            layer, function = "deconv", F.conv_transpose2d
        weight, bias = self.state[f"{name}.{layer}.weight"], self.state[f"{name}.{layer}.bias"]
        return F.prelu(function(x, weight, bias, 2, 1), self.state[f"{name}.act.weight"])


@pytest.mark.parametrize("variant", ["dff", "rdff"])
@torch.no_grad()
def test_network_is_the_official_one_written_out(variant, photograph):
    """In float64: errors of rounding grow from stage to stage."""
    network = revived(MSBDN(width=4, blocks=2, variant=variant)).double()
    image = photograph[..., :64, :48].double()
    expected = Written(network.state_dict(), blocks=2)(image)
    assert expected.std() > 0.05
    torch.testing.assert_close(network(image), expected, rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_even_upsampling_is_an_aligned_convolution():
    """Of a 4x4 kernel, which the mean of 2x2 makes of the 3x3 one."""
    layer = Enlarging(2, 3, even=True)
    x = torch.rand(1, 2, 5, 7)
    kernel = F.avg_pool2d(F.pad(layer.conv2d.weight, (1, 1, 1, 1)), 2, stride=1)
    expected = F.conv_transpose2d(x, kernel, layer.conv2d.bias, stride=2, padding=1)
    torch.testing.assert_close(layer(x), expected)


@torch.no_grad()
def test_stretched_upsampling_is_even_in_the_middle_and_drifts_towards_the_edges():
    """A row that grows by 1 per pixel: its place can be read from its value."""
    stretched, even = (Enlarging(1, 1, choice) for choice in (False, True))
    weight = torch.tensor([0.5, 1, 0.5])
    for layer in (stretched, even):
        layer.conv2d.weight.copy_(weight[:, None] * weight)
        layer.conv2d.bias.zero_()
    ramp = torch.arange(201.0).view(1, 1, 1, 201).expand(1, 1, 9, 201)
    ways = (stretched(ramp) - even(ramp))[0, 0, 9, 2:-2]
    middle = len(ways) // 2
    assert ways[middle].abs() < 0.01
    assert ways[0].item() == pytest.approx(-0.25, abs=0.01)  # half a pixel of twice the size
    assert ways[-1].item() == pytest.approx(0.25, abs=0.01)


def test_each_block_at_a_sixteenth_adds_two_rows_there():
    fields = [MSBDN(width=4, blocks=n, upsampling="even").receptive_field for n in (2, 18)]
    assert fields[1].halo - fields[0].halo == 16 * 2 * 16


def test_stretched_upsampling_has_no_receptive_field():
    assert MSBDN(width=4, blocks=1).receptive_field is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"variant": "v2"}, "'dff' or 'rdff', not 'v2'"),
        ({"upsampling": "nearest"}, "'stretched' or 'even', not 'nearest'"),
        ({"width": 5}, "even number from 4 on, not 5"),
        ({"width": 2}, "even number from 4 on, not 2"),
    ],
)
def test_arguments_that_name_nothing_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        MSBDN(**arguments)
