"""NRMSE against the arithmetic of its definition, with aligners whose maps are known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks.metrics.landmarks import centroid_peaks, dic_peaks
from benchmarks.metrics.nrmse import NORMALISERS, NRMSE, sizes
from losses.heatmaps import gaussian_heatmaps


def face() -> Tensor:
    """68 landmarks of no real face, but with the left eye's to the left of the right eye's."""
    points = 20 + 80 * torch.rand(68, 2, generator=torch.Generator().manual_seed(0))
    points[36:42, 0] = torch.tensor([30.0, 34, 40, 46, 41, 35])
    points[42:48, 0] = torch.tensor([76.0, 80, 88, 93, 87, 81])
    points[36], points[45] = torch.tensor([30.0, 50.0]), torch.tensor([93.0, 42.0])
    return points


class Finds(nn.Module):
    """Draws maps of given places whatever the image is, darker images with lower peaks."""

    def __init__(self, points: Tensor, size: int = 32, centred: bool = False):
        super().__init__()
        self.peaks = "centroid" if centred else "dic"
        self.maps = gaussian_heatmaps(points[None], size, 128 / size, centred=centred)

    def forward(self, images: Tensor) -> Tensor:
        return images.mean() * self.maps


class Stacked(Finds):
    """Gives further maps, of places elsewhere, after the ones that count."""

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return super().forward(images), super().forward(images).flip(3)


IMAGE = torch.full((3, 128, 128), 0.5)


def value_of(metric: NRMSE, resources: Any, points: Tensor) -> dict[str, float]:
    value: dict[str, float] = metric.build(resources)(IMAGE, IMAGE, points=points)
    return value


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("peaks", ["dic", "centroid"])
def test_it_is_the_definition_in_numpy(resources: Any, peaks: Any, size: int) -> None:
    true = face()
    found = true + torch.randn(68, 2, generator=torch.Generator().manual_seed(1))
    metric = NRMSE(Finds(found, size, peaks == "centroid"))
    decode = {"dic": dic_peaks, "centroid": centroid_peaks}[peaks]
    read = decode(metric.aligner.maps[0], 128 / size).numpy()
    x, y = (read - true.numpy()).T
    rmse = np.sqrt(np.mean(x**2 + y**2))
    eyes = true.numpy()[:, 0]
    expected = {
        "width": rmse / np.ptp(eyes),
        "outer_eyes": rmse / (eyes[46] - eyes[37]),
        "eye_centres": rmse / (eyes[[43, 46]].mean() - eyes[[37, 40]].mean()),
        "inter_ocular": rmse / np.linalg.norm(true.numpy()[45] - true.numpy()[36]),
    }
    value = value_of(metric, resources, true)
    assert value["rmse"] == pytest.approx(rmse, rel=1e-5)
    for name in NORMALISERS:
        one = NRMSE(metric.aligner, name)  # type: ignore[arg-type]
        assert one.summary([value]) == pytest.approx(expected[name], rel=1e-5)
    assert json.loads(json.dumps(value)) == value


def test_sizes_end_at_the_landmarks_of_the_script() -> None:
    found = sizes(face())
    assert found["outer_eyes"] == 87 - 34
    assert found["eye_centres"] == (80 + 87) / 2 - (34 + 41) / 2
    assert found["inter_ocular"] == pytest.approx((63**2 + 8**2) ** 0.5)


def test_landmarks_that_are_farther_off_score_worse(resources: Any) -> None:
    true, scores = face(), []
    for shift in (0.0, 4.0, 8.0):
        metric = NRMSE(Finds(true + shift, centred=True), "inter_ocular")
        scores.append(metric.summary([value_of(metric, resources, true)]))
    assert scores[0] < 0.01
    assert scores[1] == pytest.approx(4 * 2**0.5 / sizes(true)["inter_ocular"], rel=0.05)
    assert scores[2] == pytest.approx(2 * scores[1], rel=0.05)


def test_the_last_stack_alone_is_judged(resources: Any) -> None:
    true = face()
    alone, stacked = NRMSE(Finds(true)), NRMSE(Stacked(true))
    assert value_of(stacked, resources, true) == value_of(alone, resources, true)


def test_the_restored_image_is_looked_at_and_not_the_target(resources: Any) -> None:
    seen = []
    aligner = Finds(face())
    aligner.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    pred = torch.rand(3, 128, 128)
    NRMSE(aligner).build(resources)(pred, IMAGE, points=face())
    assert torch.equal(seen[0][0], pred)


def test_resamples_are_means_of_quotients() -> None:
    values = [{"rmse": 3.0, "width": 30.0}, {"rmse": 8.0, "width": 20.0}]
    metric = NRMSE(None, "width")
    assert metric.summary(values) == pytest.approx((0.1 + 0.4) / 2)
    counts = np.array([[2, 0], [1, 1], [0, 2]])
    assert metric.replicates(values, counts).tolist() == pytest.approx([0.1, 0.25, 0.4])


def test_a_face_without_size_is_refused_before_and_after_it_is_stored(resources: Any) -> None:
    true = face()
    profile = true * torch.tensor([-1.0, 1.0]) + torch.tensor([127.0, 0.0])
    with pytest.raises(ValueError, match=r"eye_centres is -46 pixels; it is in profile"):
        value_of(NRMSE(Finds(profile)), resources, profile)
    value = value_of(NRMSE(Finds(profile), "width"), resources, profile)
    assert NRMSE(None, "width").summary([value]) > 0
    with pytest.raises(ValueError, match="divide by another size"):
        NRMSE(None).summary([value])
    with pytest.raises(ValueError, match="divide by another size"):
        NRMSE(None).replicates([value], np.ones((1, 1), int))


def test_other_points_are_refused(resources: Any) -> None:
    measure = NRMSE(Finds(face())).build(resources)
    unknown = face()
    unknown[3, 1] = float("nan")
    for points in (face()[:5], face()[:, :1], unknown):
        with pytest.raises(ValueError, match=r"68 finite points.*iBUG order"):
            measure(IMAGE, IMAGE, points=points)


def test_other_maps_are_refused(resources: Any) -> None:
    true = face()
    few, wide, wild = Finds(true), Finds(true), Finds(true)
    few.maps, wide.maps, wild.maps = few.maps[:, :11], wide.maps[..., :16, :], wild.maps / 0
    for aligner, match in ((few, "expected 68"), (wide, "same proportions"), (wild, "diverged")):
        with pytest.raises(ValueError, match=match):
            value_of(NRMSE(aligner), resources, true)


def test_bad_images_and_no_images_are_refused(resources: Any) -> None:
    with pytest.raises(ValueError, match="clamp"):
        NRMSE(Finds(face())).build(resources)(2 * IMAGE + 1, IMAGE, points=face())
    with pytest.raises(ValueError, match="no image"):
        NRMSE(None).summary([])


def test_bad_declarations_are_refused() -> None:
    with pytest.raises(ValueError, match=r"one of eye_centres, outer_eyes, .*, not 'eyes'"):
        NRMSE(None, "eyes")  # type: ignore[arg-type]


def test_normalisers_share_what_is_recorded() -> None:
    one, *others = (NRMSE("judge", name) for name in NORMALISERS)  # type: ignore[arg-type]
    assert all(other.recorded == one.recorded for other in others)
    assert len({metric.note for metric in (one, *others)}) == 4
    assert one.recorded != NRMSE("other").recorded
