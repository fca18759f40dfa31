import pytest
import torch
from network_checks import loss_curve, parameter_count, revived
from torch.nn import functional as F

from baselines.judges.student_fan import StudentFAN


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return StudentFAN().eval()


def test_parameter_count(network):
    assert parameter_count(network) == 321_412


@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 128), (37, 45)])
@torch.no_grad()
def test_a_map_per_landmark_in_the_size_of_the_image(network, height, width):
    assert network(torch.rand(2, 3, height, width)).shape == (2, 68, height, width)


def test_sees_thirteen_pixels(network):
    image = torch.zeros(1, 3, 41, 41, requires_grad=True)
    revived(network)(image)[0, :, 20, 20].sum().backward()
    rows = image.grad[0].abs().amax(dim=(0, 2)).nonzero()
    assert (int(rows.min()), int(rows.max())) == (14, 26)


def test_state_dict_has_the_keys_of_the_official_code(network):
    keys = {key.rpartition(".")[0] for key in network.state_dict()}
    convolutions, norms = (0, 3, 6, 9), (1, 4, 7)
    assert keys == {"conv", *(f"layers.{i}" for i in (*convolutions, *norms))}
    shapes = [tuple(network.layers[i].weight.shape[:2]) for i in convolutions]
    assert shapes == [(64, 32), (128, 64), (128, 128), (68, 128)]


def test_learns_where_a_red_spot_is(photograph):
    """Every map is a Gaussian around it."""
    places = ((10, 30), (34, 12), (23, 25))
    images = photograph[..., :40, :40].repeat(3, 1, 1, 1)
    line = torch.arange(40.0)
    maps = torch.zeros(3, 68, 40, 40)
    for n, (y, x) in enumerate(places):
        images[n, :, y - 2 : y + 3, x - 2 : x + 3] = torch.tensor([1.0, 0, 0]).view(3, 1, 1)
        maps[n] = torch.exp(-((line[:, None] - y) ** 2 + (line - x) ** 2) / 8)
    torch.manual_seed(0)
    network = StudentFAN(8).train()
    loss_curve(network, lambda: F.mse_loss(network(images), maps), steps=40, lr=1e-2)
    with torch.no_grad():
        found = network(images).mean(dim=1).flatten(1).argmax(dim=1)
    for n, (y, x) in enumerate(places):
        assert abs(int(found[n]) // 40 - y) <= 2
        assert abs(int(found[n]) % 40 - x) <= 2
