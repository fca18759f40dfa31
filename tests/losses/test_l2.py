from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.l2 import L2, l2
from losses.objective import Resources


def test_l2_closed_form():
    pred = torch.tensor([0.0, 1.0, 0.5, 0.25]).view(1, 1, 2, 2)
    target = torch.tensor([0.5, 0.0, 0.5, 0.0]).view(1, 1, 2, 2)
    assert l2(pred, target).item() == (0.25 + 1 + 0 + 0.0625) / 4
    assert l2(pred, pred).item() == 0


def test_l2_is_the_mean_over_the_batch(photographs: Tensor, noisy: Tensor):
    alone = [l2(noisy[i : i + 1], photographs[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(l2(noisy, photographs), torch.stack(alone).mean())


def test_l2_gradient_is_the_residual_and_spares_the_target(photographs: Tensor, noisy: Tensor):
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    l2(pred, target).backward()
    torch.testing.assert_close(pred.grad, 2 * (noisy - photographs) / noisy.numel())
    assert target.grad is None


def test_l2_refuses_to_broadcast():
    with pytest.raises(ValueError, match=r"pred is .* but target"):
        l2(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4))


def test_l2_term_computes_the_function(resources: Resources, photographs: Tensor, noisy: Tensor):
    assert repr(L2()) == "L2()"
    assert L2.symbol == "L_2"
    assert L2().build(resources)(noisy, photographs) == l2(noisy, photographs)
