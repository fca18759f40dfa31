"""Which channels a figure shows is decided by a rule that anyone can apply again."""

from __future__ import annotations

import numpy as np
import torch
from sights import RESOURCES

from benchmarks.views.channels import alive, channel_values, extremes, nearest
from losses.features import Features


def test_values_are_the_features_of_every_position() -> None:
    spec = Features("vgg16", ("relu2_1",), weights="random", width=1 / 16)
    image = torch.rand(3, 12, 8, generator=torch.Generator().manual_seed(0))
    extractor = spec.build(RESOURCES)
    expected = extractor(image[None])["relu2_1"][0]
    found = channel_values(extractor, image)
    assert found.shape == (8, 6 * 4)
    assert np.array_equal(found.reshape(8, 6, 4), expected.double().numpy())


def test_a_channel_that_does_not_vary_is_dead() -> None:
    a = np.array([[0.0, 1], [2, 2], [0, 3], [0, 0]])
    b = np.array([[0.0, 1], [0, 9], [5, 5], [0, 0]])
    assert alive(a) == [0, 2]
    assert alive(a, b) == [0]


def test_extremes_are_the_least_the_middle_and_the_greatest() -> None:
    assert extremes([10, 11, 12, 13, 14], [0.5, 0.1, 0.9, 0.3, 0.7]) == [11, 10, 12]
    assert extremes([10, 11, 12, 13], [1, 2, 3, 4]) == [10, 11, 13]
    assert extremes([7, 3, 5], [1.0, 1.0, 1.0]) == [3, 5, 7]
    assert extremes([4, 2], [2.0, 1.0]) == [2, 4]
    assert extremes([4], [2.0]) == [4]
    assert extremes([], []) == []


def test_nearest_are_a_share_about_the_median_and_three_at_least() -> None:
    values = [0.0, 10, 5, 6, 4, 100, 5, 1, 9, 5]
    channels = list(range(20, 30))
    assert nearest(channels, values, 0.5) == [22, 23, 24, 26, 29]
    assert nearest(channels, values, 0.0) == [22, 26, 29]
