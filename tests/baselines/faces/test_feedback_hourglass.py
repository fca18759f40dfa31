import pytest
import torch
from network_checks import parameter_count, revived
from torch import nn

from baselines.faces.feedback_hourglass import FeedbackHourglass

# A few of the official names, each with its shape.
OFFICIAL = {
    "pre_conv_block.0.weight": (64, 3, 7, 7),
    "pre_conv_block.2.conv_block.2.weight": (64, 64, 3, 3),
    "pre_conv_block.2.skip_layer.weight": (128, 64, 1, 1),
    "pre_conv_block.5.conv_block.3.bias": (256,),
    "compress_in.weight": (512, 512, 1, 1),
    "hg.res4_1.conv_block.0.weight": (256, 512, 1, 1),
    "hg.res_center.conv_block.3.weight": (512, 256, 1, 1),
    "hg_conv_out.0.conv_block.2.bias": (128,),
    "hg_conv_out.1.conv_block.0.weight": (256, 256, 1, 1),
    "hg_conv_out.2.weight": (68, 256, 1, 1),
}


@pytest.fixture
def network():
    torch.manual_seed(0)
    return revived(FeedbackHourglass(16)).eval()


@pytest.fixture
def faces():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) - 0.4


def test_parameters_and_names_are_official():
    with torch.device("meta"):
        network = FeedbackHourglass()
    assert parameter_count(network) == 11_999_172
    state = network.state_dict()
    for name, shape in OFFICIAL.items():
        assert tuple(state[name].shape) == shape, name
    assert not any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@torch.no_grad()
def test_first_step_takes_its_own_features_for_the_memory(network, faces):
    maps, memory = network(faces)
    assert maps.shape == (2, 68, 16, 16)
    assert memory.shape == (2, 16, 16, 16)
    again = network(faces, network.pre_conv_block(faces))
    assert torch.equal(again[0], maps)
    assert torch.equal(again[1], memory)


@torch.no_grad()
def test_memory_changes_maps_and_memory(network, faces):
    maps, memory = network(faces)
    again = network(faces, memory)
    assert (again[0] - maps).std() > 0.1 * maps.std()
    assert (again[1] - memory).std() > 0.1 * memory.std()


def test_released_weights_load_and_others_are_named(tmp_path):
    with torch.device("meta"):
        state = FeedbackHourglass().state_dict()
    state = {name: torch.zeros(value.shape) for name, value in state.items()}
    torch.save(state, tmp_path / "FB_HG_68_CelebA.pth")
    network = FeedbackHourglass()
    network.load_state_dict(FeedbackHourglass.released_state(tmp_path / "FB_HG_68_CelebA.pth"))
    assert not any(parameter.any() for parameter in network.parameters())
    torch.save(state | {"compress_in.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth is not FB_HG_68: its compress_in\.weight is"):
        FeedbackHourglass.released_state(tmp_path / "other.pth")
