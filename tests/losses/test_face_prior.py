"""Maps of landmarks and of a face's parts against the true ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from losses.every_output import EveryOutput
from losses.face_prior import FacePrior, part_shares
from losses.l2 import L2
from losses.objective import Resources

PARTS, SIDE, CELLS = 4, 12, 6


def entries() -> dict[str, Tensor]:
    """Two faces of 12 pixels with 3 landmarks and 4 parts, and maps of 6 cells."""
    generator = torch.Generator().manual_seed(0)
    return {
        "landmark_maps": torch.rand(2, 3, CELLS, CELLS, generator=generator),
        "parsing_maps": torch.rand(2, PARTS, CELLS, CELLS, generator=generator),
        "points": 11 * torch.rand(2, 3, 2, generator=generator),
        "labels": torch.randint(PARTS, (2, SIDE, SIDE), generator=generator),
    }


def true_maps(given: dict[str, Tensor], sigma: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Cell by cell: a Gaussian around each point, and the share of a cell's four pixels."""
    landmarks = np.zeros((2, 3, CELLS, CELLS))
    for n, p, row, column in np.ndindex(landmarks.shape):
        x, y = given["points"][n, p].double().numpy()
        # A cell covers pixels 2k and 2k + 1; its centre lies half a pixel right of the first.
        squared = ((2 * column + 0.5 - x) / 2) ** 2 + ((2 * row + 0.5 - y) / 2) ** 2
        landmarks[n, p, row, column] = math.exp(-squared / (2 * sigma**2))
    labels = given["labels"].numpy()
    parts = np.zeros((2, PARTS, CELLS, CELLS))
    for n, k, row, column in np.ndindex(parts.shape):
        pixels = [labels[n, 2 * row + i, 2 * column + j] for i in (0, 1) for j in (0, 1)]
        parts[n, k, row, column] = sum(pixel == k for pixel in pixels) / 4
    return landmarks, parts


@pytest.mark.parametrize("sigma", [1.0, 0.6])
def test_squared_differences_are_summed_and_divided_by_the_images_values(
    resources: Resources, sigma: float
) -> None:
    given = entries()
    landmarks, parts = true_maps(given, sigma)
    squares = ((given["landmark_maps"].double().numpy() - landmarks) ** 2).sum()
    squares += ((given["parsing_maps"].double().numpy() - parts) ** 2).sum()
    image = torch.rand(2, 3, SIDE, SIDE)
    found = FacePrior(sigma).build(resources)(image, image, **given)
    assert found.item() == pytest.approx(squares / (2 * 3 * SIDE**2), rel=1e-5)


def test_objective_is_the_papers_up_to_one_factor(resources: Resources) -> None:
    """1/2N times the sum of all squared norms, with a = b = 1."""
    given = entries()
    landmarks, parts = true_maps(given)
    generator = torch.Generator().manual_seed(1)
    pred, coarse, target = torch.rand(3, 2, 3, SIDE, SIDE, generator=generator).unbind()
    norms = float((pred - target).square().sum() + (coarse - target).square().sum())
    norms += ((given["landmark_maps"].double().numpy() - landmarks) ** 2).sum()
    norms += ((given["parsing_maps"].double().numpy() - parts) ** 2).sum()
    objective = EveryOutput(L2(), ("coarse",)) + FacePrior()
    total, _ = objective.build(resources)(pred, target, given | {"coarse": coarse})
    assert total.item() == pytest.approx(norms / (2 * 2) * 2 / (3 * SIDE**2), rel=1e-5)


def test_true_maps_leave_nothing_and_the_image_does_not_matter(resources: Resources) -> None:
    given = entries()
    landmarks, parts = (torch.from_numpy(maps).float() for maps in true_maps(given))
    image = torch.rand(2, 3, SIDE, SIDE)
    loss = FacePrior().build(resources)
    exact = given | {"landmark_maps": landmarks, "parsing_maps": parts}
    assert loss(1 - image, image, **exact).item() < 1e-12
    assert loss(image, image, **exact | {"parsing_maps": parts.flip(1)}).item() > 0.01


def test_maps_have_gradients_and_the_truth_has_none(resources: Resources) -> None:
    given = entries()
    for name in ("landmark_maps", "parsing_maps", "points"):
        given[name].requires_grad_()
    pred = torch.rand(2, 3, SIDE, SIDE, requires_grad=True)
    FacePrior().build(resources)(pred, pred, **given).backward()
    assert pred.grad is None
    assert given["points"].grad is None
    with torch.no_grad():
        expected = [torch.from_numpy(maps).float() for maps in true_maps(given)]
        for name, truth in zip(("landmark_maps", "parsing_maps"), expected, strict=True):
            difference = given[name] - truth
            torch.testing.assert_close(given[name].grad, 2 * difference / pred.numel())


def test_cells_with_unknown_pixels_do_not_count(resources: Resources) -> None:
    given = entries()
    image = torch.rand(2, 3, SIDE, SIDE)
    loss = FacePrior().build(resources)
    given["labels"][1, 4, 7] = 255  # of the cell in row 2, column 3
    before = loss(image, image, **given)
    given["parsing_maps"][1, :, 2, 3] += 10
    torch.testing.assert_close(loss(image, image, **given), before)
    given["parsing_maps"][1, :, 2, 4] += 10
    assert loss(image, image, **given) > before + 0.1


def test_shares_of_a_cell_add_up_to_one() -> None:
    labels = torch.zeros(1, 8, 8, dtype=torch.long)
    labels[0, :2, :3] = 10
    shares, known = part_shares(labels, 11, 2)
    assert shares.shape == (1, 11, 2, 2)
    assert torch.equal(shares.sum(1), torch.ones(1, 2, 2))
    assert shares[0, 10].tolist() == [[6 / 16, 0], [0, 0]]
    assert torch.equal(known, torch.ones(1, 1, 2, 2))


def test_labels_that_do_not_fit_are_refused(resources: Resources) -> None:
    given = entries()
    image = torch.rand(2, 3, SIDE, SIDE)
    loss = FacePrior().build(resources)
    given["labels"][0, 3, 3] = PARTS
    with pytest.raises(ValueError, match=r"0\.\.3, or 255 .*from 0 to 4: make the network"):
        loss(image, image, **given)
    given["labels"][0, 3, 3] = -1
    with pytest.raises(ValueError, match="from -1 to 3"):
        loss(image, image, **given)
    for labels in (given["labels"][:, :8], given["labels"][:, :9, :9], given["labels"][None]):
        with pytest.raises(ValueError, match="cannot be averaged over 6x6 cells"):
            loss(image, image, **given | {"labels": labels})


def test_term_names_what_it_takes() -> None:
    assert FacePrior.symbol == "L_prior"
    assert FacePrior().needs == ("landmark_maps", "parsing_maps", "points", "labels")
    with pytest.raises(ValueError, match="> 0, not -1"):
        FacePrior(sigma=-1)
