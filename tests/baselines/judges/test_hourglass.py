import numpy as np
import pytest
import torch
from network_checks import loss_curve, parameter_count, revived
from torch import nn
from torch.nn import functional as F

from baselines.judges.hourglass import DEPTH, Hourglass, Residual, SmallHourglass, StackedHourglass

# A few of the official names, each with its shape.
OFFICIAL = {
    "pre_conv_block.0.weight": (64, 3, 7, 7),
    "pre_conv_block.3.skip_layer.1.running_mean": (128,),
    "pre_conv_block.6.conv_block.6.bias": (256,),
    "hg0.res4_1.conv_block.0.weight": (128, 256, 1, 1),
    "hg1.res1_3.conv_block.3.weight": (128, 128, 3, 3),
    "hg2.res_center.conv_block.7.weight": (256,),
    "hg2_conv1.weight": (256, 256, 1, 1),
    "hg2_conv2.weight": (256, 68, 1, 1),
    "hg3_res1.conv_block.6.weight": (256, 128, 1, 1),
    "hg3_lin1.conv_block.1.num_batches_tracked": (),
    "hg3_conv_pred.bias": (68,),
}


@pytest.fixture(scope="module")
def unfilled():
    """Has shapes but no values."""
    with torch.device("meta"):
        return StackedHourglass()


@pytest.fixture(scope="module")
def face(photograph):
    return F.interpolate(photograph, size=(128, 128), mode="bilinear")


def narrow(network):
    torch.manual_seed(0)
    return network(width=16)


def all_maps(network, images):
    result = network(images)
    return result if isinstance(result, tuple) else (result,)


def test_parameter_counts(unfilled):
    assert parameter_count(unfilled) == 12_952_848
    with torch.device("meta"):
        assert parameter_count(SmallHourglass()) == 124_500
        assert parameter_count(SmallHourglass(width=64)) == 213_796


def test_names_and_shapes_are_official(unfilled):
    state = unfilled.state_dict()
    for name, shape in OFFICIAL.items():
        assert tuple(state[name].shape) == shape, name
    assert {key.split(".")[0] for key in state} == {
        "pre_conv_block",
        *(f"hg{i}{part}" for i in range(4) for part in ("", "_res1", "_lin1", "_conv_pred")),
        *(f"hg{i}_{part}" for i in range(3) for part in ("conv1", "conv2")),
    }


