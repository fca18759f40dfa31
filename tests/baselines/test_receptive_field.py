import pytest
import torch
from torch import nn

from baselines.receptive_field import Reach, ReceptiveField, receptive_field


def conv(kernel, **options):
    return nn.Conv2d(3, 3, kernel, **options)


@pytest.mark.parametrize(
    ("layers", "multiple", "field"),
    [
        ([conv(3), nn.ReLU(), conv(5)], 1, ReceptiveField(1 + 2)),
        ([conv(3, dilation=4), nn.PReLU(), nn.BatchNorm2d(3), conv(1)], 1, ReceptiveField(4)),
        ([conv(3), nn.PixelShuffle(3), conv(5)], 1, ReceptiveField(1 + 1, 1, 3)),
        ([conv(3), nn.PixelShuffle(2), conv(7)], 1, ReceptiveField(1 + 2, 1, 2)),
        ([conv(3), nn.AvgPool2d(2), conv(3), nn.ConvTranspose2d(3, 3, 2, stride=2), conv(3)],
         2, ReceptiveField(6, 2)),  # 1 + 2 * (1 + 1) are 5
        ([conv(3, stride=2, padding=1), conv(3), nn.ConvTranspose2d(3, 3, 4, 2, 1)],
         2, ReceptiveField(6, 2)),  # 1 + 2 * (1 + 1) are 5
        ([nn.MaxPool2d(3, 2, 1), conv(5), nn.Upsample(scale_factor=2), nn.Tanh()],
         2, ReceptiveField(6, 2)),  # 1 + 2 * 2 are 5
    ],
)  # fmt: skip
def test_reach_is_the_sum_over_layers_in_their_unit(layers, multiple, field):
    assert receptive_field(layers, multiple) == field
    # Layers that hold others are these others.
    assert receptive_field(nn.Sequential(*layers).modules(), multiple) == field


@pytest.mark.parametrize(
    "layer",
    [nn.AdaptiveAvgPool2d(1), nn.InstanceNorm2d(3), conv(3, stride=2), nn.MaxPool2d(3, 2),
     nn.Upsample(scale_factor=2, mode="bilinear"), nn.Upsample(size=8),
     nn.ConvTranspose2d(3, 3, 2, stride=2, padding=1), conv(3, padding=1, padding_mode="circular")],
    ids=repr,
)  # fmt: skip
def test_layers_that_may_look_anywhere_are_refused(layer):
    with pytest.raises(ValueError, match="nothing is known about the reach"):
        receptive_field([conv(3), layer])


STRIDED = {
    "conv 3": conv(3, stride=2, padding=1),
    "conv 4": conv(4, stride=2, padding=1),
    "conv 7": conv(7, stride=2, padding=3),
    "reflected": conv(3, stride=2, padding=1, padding_mode="reflect"),
    "pool": nn.AvgPool2d(4),
    "deconv 4": nn.ConvTranspose2d(3, 3, 4, stride=2, padding=1),
    "deconv 3 and mean": nn.Sequential(nn.ConvTranspose2d(3, 3, 3, 2), nn.AvgPool2d(2, stride=1)),
    "nearest": nn.Upsample(scale_factor=4),
    "twice up": nn.Sequential(nn.ConvTranspose2d(3, 3, 4, 2, 1), nn.ConvTranspose2d(3, 3, 4, 2, 1)),
    "down and up": nn.Sequential(conv(4, stride=2, padding=1), nn.ConvTranspose2d(3, 3, 4, 2, 1)),
}


@pytest.mark.parametrize("name", STRIDED)
@pytest.mark.parametrize("wanted", [Reach(), Reach(1, 1), Reach(2, 0), Reach(5, 3)])
def test_strided_layers_reach_as_far_as_their_gradient(name, wanted):
    """Each row before and after, not only their rounded maximum; the wanted rows are 32 to 64."""
    layer = STRIDED[name]
    image = torch.rand(1, 3, 96, 96, requires_grad=True)
    output = layer(image)
    first, last = (place * output.shape[-2] // 96 for place in (32, 64))
    rows = output[..., first - wanted.before : last + wanted.after, :]
    (gradient,) = torch.autograd.grad(rows.square().sum(), image)
    seen = gradient[0].abs().amax(dim=(0, 2)).nonzero()
    reach = wanted.through(layer.modules())
    assert (32 - reach.before, 64 + reach.after - 1) == (int(seen.min()), int(seen.max()))


def test_of_two_ways_the_longer_counts_at_either_side():
    assert Reach(3, 1, 2).joined(Reach(2, 4, 2)) == Reach(3, 4, 2)
    assert Reach(3, 4, 2).field(3) == ReceptiveField(6, 3, 2)
