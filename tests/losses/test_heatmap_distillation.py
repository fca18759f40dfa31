"""A student's heatmaps against a frozen teacher's."""

from __future__ import annotations

import pytest
import torch
from face_aligners import POINTS, Aligner, Small
from torch import Tensor
from torch.nn import functional as F

from losses.heatmap_distillation import HeatmapDistillation
from losses.objective import Resources


def test_difference_is_that_of_the_teachers_maps(resources: Resources, photographs: Tensor) -> None:
    loss = HeatmapDistillation(Aligner).build(resources).train()
    with torch.no_grad():
        theirs = Aligner().eval()(photographs)
    ours = torch.rand(theirs.shape, generator=torch.Generator().manual_seed(0))
    found = loss(ours, photographs, input=photographs)
    torch.testing.assert_close(found, (ours - theirs).square().mean())
    assert loss(theirs, photographs, input=photographs) == 0


def test_smaller_maps_are_enlarged_between_the_centres_of_their_blocks(
    resources: Resources, photographs: Tensor
) -> None:
    loss = HeatmapDistillation(Small).build(resources)
    with torch.no_grad():
        small = Small().eval()(photographs)
    large = F.interpolate(small, size=(96, 96), mode="bilinear", align_corners=False)
    assert loss(large, photographs, input=photographs) < 1e-12
    # Where four values stand around a corner of blocks, the value is their mean.
    corner = small[..., 3:5, 7:9].mean(dim=(2, 3))
    torch.testing.assert_close(large[..., 15:17, 31:33].mean(dim=(2, 3)), corner)


def test_gradient_reaches_the_student_alone(resources: Resources, photographs: Tensor) -> None:
    loss = HeatmapDistillation(Small).build(resources)
    maps = torch.zeros(2, POINTS, 96, 96, requires_grad=True)
    faces = photographs.clone().requires_grad_()
    value = loss(maps, faces, input=faces)
    value.backward()
    assert maps.grad is not None
    assert maps.grad.any()
    assert faces.grad is None
    assert loss(-10 * maps.grad, faces, input=faces) < value


def test_other_numbers_of_points_are_told(resources: Resources, photographs: Tensor) -> None:
    loss = HeatmapDistillation(Aligner).build(resources)
    with pytest.raises(ValueError, match="pred is"):
        loss(torch.zeros(2, POINTS + 1, 96, 96), photographs, input=photographs)


def test_term_needs_what_the_teacher_sees() -> None:
    assert HeatmapDistillation(Aligner).needs == ("input",)
    assert HeatmapDistillation(Aligner, sees="face").needs == ("face",)
    assert HeatmapDistillation.symbol == "L_distill"
