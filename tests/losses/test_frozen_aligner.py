"""A judge of faces that does not learn, and heatmaps between 0 and 1."""

from __future__ import annotations

import pytest
import torch
from face_aligners import Aligner, Stacked
from torch import Tensor

from losses.face_attention import FaceAttention
from losses.face_heatmap import FaceHeatmap
from losses.frozen_aligner import FrozenAligner, lowest, normalised
from losses.heatmap_distillation import HeatmapDistillation
from losses.l1 import L1
from losses.objective import Resources


def test_normalised_maps_of_each_face_span_zero_to_one_together() -> None:
    maps = torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(0)) * 7
    found = normalised(maps)
    for n in range(3):
        low, high = maps[n].min(), maps[n].max()
        torch.testing.assert_close(found[n], (maps[n] - low) / (high - low))
    assert found.amin(dim=(1, 2, 3)).eq(0).all()
    torch.testing.assert_close(found.amax(dim=(1, 2, 3)), torch.ones(3))
    assert lowest(maps).shape == (3, 1, 1, 1)


def test_normalising_forgets_gain_and_offset() -> None:
    maps = torch.rand(2, 4, 5, 6, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(normalised(5 * maps - 3), normalised(maps))


def test_flat_maps_are_zero_and_have_a_finite_gradient() -> None:
    maps = torch.full((1, 2, 3, 3), 0.7, requires_grad=True)
    found = normalised(maps)
    found.sum().backward()
    assert not found.any()
    assert maps.grad is not None
    assert maps.grad.isfinite().all()


def test_aligner_stays_as_it_was_and_the_gradient_reaches_the_faces(
    resources: Resources, photographs: Tensor
) -> None:
    aligner = FrozenAligner(Aligner, resources).train()
    state = {key: value.clone() for key, value in aligner.state_dict().items()}
    faces = photographs.clone().requires_grad_()
    aligner(faces).square().mean().backward()
    assert faces.grad is not None
    assert faces.grad.any()
    assert all(parameter.grad is None for parameter in aligner.parameters())
    assert all(torch.equal(value, state[key]) for key, value in aligner.state_dict().items())


def test_of_several_outputs_the_first_counts(resources: Resources, photographs: Tensor) -> None:
    maps = FrozenAligner(Stacked, resources)(photographs)
    assert torch.equal(maps, FrozenAligner(Aligner, resources)(photographs))
    assert maps.any()


@pytest.mark.parametrize("shared", [True, False])
def test_aligners_stay_out_of_checkpoints_also_where_terms_share_one(
    resources: Resources, shared: bool
) -> None:
    one = Aligner()
    other = one if shared else Aligner()
    terms = 2.0 * FaceAttention(one) + 3.0 * FaceHeatmap(other) + HeatmapDistillation(one)
    objective = (L1() + terms).build(resources)
    assert len(objective.state_dict()) == 3 * len(one.state_dict())
    assert not objective.learned_state()
    objective.load_learned_state({})
