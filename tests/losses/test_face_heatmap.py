"""Heatmaps of the restored and of the clean face."""

from __future__ import annotations

import pytest
import torch
from face_aligners import Aligner, Small
from torch import Tensor

from losses.face_heatmap import FaceHeatmap, heatmap_difference
from losses.objective import Resources


def maps(seed: int) -> Tensor:
    return torch.randn(2, 4, 6, 5, generator=torch.Generator().manual_seed(seed))


def by_hand(pred: Tensor, target: Tensor, own_minimum: bool) -> float:
    """Face by face, the lowest value of either from the definition."""
    total = 0.0
    for ours, theirs in zip(pred.double(), target.double(), strict=True):
        low = ours.min() if own_minimum else theirs.min()
        ours = (ours - low) / (ours.max() - low)
        theirs = (theirs - theirs.min()) / (theirs.max() - theirs.min())
        total += (ours - theirs).square().sum().item()
    return total / pred.numel()


@pytest.mark.parametrize("own_minimum", [True, False])
def test_difference_equals_the_one_by_hand(own_minimum: bool) -> None:
    pred, target = maps(0), maps(1) - 2
    found = heatmap_difference(pred, target, own_minimum).item()
    assert found == pytest.approx(by_hand(pred, target, own_minimum), rel=1e-5)
    assert heatmap_difference(target, target, own_minimum) == 0


def test_only_with_its_own_minimum_does_an_offset_not_count() -> None:
    pred, target = maps(0), maps(1)
    plain = heatmap_difference(pred, target)
    torch.testing.assert_close(heatmap_difference(2 * pred + 5, target), plain)
    faithful = heatmap_difference(pred, target, own_minimum=False)
    moved = heatmap_difference(pred + 5, target, own_minimum=False)
    assert abs(moved - faithful) > 0.01


def test_gradient_goes_through_the_extremes_and_spares_the_target() -> None:
    """In double precision against finite differences."""
    target = maps(1).double().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda pred: heatmap_difference(pred, target), (maps(0).double().requires_grad_(),)
    )
    heatmap_difference(maps(0).double().requires_grad_(), target).backward()
    assert target.grad is None


@pytest.mark.parametrize("aligner", [Aligner, Small])
def test_term_looks_at_both_faces_through_the_aligner(
    resources: Resources, photographs: Tensor, noisy: Tensor, aligner: type[Aligner]
) -> None:
    loss = FaceHeatmap(aligner).build(resources).train()
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    value = loss(pred, target)
    value.backward()
    network = aligner().eval()
    with torch.no_grad():
        expected = by_hand(network(noisy), network(photographs), True)
    assert value.item() == pytest.approx(expected, rel=1e-4)
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert target.grad is None
    assert loss(noisy - 0.1 * pred.grad / pred.grad.norm(), photographs) < value
    assert loss(photographs, photographs) == 0


def test_term_has_the_minimum_that_it_declares(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    assert FaceHeatmap.symbol == "L_Heatmap"
    assert FaceHeatmap(Aligner).own_minimum
    found = [
        FaceHeatmap(Aligner, own).build(resources)(noisy, photographs) for own in (True, False)
    ]
    network = Aligner().eval()
    with torch.no_grad():
        pair = network(noisy), network(photographs)
    assert [v.item() for v in found] == pytest.approx(
        [by_hand(*pair, True), by_hand(*pair, False)], rel=1e-4
    )
