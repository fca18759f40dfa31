import pytest
import torch
from torch import nn

from baselines.receptive_field import ReceptiveField
from baselines.strided_reach import field_of, rows_into, united

CHAINS = [
    [(nn.Conv2d, 3, 1, 1)],
    [(nn.Conv2d, 3, 2, 1)],
    [(nn.Conv2d, 4, 2, 1), (nn.ConvTranspose2d, 4, 2, 1)],
    [(nn.ConvTranspose2d, 3, 2, 1), (nn.Conv2d, 5, 1, 2)],
    [(nn.Conv2d, 3, 2, 1), (nn.Conv2d, 3, 3, 1), (nn.ConvTranspose2d, 5, 3, 0)],
    [(nn.ConvTranspose2d, 2, 2, 0), (nn.Conv2d, 7, 2, 0)],
]


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("rows", [range(7, 8), range(6, 12)])
def test_rows_are_those_that_have_a_gradient(chain, rows):
    """Positive weights let nothing cancel."""
    layers = nn.Sequential(*(kind(1, 1, k, s, p, bias=False) for kind, k, s, p in chain), nn.ReLU())
    for parameter in layers.parameters():
        nn.init.constant_(parameter, 1.0)
    image = torch.ones(1, 1, 48, 24, requires_grad=True)
    layers(image)[..., rows.start : rows.stop, 5:9].sum().backward()
    seen = image.grad[0, 0].any(1).nonzero().flatten().tolist()
    assert seen == list(rows_into(layers, rows))


def test_dilated_kernels_reach_as_far_as_their_last_row():
    assert rows_into(nn.Conv2d(1, 1, 3, padding=4, dilation=4), range(2)) == range(-4, 6)


@pytest.mark.parametrize(
    "layer", [nn.AvgPool2d(2), nn.InstanceNorm2d(3), nn.Conv2d(3, 3, 3, padding_mode="reflect")]
)
def test_layers_of_unknown_reach_are_refused(layer):
    with pytest.raises(ValueError, match="nothing is known about the reach"):
        rows_into(nn.Sequential(nn.Conv2d(3, 3, 3), layer), range(1))


def test_field_has_the_longer_side_in_whole_multiples():
    assert united(range(-3, 5), range(-1, 9)) == range(-3, 9)
    assert field_of(range(-3, 9), 4) == ReceptiveField(8, 4)  # 3 above, 5 below
    assert field_of(range(-4, 6), 4) == ReceptiveField(4, 4)
    assert field_of(range(4), 4) == ReceptiveField(0, 4)