@pytest.mark.parametrize("network", [StackedHourglass, SmallHourglass])
@torch.no_grad()
def test_outputs_are_maps_of_a_quarter_of_the_size(network, face):
    built = narrow(network).eval()
    for height, width in ((128, 128), (64, 128)):
        outputs = all_maps(built, face[..., :height, :width])
        assert len(outputs) == len(network.outputs)
        assert {tuple(maps.shape) for maps in outputs} == {(1, 68, height // 4, width // 4)}


@pytest.mark.parametrize("network", [StackedHourglass, SmallHourglass])
def test_other_sizes_are_refused(network):
    with pytest.raises(ValueError, match="multiples of 64, not 128x96: bring them to 128x128"):
        narrow(network)(torch.rand(1, 3, 96, 128))


@torch.no_grad()
def test_colours_are_taken_about_the_authors_mean(face):
    network = narrow(StackedHourglass).eval()
    seen = []
    network.pre_conv_block.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(face)
    for colour, mean in enumerate((0.509, 0.424, 0.378)):
        torch.testing.assert_close(seen[0][:, colour], face[:, colour] - mean)


@torch.no_grad()
def test_every_hourglass_builds_on_the_one_before(face):
    """What the first one says changes the maps of those after it, and the last one none."""
    network = revived(narrow(StackedHourglass)).eval()
    before = network(face)
    network.get_submodule("hg0_conv_pred").bias += 1
    pred, *others = network(face)
    torch.testing.assert_close(others[0], before[1] + 1)
    later = zip((pred, *others[1:]), (before[0], *before[2:]), strict=True)
    assert all((changed - maps).std() > 1e-3 for changed, maps in later)
    last = network(face)
    network.get_submodule("hg3_conv_pred").bias += 1
    assert not torch.equal(network(face)[0], last[0])
    assert all(torch.equal(a, b) for a, b in zip(network(face)[1:], last[1:], strict=True))


@torch.no_grad()
def test_hourglass_adds_what_comes_back_from_every_scale():
    """With blocks that do nothing it is the sum of the input's pooled and enlarged copies."""
    x = torch.rand(1, 4, 32, 32, generator=torch.Generator().manual_seed(0))
    hourglass = Hourglass(4).eval()
    for block in hourglass.modules():
        if isinstance(block, Residual):
            nn.init.zeros_(block.conv_block[-1].weight)
    scales = [x]
    for _ in range(DEPTH):
        scales.append(F.max_pool2d(scales[-1], 2))
    expected = scales.pop()
    while scales:
        size = scales[-1].shape[-2:]
        expected = F.interpolate(expected, size, mode="bilinear", align_corners=True) + scales.pop()
    torch.testing.assert_close(hourglass(x), expected)


@torch.no_grad()
def test_small_hourglass_begins_almost_at_zero(face):
    torch.manual_seed(0)
    network = SmallHourglass().eval()
    assert network(face).abs().max() < 0.1
    assert network.last.weight.std().item() == pytest.approx(1e-3, rel=0.05)
    assert not network.last.bias.any()


@pytest.mark.parametrize("network", [StackedHourglass, SmallHourglass])
def test_every_parameter_gets_a_finite_gradient(network, face):
    lively = revived(narrow(network)).train()
    sum(
        maps.square().mean() for maps in all_maps(lively, torch.cat((face, face.flip(3))))
    ).backward()
    for name, parameter in lively.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize(("network", "steps"), [(StackedHourglass, 30), (SmallHourglass, 60)])
def test_overfits_one_batch(network, steps, face):
    """Map k is where the image is brighter than k / 68; the best constant map would be far off."""
    images = torch.cat((face, face.flip(3)))[..., :64, :64]
    levels = torch.arange(68).view(1, 68, 1, 1) / 68
    maps = (F.avg_pool2d(images, 4).mean(1, keepdim=True) > levels).float()
    built = narrow(network).train()

    values = loss_curve(
        built, lambda: F.mse_loss(all_maps(built, images)[0], maps), steps=steps, lr=1e-2
    )
    assert np.isfinite(values).all()
    assert min(values[-5:]) < 0.6 * maps.var(dim=(0, 2, 3)).mean().item()


def numbered(network):
    """The names of the authors' file; a number instead of each tensor's values keeps it small."""
    return {
        key: torch.tensor(i).to(value.dtype).expand(value.shape)
        for i, (key, value) in enumerate(network.state_dict().items())
    }


def test_released_checkpoints_load_strictly(unfilled, tmp_path):
    path = tmp_path / "HG_68_CelebA.pth"
    torch.save(numbered(unfilled), path)
    unfilled.load_state_dict(StackedHourglass.released_state(path), strict=True, assign=True)
    state = unfilled.state_dict()
    assert all(value.flatten()[:1].item() == i for i, value in enumerate(state.values()))


def test_other_checkpoints_are_refused(unfilled, tmp_path):
    state = numbered(unfilled)
    state.pop("hg3_conv_pred.bias")
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth is not HG_68: its hg3_conv_pred\.bias is"):
        StackedHourglass.released_state(tmp_path / "other.pth")


@pytest.mark.slow
def test_full_width_trains(face):
    torch.manual_seed(0)
    network = StackedHourglass().train()
    images = torch.cat((face, face.flip(3)))
    values = loss_curve(
        network, lambda: sum(maps.square().mean() for maps in network(images)), steps=2, lr=1e-4
    )
    assert values[1] < values[0]
