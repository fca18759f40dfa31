"""Landmarks from heatmaps: against plain loops, and exact maps whose error has a closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.metrics.landmarks import centroid_peaks, dic_peaks
from losses.heatmaps import gaussian_heatmaps


def maps_of_noise(height: int = 32, width: int = 32) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(40, height, width, generator=generator, dtype=torch.float64)


def ranked(values: np.ndarray) -> list[tuple[int, int]]:
    """Row and column of every value, the highest first."""
    cells = np.ndindex(*values.shape)
    return sorted(((row, column) for row, column in cells), key=lambda cell: -values[cell])


@pytest.mark.parametrize(("size", "scale"), [((32, 32), 4.0), ((16, 24), 8.0)])
def test_dic_peaks_are_those_of_a_loop(size: tuple[int, int], scale: float) -> None:
    maps = maps_of_noise(*size)
    for values, found in zip(maps.numpy(), dic_peaks(maps, scale), strict=True):
        (row, column), (next_row, next_column) = ranked(values)[:2]
        x = scale * column + (scale / 4 if next_column > column else -scale / 4)
        y = scale * row + (scale / 4 if next_row > row else -scale / 4)
        assert found.tolist() == [x, y]


def test_dic_peaks_go_back_along_the_axis_on_which_nothing_is_higher() -> None:
    maps = torch.zeros(4, 8, 8)
    maps[:, 3, 5] = 1
    for i, (row, column) in enumerate(((3, 6), (3, 4), (4, 5), (2, 6))):
        maps[i, row, column] = 0.5
    assert dic_peaks(maps).tolist() == [[21, 11], [19, 11], [19, 13], [21, 11]]


def test_centroid_peaks_are_those_of_a_loop() -> None:
    maps = maps_of_noise(16, 24)
    for values, found in zip(maps.numpy(), centroid_peaks(maps, 8.0), strict=True):
        row, column = ranked(values)[0]
        near = [
            (r, c)
            for r in range(max(row - 2, 0), min(row + 3, 16))
            for c in range(max(column - 2, 0), min(column + 3, 24))
            if values[r, c] > 0
        ]
        weights = [values[cell] for cell in near]
        y, x = np.average(near, axis=0, weights=weights)
        expected = torch.tensor([8 * (x + 0.5) - 0.5, 8 * (y + 0.5) - 0.5], dtype=torch.float64)
        torch.testing.assert_close(found, expected)


def test_centroid_of_nothing_positive_is_the_centre_of_the_highest_block() -> None:
    maps = torch.full((1, 8, 8), -1.0)
    maps[0, 2, 7] = -0.5
    assert centroid_peaks(maps).tolist() == [[29.5, 9.5]]


@pytest.mark.parametrize("decode", [dic_peaks, centroid_peaks])
def test_maps_are_not_changed(decode: Callable[[Tensor], Tensor]) -> None:
    maps = maps_of_noise()
    kept = maps.clone()
    decode(maps)
    assert torch.equal(maps, kept)


def floor(decode: Callable[[Tensor], Tensor], centred: bool) -> float:
    """Root mean squared distance in pixels, for exact maps of places all over the inner image."""
    generator = torch.Generator().manual_seed(0)
    points = 10 + 108 * torch.rand(1, 20_000, 2, generator=generator, dtype=torch.float64)
    found = decode(gaussian_heatmaps(points, 32, 4, centred=centred)[0])
    return (found - points[0]).square().sum(1).mean().sqrt().item()


def test_dic_peaks_of_exact_maps_are_off_by_the_root_of_two() -> None:
    """Along the longer of the two offsets, 1/3 square pixel; along the other one, 2/3 + 1."""
    assert floor(dic_peaks, centred=False) == pytest.approx(2**0.5, abs=0.02)


def test_centroid_peaks_of_exact_maps_are_nearly_exact() -> None:
    assert floor(centroid_peaks, centred=True) < 0.3


def test_a_convention_of_the_other_kind_is_off_by_three_eighths_of_a_value() -> None:
    """Maps read as centred whose places are not: 1.5 pixels more along both axes."""
    assert floor(centroid_peaks, centred=False) == pytest.approx(1.5 * 2**0.5, abs=0.1)
