"""Training an aligner: heatmaps against Gaussians around landmarks."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from losses.heatmap_regression import HeatmapRegression, heatmap_error
from losses.objective import Resources


@pytest.fixture
def points() -> Tensor:
    return 128 * torch.rand(2, 5, 2, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def maps() -> Tensor:
    return torch.rand(2, 5, 32, 32, generator=torch.Generator().manual_seed(1))


IMAGE = torch.zeros(2, 3, 128, 128)


def by_hand(
    maps: Tensor, points: Tensor, emphasis: float, centred: bool, sigma: float = 1.0
) -> float:
    """Value by value, from the definition of a Gaussian."""
    errors = []
    for n, p in ((n, p) for n in range(maps.shape[0]) for p in range(maps.shape[1])):
        x, y = ((c + 0.5) / 4 - 0.5 if centred else c / 4 for c in points[n, p].tolist())
        for row, values in enumerate(maps[n, p].tolist()):
            for column, value in enumerate(values):
                true = math.exp(-((row - y) ** 2 + (column - x) ** 2) / (2 * sigma**2))
                errors.append((value - true) ** 2 * (1 + emphasis * true))
    return sum(errors) / len(errors)


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize(("emphasis", "sigma"), [(0.0, 1.0), (20.0, 1.5)])
def test_it_is_the_weighted_mean_by_hand(
    resources: Resources, maps: Tensor, points: Tensor, centred: bool, emphasis: float, sigma: float
) -> None:
    loss = HeatmapRegression((), sigma, centred, emphasis).build(resources)
    expected = by_hand(maps, points, emphasis, centred, sigma)
    assert loss(maps, IMAGE, points=points).item() == pytest.approx(expected, rel=1e-4)


def test_all_stacks_are_supervised_and_summed(
    resources: Resources, maps: Tensor, points: Tensor
) -> None:
    term = HeatmapRegression(("maps_1", "maps_2"))
    assert term.needs == ("points", "maps_1", "maps_2")
    others = {"maps_1": maps.flip(3), "maps_2": maps / 2}
    alone = HeatmapRegression().build(resources)
    expected = sum(alone(one, IMAGE, points=points).item() for one in (maps, *others.values()))
    value = term.build(resources)(maps, IMAGE, points=points, **others)
    assert value.item() == pytest.approx(expected, rel=1e-5)


def test_the_scale_follows_from_image_and_maps(resources: Resources, maps: Tensor) -> None:
    """A point in the middle of a small image has the maps of one in the middle of a large one."""
    loss = HeatmapRegression(centred=True).build(resources)
    large = loss(maps, IMAGE, points=torch.full((2, 5, 2), 63.5))
    small = loss(maps, IMAGE[..., :64, :64], points=torch.full((2, 5, 2), 31.5))
    torch.testing.assert_close(large, small)


@pytest.mark.parametrize("emphasis", [0.0, 20.0])
def test_zero_at_the_truth_and_a_gradient_elsewhere(maps: Tensor, emphasis: float) -> None:
    assert heatmap_error(maps, maps, emphasis).item() == 0
    pred, truth = maps.flip(2).requires_grad_(), maps.clone().requires_grad_()
    heatmap_error(pred, truth, emphasis).backward()
    assert truth.grad is None
    assert pred.grad is not None
    expected = 2 * (pred - maps) * (1 + emphasis * maps) / maps.numel()
    torch.testing.assert_close(pred.grad, expected.detach())


def test_descent_finds_the_landmarks(resources: Resources, points: Tensor) -> None:
    """From maps of nothing, as a fresh aligner gives, to peaks within a value of the points."""
    loss = (100 * HeatmapRegression(centred=True, emphasis=20.0)).build(resources)
    maps = torch.zeros(2, 5, 32, 32, requires_grad=True)
    optimizer = torch.optim.SGD([maps], lr=2.0)
    for _ in range(20):
        optimizer.zero_grad()
        loss(maps, IMAGE, {"points": points})[0].backward()
        optimizer.step()
    found = maps.detach().flatten(2).argmax(2)
    x, y = ((points + 0.5) / 4 - 0.5).clamp(0, 31).unbind(2)
    assert (found % 32 - x).abs().max() <= 0.5
    assert (found // 32 - y).abs().max() <= 0.5


@pytest.mark.parametrize(
    ("shape", "image"),
    [((2, 68, 32, 32), (2, 3, 128, 128)), ((2, 5, 32, 32), (2, 3, 128, 64))],
)
def test_what_does_not_fit_is_refused(
    resources: Resources, points: Tensor, shape: tuple[int, ...], image: tuple[int, ...]
) -> None:
    loss = HeatmapRegression().build(resources)
    with pytest.raises(ValueError, match="do not fit 5 points"):
        loss(torch.zeros(shape), torch.zeros(image), points=points)


def test_stacks_of_another_shape_are_refused(
    resources: Resources, maps: Tensor, points: Tensor
) -> None:
    loss = HeatmapRegression(("maps_1",)).build(resources)
    with pytest.raises(ValueError, match="crop or convert"):
        loss(maps, IMAGE, points=points, maps_1=maps[:, :1])


@pytest.mark.parametrize("arguments", [{"sigma": 0.0}, {"emphasis": -1.0}])
def test_bad_declarations_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sigma must be positive"):
        HeatmapRegression(**arguments)
