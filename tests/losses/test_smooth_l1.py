from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.objective import Resources
from losses.smooth_l1 import SmoothL1, smooth_l1


def test_smooth_l1_closed_form():
    pred = torch.tensor([0.0, 3.0, -0.5, 0.25]).view(1, 1, 2, 2)
    target = torch.tensor([0.5, 0.0, 1.5, 0.25]).view(1, 1, 2, 2)
    assert smooth_l1(pred, target).item() == (0.125 + 2.5 + 1.5 + 0) / 4
    assert smooth_l1(pred, target, threshold=2.0).item() == (0.0625 + 2 + 1 + 0) / 4
    assert smooth_l1(pred, pred).item() == 0


def test_smooth_l1_is_the_mean_over_the_batch(photographs: Tensor, noisy: Tensor):
    alone = [smooth_l1(noisy[i : i + 1], photographs[i : i + 1], 0.1) for i in range(2)]
    torch.testing.assert_close(smooth_l1(noisy, photographs, 0.1), torch.stack(alone).mean())


def test_smooth_l1_gradient_is_the_clipped_residual_and_spares_the_target(
    photographs: Tensor, noisy: Tensor
):
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    smooth_l1(pred, target, threshold=0.1).backward()
    clipped = ((noisy - photographs) / 0.1).clamp(-1, 1)
    assert {-1, 1} < set(clipped.unique().tolist())
    torch.testing.assert_close(pred.grad, clipped / noisy.numel())
    assert target.grad is None


def test_smooth_l1_refuses_to_broadcast():
    with pytest.raises(ValueError, match=r"pred is .* but target"):
        smooth_l1(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4))


def test_smooth_l1_term_computes_the_function(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    assert repr(SmoothL1()) == "SmoothL1(threshold=1.0)"
    assert SmoothL1.symbol == "L_SmoothL1"
    loss = SmoothL1(0.1).build(resources)
    assert loss(noisy, photographs) == smooth_l1(noisy, photographs, 0.1)


def test_smooth_l1_refuses_thresholds_that_are_not_positive():
    with pytest.raises(ValueError, match=r"must be positive, not 0; 0 would be L1\(\)"):
        SmoothL1(0)
