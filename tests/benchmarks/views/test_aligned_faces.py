"""Faces with the landmarks that an aligner finds in them."""

from __future__ import annotations

import base64
import io
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from sights import MadeSight
from torch import Tensor, nn

from benchmarks.grid.drawing import as_json, from_json
from benchmarks.grid.model import Grid
from benchmarks.metrics.nrmse import NRMSE
from benchmarks.report.drawing import png
from benchmarks.views.aligned_faces import AlignedFaces
from losses.heatmaps import gaussian_heatmaps
from losses.local_resources import LocalResources

POINTS = 20 + 80 * torch.rand(68, 2, generator=torch.Generator().manual_seed(0))
POINTS[36:48, 0] = torch.linspace(30, 95, 12)


class Finds(nn.Module):
    """Finds the landmarks, farther to the right the brighter the face is."""

    peaks: ClassVar[str] = "centroid"

    def forward(self, faces: Tensor) -> Tensor:
        moved = POINTS + torch.tensor([8.0 * float(faces.mean()), 0.0])
        return gaussian_heatmaps(moved[None], 32, 4, centred=True)


class Sight(MadeSight):
    """With the landmarks, and a network that is given."""

    class Given(LocalResources):
        def frozen(self, network: Any) -> nn.Module:
            found: nn.Module = network
            return found

    resources = Given()

    def sample(self, data: Any, i: int) -> dict[str, Tensor]:
        return {**super().sample(data, i), "points": POINTS}


@pytest.fixture(scope="module")
def drawing() -> Any:
    dark = [torch.full((3, 128, 128), 0.1 * n) for n in range(1, 4)]
    sight = Sight(dark, dark, {"brighter": lambda _, target: target + 0.5})
    return AlignedFaces("faces", NRMSE(Finds(), "inter_ocular"), count=2).draw(sight)


def test_each_face_has_a_panel_of_the_truth_and_of_each_network(drawing: Any) -> None:
    titles = [panel.title for panel in drawing.panels]
    assert titles == [f"{n}\nface {i}" for i in (1, 2) for n in ("ground truth", "brighter")]
    assert drawing.across == 2


def test_the_landmarks_are_those_found_in_the_face_that_is_shown(drawing: Any) -> None:
    for panel, grey in zip(drawing.panels, (26, 153, 51, 179), strict=True):
        pixels = np.array(Image.open(io.BytesIO(base64.b64decode(panel.picture))))
        assert pixels.shape == (128, 128, 3)
        assert np.unique(pixels).tolist() == pytest.approx([grey], abs=1)
        (found,) = panel.series
        expected = POINTS[:, 0] + 8 * grey / 255
        assert found.x == pytest.approx(expected.tolist(), abs=0.5)
        assert found.y == pytest.approx(POINTS[:, 1].tolist(), abs=0.5)


def test_the_numbers_are_the_errors_of_the_faces(drawing: Any) -> None:
    between = float((POINTS[45] - POINTS[36]).norm())
    for (label, values), greys in zip(drawing.numbers.rows, ((26, 51), (153, 179)), strict=True):
        expected = [8 * grey / 255 / between for grey in greys]
        assert values == pytest.approx((*expected, sum(expected) / 2), rel=0.1), label
    assert drawing.panels[0].words == (f"{drawing.numbers.rows[0][1][0]:.4f}",)


def test_pictures_are_kept_and_drawn(drawing: Any) -> None:
    assert from_json(as_json(drawing)) == drawing
    grid = Grid("name", "source", "title", [], [], rank_within=None)
    image = Image.open(io.BytesIO(png(grid, drawing)))
    assert image.width > image.height / 2
    greys = np.array(image.convert("L"))
    assert all((greys == grey).sum() > 10_000 for grey in (26, 153, 51, 178))


def test_no_face_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one face"):
        AlignedFaces("faces", NRMSE(None), 0)
