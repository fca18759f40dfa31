"""Heatmaps of landmarks."""

from __future__ import annotations

import math

import pytest
import torch

from losses.heatmaps import gaussian_heatmaps


@pytest.mark.parametrize(("centred", "place"), [(False, 40 / 4), (True, 40.5 / 4 - 0.5)])
def test_a_map_is_the_gaussian_around_its_point(centred: bool, place: float) -> None:
    points = torch.tensor([[[40.0, 40.0], [8.0, 100.0]]], dtype=torch.float64)
    maps = gaussian_heatmaps(points, 32, 4, 1.5, centred=centred)
    assert maps.shape == (1, 2, 32, 32)
    for row, column in ((10, 10), (7, 12)):
        squared = (row - place) ** 2 + (column - place) ** 2
        assert maps[0, 0, row, column].item() == pytest.approx(math.exp(-squared / 4.5))


def test_rows_are_y_and_columns_are_x() -> None:
    maps = gaussian_heatmaps(torch.tensor([[[8.0, 100.0]]]), 32, 4, centred=False)
    assert divmod(int(maps.argmax()), 32) == (25, 2)
    assert maps.max() == 1


def test_a_point_far_outside_leaves_nothing() -> None:
    maps = gaussian_heatmaps(torch.tensor([[[-500.0, 40.0]]]), 32, 4, centred=False)
    assert not maps.any()


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="N, P, 2"):
        gaussian_heatmaps(torch.zeros(68, 2), 32, 4, centred=False)
