import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts, parameter_count
from sub_pixel_checks import MEAN, drawn_in_turn, mean_shifts, revived_with_attention
from torch.nn import functional as F

from baselines.super_resolution.edsr import EDSR
from baselines.super_resolution.rcan import RCAN, ChannelAttention


class FourGroups(RCAN):
    """STFT's smaller network."""

    def __init__(self, start: str = "authors"):
        super().__init__(groups=4, blocks=5, start=start)


class TestRCAN(RestorationChecks, IdentityStartChecks):
    network = FourGroups
    parameters = 1_972_307
    scale = 4
    crop = 24
    learns = 0.6

    @pytest.fixture(scope="class")
    @classmethod
    def lively(cls, built):
        return revived_with_attention(built)

    def test_children(self, built):
        conv = 9 * 64 * 64 + 64
        attention = (64 * 4 + 4) + (4 * 64 + 64)
        assert child_counts(built) == {
            "head": 9 * 3 * 64 + 64,
            "body": 4 * (5 * (2 * conv + attention) + conv) + conv,
            "tail": 2 * 4 * conv + 9 * 64 * 3 + 3,
        }

    def test_weights_are_drawn_layer_after_layer(self, built):
        assert list(child_counts(built)) == ["head", "body", "tail"]
        assert all(torch.equal(*pair) for pair in drawn_in_turn(built))

    @torch.no_grad()
    def test_attention_looks_at_the_whole_image(self, lively, photograph):
        """Far from any convolution's reach, what changes at the top changes the bottom."""
        image = photograph[..., :8].repeat(1, 1, 2, 1)
        changed = image.clone()
        changed[..., :8, :] = 0
        bottom = slice(-8, None)
        assert not torch.equal(lively(changed)[..., bottom, :], lively(image)[..., bottom, :])


def test_full_network_has_15_million_parameters():
    with torch.device("meta"):
        assert parameter_count(RCAN()) == 15_592_355


@torch.no_grad()
def test_attention_is_a_weight_of_each_feature_from_all_means():
    torch.manual_seed(0)
    attention = ChannelAttention(8, reduction=4)
    x = torch.rand(2, 8, 5, 7)
    first, last = attention.conv_du[0], attention.conv_du[2]
    hidden = (x.mean((2, 3)) @ first.weight[..., 0, 0].T + first.bias).relu()
    weights = torch.sigmoid(hidden @ last.weight[..., 0, 0].T + last.bias)
    torch.testing.assert_close(attention(x), x * weights[..., None, None])


@pytest.mark.parametrize("reduction", [0, 16])
def test_attention_without_inner_features_is_refused(reduction):
    with pytest.raises(ValueError, match=rf"1\.\.8, the width, not {reduction}"):
        RCAN(width=8, groups=1, blocks=1, reduction=reduction)


def official_checkpoint(width, groups, blocks, reduction, generator):
    """Names and shapes as in yulunzhang/RCAN at scale 4, with random weights."""
    shapes = {"head.0": (width, 3, 3)}
    for g in range(groups):
        group = f"body.{g}.body"
        for b in range(blocks):
            block = f"{group}.{b}.body"
            shapes |= {f"{block}.{i}": (width, width, 3) for i in (0, 2)}
            shapes[f"{block}.3.conv_du.0"] = (width // reduction, width, 1)
            shapes[f"{block}.3.conv_du.2"] = (width, width // reduction, 1)
        shapes[f"{group}.{blocks}"] = (width, width, 3)
    shapes[f"body.{groups}"] = (width, width, 3)
    shapes |= {f"tail.0.{i}": (4 * width, width, 3) for i in (0, 2)} | {"tail.1": (3, width, 3)}
    state = {}
    for name, (features, features_in, side) in shapes.items():
        kernel = torch.randn(features, features_in, side, side, generator=generator)
        state[f"{name}.weight"] = 0.1 * kernel
        state[f"{name}.bias"] = torch.randn(features, generator=generator)
    return state | mean_shifts()


def official_output(state, groups, blocks, grey_levels):
    """What the official network computes with these weights on 0..255, layer by layer."""

    def conv(x, name):
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)

    head = conv(conv(grey_levels, "sub_mean"), "head.0")
    x = head
    for g in range(groups):
        entered = x
        for b in range(blocks):
            block = f"body.{g}.body.{b}.body"
            y = conv(conv(x, f"{block}.0").relu(), f"{block}.2")
            pooled = F.adaptive_avg_pool2d(y, 1)
            hidden = conv(pooled, f"{block}.3.conv_du.0").relu()
            x = x + y * conv(hidden, f"{block}.3.conv_du.2").sigmoid()
        x = entered + conv(x, f"body.{g}.body.{blocks}")
    x = conv(x, f"body.{groups}") + head
    for i in (0, 2):
        x = F.pixel_shuffle(conv(x, f"tail.0.{i}"), 2)
    return conv(conv(x, "tail.1"), "add_mean")


@torch.no_grad()
def test_released_weights_compute_what_the_official_network_computes(tmp_path, photograph):
    state = official_checkpoint(8, 2, 3, 4, torch.Generator().manual_seed(0))
    torch.save(state, tmp_path / "rcan.pt")
    network = RCAN(width=8, groups=2, blocks=3, reduction=4)
    network.load_state_dict(RCAN.released_state(tmp_path / "rcan.pt"))
    small = photograph[..., :12, :15]
    expected = official_output(state, 2, 3, 255 * small)
    assert expected.std() > 1
    torch.testing.assert_close(255 * network(small), expected, rtol=1e-4, atol=1e-2)


def test_checkpoints_of_other_networks_are_refused(tmp_path):
    state = official_checkpoint(8, 1, 1, 4, torch.Generator().manual_seed(0))
    torch.save(state | {"sub_mean.bias": -MEAN}, tmp_path / "range_1.pt")
    with pytest.raises(ValueError, match=r"shifts sub_mean by .*; RCAN for grey levels"):
        RCAN.released_state(tmp_path / "range_1.pt")
    torch.save(state, tmp_path / "rcan.pt")
    with pytest.raises(ValueError, match=r"rcan\.pt is not EDSR: it has no body"):
        EDSR.released_state(tmp_path / "rcan.pt")
    edsr = EDSR(width=8, blocks=1).state_dict()
    torch.save(edsr | mean_shifts(), tmp_path / "edsr.pt")
    with pytest.raises(ValueError, match=r"edsr\.pt is not RCAN: it has no body\.0.*conv_du"):
        RCAN.released_state(tmp_path / "edsr.pt")
