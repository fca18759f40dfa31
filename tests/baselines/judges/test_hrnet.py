import numpy as np
import pytest
import torch
from network_checks import parameter_count
from torch import nn

from baselines.judges.hrnet import HRNetV2W48

# A few of the official names, each with its shape; index 3 of a fusion leads to stride 32.
OFFICIAL = {
    "conv1.weight": (64, 3, 3, 3),
    "layer1.0.downsample.0.weight": (256, 64, 1, 1),
    "transition1.1.0.0.weight": (96, 256, 3, 3),
    "stage2.0.fuse_layers.0.1.0.weight": (48, 96, 1, 1),
    "stage3.3.branches.2.3.bn2.running_var": (192,),
    "stage4.2.fuse_layers.3.0.2.0.weight": (384, 48, 3, 3),
    "last_layer.0.weight": (720, 720, 1, 1),
    "last_layer.0.bias": (720,),
    "last_layer.1.num_batches_tracked": (),
    "last_layer.3.weight": (19, 720, 1, 1),
}


@pytest.fixture(scope="module")
def network():
    return HRNetV2W48().eval()


@pytest.fixture(scope="module")
def unfilled():
    """Has shapes but no values."""
    with torch.device("meta"):
        return HRNetV2W48()


def official_checkpoint(network):
    """Official names; a number instead of each tensor's values, which keeps the file small."""
    state = {
        f"model.{key.removeprefix('backbone.')}": torch.tensor(i)
        .to(value.dtype)
        .expand(value.shape)
        for i, (key, value) in enumerate(network.state_dict().items())
    }
    return state | {"loss.criterion.weight": torch.ones(19)}


def test_parameter_counts(unfilled):
    assert parameter_count(unfilled) == 65_859_379
    assert parameter_count(unfilled.last_layer) == 534_259
    assert len(unfilled.state_dict()) == 1839


def test_names_and_shapes_are_official(unfilled):
    state = unfilled.state_dict()
    for name, shape in OFFICIAL.items():
        key = name if name.startswith("last_layer") else f"backbone.{name}"
        assert tuple(state[key].shape) == shape, name


@pytest.mark.parametrize("wrapped", [False, True])
def test_official_checkpoints_load_strictly(unfilled, tmp_path, wrapped):
    checkpoint = official_checkpoint(unfilled)
    torch.save({"state_dict": checkpoint} if wrapped else checkpoint, tmp_path / "hrnet.pth")
    unfilled.load_state_dict(
        HRNetV2W48.released_state(tmp_path / "hrnet.pth"), strict=True, assign=True
    )
    state = unfilled.state_dict()
    assert all(value.flatten()[:1].item() == i for i, value in enumerate(state.values()))


@pytest.mark.parametrize("missing", ["model.last_layer.3.weight", "model.stage4"])
def test_other_checkpoints_are_refused(unfilled, tmp_path, missing):
    checkpoint = official_checkpoint(unfilled)
    for key in [key for key in checkpoint if key.startswith(missing)]:
        del checkpoint[key]
    torch.save(checkpoint, tmp_path / "imagenet.pth")
    with pytest.raises(ValueError, match=r"imagenet\.pth is no HRNetV2 segmentation checkpoint"):
        HRNetV2W48.released_state(tmp_path / "imagenet.pth")


def initialise_as_the_official_code(network):
    """PyTorch's values in the order of the official constructor, before its own replace them."""
    modules = dict(network.named_modules())
    downsample = [name for name in modules if name.startswith("backbone.layer1.0.downsample")]
    order = [name for name in modules if name not in downsample]
    place = order.index("backbone.layer1.0")
    for name in order[:place] + downsample + order[place:]:
        if isinstance(modules[name], nn.Conv2d):
            modules[name].reset_parameters()


@torch.no_grad()
def test_output_is_that_of_the_official_code(network):
    """Mean and deviation measured on HRNet/HRNet-Semantic-Segmentation, seed 0 for weights and
    image. Its logits are at a quarter of the size, its input not yet normalised."""
    torch.manual_seed(0)
    initialise_as_the_official_code(network)
    logits = []
    handle = network.last_layer.register_forward_hook(lambda *call: logits.append(call[-1]))
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    output = network(image * network.normalise.std + network.normalise.mean)
    handle.remove()
    assert logits[0].shape == (1, 19, 16, 16)
    assert logits[0].mean().item() == pytest.approx(0.006625, abs=2e-6)
    assert logits[0].std().item() == pytest.approx(0.02752, abs=2e-5)

    enlarged = nn.functional.interpolate(logits[0], scale_factor=4, mode="bilinear")
    torch.testing.assert_close(output, enlarged)


@torch.no_grad()
def test_odd_sizes_are_extended_and_cropped(network, photograph):
    image = photograph[..., :40, :61]
    extended = np.pad(image.numpy(), [(0, 0), (0, 0), (0, 24), (0, 3)], mode="reflect")
    expected = network(torch.from_numpy(extended))[..., :40, :61]
    torch.testing.assert_close(network(image), expected, rtol=1e-4, atol=1e-5)
