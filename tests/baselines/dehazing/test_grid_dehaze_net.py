from typing import ClassVar

import pytest
import torch
from network_checks import IdentityStartChecks, RestorationChecks, child_counts, revived
from torch import nn

from baselines.dehazing.grid_dehaze_net import GridDehazeNet


class TestGridDehazeNet(RestorationChecks, IdentityStartChecks):
    network = GridDehazeNet
    parameters = 958_051
    small: ClassVar = {"features": 6, "growth": 6}
    aligned = 4
    halo = 104
    crop = 32

    @pytest.fixture(scope="class")
    @classmethod
    def lively(cls, built):
        """With attention as it is: He weights of it are near zero, which closes every crossing."""
        network = revived(built)
        nn.init.ones_(network.coefficient)
        return network


def block(features):
    """Four 3x3 layers of 16 features, each given all before it, and a 1x1 layer."""
    dense = sum(9 * (features + 16 * i) * 16 + 16 for i in range(4))
    return dense + (features + 64) * features + features


def test_children():
    with torch.device("meta"):
        network = GridDehazeNet()
    same = {c: 9 * c * c + c for c in (16, 32, 64)}
    assert child_counts(network) == {
        "conv_in": 9 * 3 * 16 + 16,
        "rdb_in": block(16),
        "rdb_module": 5 * (block(16) + block(32) + block(64)),
        "downsample_module": 3 * sum(same[c] + 9 * c * 2 * c + 2 * c for c in (16, 32)),
        "upsample_module": 3 * sum(same[c] + 9 * c * c // 2 + c // 2 for c in (32, 64)),
        "rdb_out": block(16),
        "conv_out": 9 * 16 * 3 + 3,
    }
    assert network.coefficient.numel() == 3 * 6 * 2 * 64


def by_hand(net, image):
    """The official grid of three rows and six columns, written out crossing by crossing."""

    def joined(row, column, along, across):
        a, b = net.coefficient[row, column, :, : along.shape[1], None, None]
        return a * along + b * across

    rdb, down, up = net.rdb_module, net.downsample_module, net.upsample_module
    top = [net.rdb_in(net.conv_in((image - 0.5) / 0.5))]
    top += [rdb["0_0"](top[0])]
    top += [rdb["0_1"](top[1])]
    middle, bottom = [down["0_0"](top[0])], []
    for j in (1, 2):
        middle.append(joined(1, j, rdb[f"1_{j - 1}"](middle[-1]), down[f"0_{j}"](top[j])))
    bottom = [down["1_0"](middle[0])]
    for j in (1, 2):
        bottom.append(joined(2, j, rdb[f"2_{j - 1}"](bottom[-1]), down[f"1_{j}"](middle[j])))
    for j in (3, 4, 5):
        bottom.append(rdb[f"2_{j - 1}"](bottom[-1]))
        enlarged = up[f"1_{j}"](bottom[j], middle[-1].shape[-2:])
        middle.append(joined(1, j, rdb[f"1_{j - 1}"](middle[-1]), enlarged))
        enlarged = up[f"0_{j}"](middle[j], top[-1].shape[-2:])
        top.append(joined(0, j, rdb[f"0_{j - 1}"](top[-1]), enlarged))
    return net.conv_out(net.rdb_out(top[-1])).relu()


@pytest.mark.parametrize(("height", "width"), [(32, 24), (37, 45), (3, 1)])
@torch.no_grad()
def test_grid_is_the_official_one(photograph, height, width):
    torch.manual_seed(0)
    network = GridDehazeNet(features=4, growth=4)
    nn.init.uniform_(network.coefficient, 0.5, 1.5)
    image = photograph[..., :height, :width]
    pred = network(image)
    assert pred.any()
    torch.testing.assert_close(pred, by_hand(network, image))


@pytest.mark.parametrize("arguments", [(1, 2), (2, 3), (4, 7), (3, 6)])
def test_every_layer_of_any_grid_is_on_a_way_to_the_output(photograph, arguments):
    torch.manual_seed(0)
    network = GridDehazeNet(*arguments, features=4, dense_layers=2, growth=4)
    network(photograph[..., :33, :18]).sum().backward()
    unused = [name for name, p in network.named_parameters() if p.grad is None]
    # Where nothing is joined, there is nothing to weigh.
    assert unused == (["coefficient"] if arguments == (1, 2) else [])


def test_grids_without_a_way_are_refused():
    with pytest.raises(ValueError, match="1x2 crossings or more, not 3x1"):
        GridDehazeNet(height=3, width=1)


def test_released_files_are_those_of_the_wrapped_network(tmp_path):
    torch.manual_seed(0)
    trained = GridDehazeNet()
    path = tmp_path / "indoor_haze_best_3_6"
    torch.save(nn.DataParallel(trained).state_dict(), path)
    network = GridDehazeNet()
    network.load_state_dict(GridDehazeNet.released_state(path))
    assert torch.equal(network.conv_out.weight, trained.conv_out.weight)
    torch.save(nn.Conv2d(3, 3, 1).state_dict(), path)
    with pytest.raises(ValueError, match="best_3_6 is not GridDehazeNet: expected coefficient"):
        GridDehazeNet.released_state(path)
