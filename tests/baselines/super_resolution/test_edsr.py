import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts, parameter_count
from sub_pixel_checks import MEAN, drawn_in_turn, mean_shifts
from torch.nn import functional as F

from baselines.super_resolution.edsr import EDSR


class TestEDSR(RestorationChecks, IdentityStartChecks):
    network = EDSR
    parameters = 1_517_571
    scale = 4
    halo = 36
    crop = 24
    learns = 0.6

    def test_children(self, built):
        conv = 9 * 64 * 64 + 64
        assert child_counts(built) == {
            "head": 9 * 3 * 64 + 64,
            "body": 33 * conv,
            "tail": 2 * 4 * conv + 9 * 64 * 3 + 3,
        }

    def test_weights_are_drawn_head_body_tail(self, built):
        """An order that changes would change every run from scratch."""
        assert list(child_counts(built)) == ["head", "body", "tail"]
        drawn = drawn_in_turn(built)
        assert len(drawn) == 1 + 33 + 3
        assert all(torch.equal(weight, value) for weight, value in drawn)


def test_full_network_has_43_million_parameters():
    with torch.device("meta"):
        network = EDSR(width=256, blocks=32, residual_scale=0.1)
    assert parameter_count(network) == 43_089_923


@pytest.mark.parametrize("scale", [2, 3, 4, 8])
@torch.no_grad()
def test_identity_start_repeats_pixels_at_every_scale(scale):
    """Each in its place: a wrong order of the sub-pixels would permute the image."""
    torch.manual_seed(0)
    small = torch.rand(1, 3, 5, 7)
    pred = EDSR(scale=scale, width=12, blocks=1, start="identity")(small)
    repeated = small.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    assert (pred - repeated).abs().max() < 0.05


def official_checkpoint(width, blocks, generator):
    """Names and shapes as in sanghyun-son/EDSR-PyTorch at scale 4, with random weights."""
    shapes = {"head.0": (width, 3)}
    for i in range(blocks):
        shapes |= {f"body.{i}.body.0": (width, width), f"body.{i}.body.2": (width, width)}
    shapes[f"body.{blocks}"] = (width, width)
    shapes |= {f"tail.0.{i}": (4 * width, width) for i in (0, 2)} | {"tail.1": (3, width)}
    state = {}
    for name, shape in shapes.items():
        state[f"{name}.weight"] = 0.1 * torch.randn(*shape, 3, 3, generator=generator)
        state[f"{name}.bias"] = torch.randn(shape[0], generator=generator)
    return state | mean_shifts()


def official_output(state, blocks, residual_scale, grey_levels):
    """What the official network computes with these weights on 0..255, layer by layer."""

    def conv(x, name):
        weight = state[f"{name}.weight"]
        return F.conv2d(x, weight, state[f"{name}.bias"], padding=weight.shape[-1] // 2)

    head = conv(conv(grey_levels, "sub_mean"), "head.0")
    x = head
    for i in range(blocks):
        x = x + residual_scale * conv(conv(x, f"body.{i}.body.0").relu(), f"body.{i}.body.2")
    x = conv(x, f"body.{blocks}") + head
    for i in (0, 2):
        x = F.pixel_shuffle(conv(x, f"tail.0.{i}"), 2)
    return conv(conv(x, "tail.1"), "add_mean")


@torch.no_grad()
def test_released_weights_compute_what_the_official_network_computes(tmp_path, photograph):
    state = official_checkpoint(8, 2, torch.Generator().manual_seed(0))
    torch.save(state, tmp_path / "edsr.pt")
    network = EDSR(width=8, blocks=2, residual_scale=0.1)
    network.load_state_dict(EDSR.released_state(tmp_path / "edsr.pt"))
    small = photograph[..., :12, :15]
    expected = official_output(state, 2, 0.1, 255 * small)
    assert expected.std() > 1
    torch.testing.assert_close(255 * network(small), expected, rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sub_mean.bias": -MEAN}, "shifts sub_mean by"),
        ({"add_mean.weight": torch.ones(3, 3, 1, 1)}, "shifts add_mean by"),
        ({"add_mean.bias": None}, "has no layer add_mean"),
        ({"conv1.weight": torch.zeros(1)}, "is not EDSR: expected"),
        ({"head.0.weight": torch.zeros(8, 1, 3, 3)}, "is not EDSR: expected"),
        ({"body.0.body.0.weight": None}, r"is not EDSR: it has no body\.0\.body\.0\.weight"),
    ],
    ids=["range_1", "no_unit_kernel", "no_add_mean", "strange_layer", "grey", "other_blocks"],
)
def test_checkpoints_of_other_networks_are_refused(tmp_path, change, message):
    state = official_checkpoint(8, 1, torch.Generator().manual_seed(0)) | change
    torch.save({k: v for k, v in state.items() if v is not None}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=message):
        EDSR.released_state(tmp_path / "other.pt")


def test_unknown_scales_are_refused():
    with pytest.raises(ValueError, match="2, 3, 4 or 8, not 5"):
        EDSR(scale=5)
