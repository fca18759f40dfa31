import math

import torch
from torch.nn import functional as F

from baselines.equalised_convolution import equal_conv


def test_weights_are_scaled_by_hes_constant_as_they_are_used():
    torch.manual_seed(0)
    layer = equal_conv(5, 7)
    x = torch.randn(2, 5, 6, 8)
    expected = F.conv2d(x, layer.conv.weight_orig * math.sqrt(2 / 45), layer.conv.bias, padding=1)
    torch.testing.assert_close(layer(x), expected)
    assert expected.shape == (2, 7, 6, 8)


def test_weights_are_kept_at_unit_deviation_whatever_the_width():
    torch.manual_seed(0)
    for width in (8, 64):
        state = equal_conv(width, 64).state_dict()
        assert abs(state["conv.weight_orig"].std() - 1) < 0.05
        assert not state["conv.bias"].any()


def test_rectified_noise_keeps_its_size_through_layers():
    """What He's constant is for: the mean square after a ReLU is that before the layer."""
    torch.manual_seed(0)
    x = torch.randn(1, 64, 32, 32)
    with torch.no_grad():
        for _ in range(3):
            x = equal_conv(64, 64)(x)
            assert 0.7 < x[..., 4:-4, 4:-4].square().mean() / 2 < 1.3
            x = x.relu()
