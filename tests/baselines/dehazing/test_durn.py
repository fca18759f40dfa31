import torch
from network_checks import RestorationChecks, child_counts, haze_gain, revived
from torch.nn import functional as F

from baselines.dehazing.durn import ChannelAttention, DuRNUS


class TestDuRNUS(RestorationChecks):
    network = DuRNUS
    parameters = 9_070_915
    small = {"width": 16, "blocks": 5}  # noqa: RUF012
    multiple = 4
    crop = 32
    lr = 3e-3
    learns = 0.92  # of noise it learns little at first; see the test on haze

    @torch.no_grad()
    def test_a_tanh_is_added_to_the_image(self, lively, photograph):
        image = 3 + photograph[..., :16, :16]
        added = lively(image) - image
        assert 0.5 < added.abs().max() < 1 + 1e-5


def test_a_few_steps_remove_haze(photograph):
    torch.manual_seed(0)
    assert haze_gain(DuRNUS(width=16, blocks=2), photograph) > 2


def test_blocks_widen_their_kernel_as_the_authors():
    with torch.device("meta"):
        network = DuRNUS()
    kernels = [network.get_submodule(name).up_conv.conv2d.kernel_size[0] for name in network.blocks]
    assert kernels == [5, 5, 7, 7] + 8 * [11]
    blocks = [count for name, count in child_counts(network).items() if name.startswith("rud")]
    # Between kernels of 5 and 7, and of 7 and 11, for 64 * 64 pairs of features.
    assert [b - a for a, b in zip(blocks[1:4:2], blocks[2:5:2], strict=True)] == [
        64 * 64 * (49 - 25),
        64 * 64 * (121 - 49),
    ]


def written(state, x, blocks):
    """The official network layer by layer on a state dict with its keys."""

    def conv(name, x, stride=1):
        name = name if f"{name}.weight" in state else f"{name}.conv2d"
        weight = state[f"{name}.weight"]
        zero = name in ("conv1", "conv2", "conv3", "end_conv") or ".se." in name
        mode = "constant" if zero else "reflect"
        x = F.pad(x, 4 * (weight.shape[-1] // 2,), mode=mode)
        return F.conv2d(x, weight, state.get(f"{name}.bias"), stride)

    def attended(name, x):
        inner = conv(f"{name}.conv2", F.relu(conv(f"{name}.conv1", x)))
        share = F.adaptive_avg_pool2d(inner, 1).flatten(1)
        for layer, activation in ((0, F.relu), (2, F.sigmoid)):
            weight, bias = (state[f"{name}.se.fc.{layer}.{kind}"] for kind in ("weight", "bias"))
            share = activation(F.linear(share, weight, bias))
        return F.relu(inner * share[..., None, None] + x)

    res = F.relu(conv("conv2", F.relu(conv("conv1", x)), 2))
    y = F.relu(conv("conv3", res, 2))
    for i in range(1, blocks + 1):
        inner = F.relu(conv(f"rud{i}.conv2", F.relu(conv(f"rud{i}.conv1", y))) + y)
        inner = F.pixel_shuffle(conv(f"rud{i}.conv_pre", inner), 2)
        res = F.relu(conv(f"rud{i}.up_conv", inner) + res)
        y = F.relu(conv(f"rud{i}.down_conv", attended(f"rud{i}.se", res), 2) + y)
    for up, after in (("upconv1", "conv4"), ("upconv2", "conv5")):
        y = F.relu(conv(after, F.pixel_shuffle(conv(up, y), 2)))
    return torch.tanh(conv("end_conv", y)) + x


@torch.no_grad()
def test_network_is_the_official_one_written_out(photograph):
    network = revived(DuRNUS(width=8, blocks=2)).double()
    image = photograph[..., :24, :32].double()
    expected = written(network.state_dict(), image, blocks=2)
    assert (expected - image).std() > 0.05
    torch.testing.assert_close(network(image), expected, rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_attention_of_a_network_that_has_learned_nothing_halves():
    layer = ChannelAttention(4)
    for parameter in layer.parameters():
        parameter.zero_()
    x = torch.rand(2, 4, 5, 6)
    torch.testing.assert_close(layer(x), x / 2)  # sigmoid(0) = 1/2
