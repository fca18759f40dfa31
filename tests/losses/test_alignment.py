"""Heatmaps of several steps against those of the true points."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from losses.alignment import Alignment
from losses.heatmaps import true_heatmaps
from losses.objective import Resources

STEPS = ("heatmaps_1", "heatmaps_2")
POINTS = torch.tensor([[[5.0, 14.0], [20.0, 3.0], [31.0, 31.0]], [[0.0, 0.0], [9.0, 9.0], [40, 8]]])


def by_definition(points: np.ndarray, size: int, scale: float, sigma: float) -> np.ndarray:
    """One Gaussian after the other, cell by cell, around a point's coordinates / scale."""
    maps = np.zeros((*points.shape[:2], size, size))
    for image, landmark, row, column in np.ndindex(maps.shape):
        x, y = points[image, landmark] / scale
        squared = (column - x) ** 2 + (row - y) ** 2
        maps[image, landmark, row, column] = math.exp(-squared / (2 * sigma**2))
    return maps


def predicted(seed: int) -> Tensor:
    return torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("sigma", [1.0, 1.7])
def test_the_mean_squared_errors_of_the_steps_are_summed(
    resources: Resources, sigma: float
) -> None:
    truth = by_definition(POINTS.double().numpy(), 8, 4.0, sigma)
    steps = {name: predicted(i) for i, name in enumerate(STEPS)}
    expected = sum(np.mean((maps.double().numpy() - truth) ** 2) for maps in steps.values())
    target = torch.zeros(2, 3, 32, 32)
    found = Alignment(STEPS, sigma).build(resources)(target, target, **steps, points=POINTS)
    assert found.shape == ()
    assert found.item() == pytest.approx(float(expected), rel=1e-5)


def test_true_heatmaps_leave_nothing_and_the_image_does_not_matter(resources: Resources) -> None:
    image = torch.rand(2, 3, 32, 32)
    truth = true_heatmaps(predicted(0), POINTS, image, 1.0, centred=False)
    loss = Alignment(STEPS).build(resources)
    assert loss(image, image, heatmaps_1=truth, heatmaps_2=truth, points=POINTS).item() == 0
    assert loss(1 - image, image, heatmaps_1=truth, heatmaps_2=truth, points=POINTS).item() == 0
    # A point that is one cell away: by as much as two unit Gaussians differ, and only in one step.
    moved = loss(image, image, heatmaps_1=truth.roll(1, 3), heatmaps_2=truth, points=POINTS)
    assert moved.item() > 0.005


def test_each_step_has_a_gradient_and_the_points_none(resources: Resources) -> None:
    steps = {name: predicted(i).requires_grad_() for i, name in enumerate(STEPS)}
    points = POINTS.clone().requires_grad_()
    pred = torch.rand(2, 3, 32, 32, requires_grad=True)
    Alignment(STEPS).build(resources)(pred, pred, **steps, points=points).backward()
    assert points.grad is None
    assert pred.grad is None
    truth = true_heatmaps(predicted(0), POINTS, pred, 1.0, centred=False)
    for maps in steps.values():
        expected = 2 * (maps - truth).detach() / maps.numel()
        torch.testing.assert_close(maps.grad, expected)


def test_term_names_what_it_takes() -> None:
    term = Alignment(("heatmaps_1", "heatmaps_2", "heatmaps_3", "heatmaps_4"))
    assert term.symbol == "L_Alignment"
    assert term.needs == ("heatmaps_1", "heatmaps_2", "heatmaps_3", "heatmaps_4", "points")
    assert repr(Alignment(("heatmaps",))) == "Alignment(outputs=('heatmaps',), sigma=1.0)"


def test_maps_that_do_not_fit_are_refused(resources: Resources) -> None:
    image = torch.zeros(2, 3, 32, 32)
    loss = Alignment(("heatmaps",)).build(resources)
    with pytest.raises(ValueError, match="one map per point"):
        loss(image, image, heatmaps=torch.zeros(2, 68, 8, 8), points=POINTS)
    with pytest.raises(ValueError, match="both must be square"):
        loss(image, image, heatmaps=torch.zeros(2, 3, 8, 9), points=POINTS)
    with pytest.raises(ValueError, match="both must be square"):
        loss(image, image[..., :24], heatmaps=torch.zeros(2, 3, 8, 8), points=POINTS)


def test_declarations_without_sense_are_refused() -> None:
    for names in ((), ("heatmaps", "heatmaps")):
        with pytest.raises(ValueError, match="one or more, each once"):
            Alignment(names)
    with pytest.raises(ValueError, match=r"> 0, not 0\.0"):
        Alignment(("heatmaps",), sigma=0.0)
