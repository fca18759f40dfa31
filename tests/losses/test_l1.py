from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.l1 import L1, l1
from losses.objective import Resources


def test_l1_closed_form():
    pred = torch.tensor([0.0, 1.0, 0.5, 0.25]).view(1, 1, 2, 2)
    target = torch.tensor([0.5, 0.0, 0.5, 0.0]).view(1, 1, 2, 2)
    assert l1(pred, target).item() == (0.5 + 1 + 0 + 0.25) / 4
    assert l1(pred, pred).item() == 0


def test_l1_is_the_mean_over_the_batch(photographs: Tensor, noisy: Tensor):
    alone = [l1(noisy[i : i + 1], photographs[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(l1(noisy, photographs), torch.stack(alone).mean())


def test_l1_gradient_is_the_sign_and_spares_the_target(photographs: Tensor, noisy: Tensor):
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    l1(pred, target).backward()
    torch.testing.assert_close(pred.grad, (noisy - photographs).sign() / noisy.numel())
    assert target.grad is None


def test_l1_refuses_to_broadcast():
    with pytest.raises(ValueError, match=r"pred is .* but target"):
        l1(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4))


def test_l1_term_computes_the_function(resources: Resources, photographs: Tensor, noisy: Tensor):
    assert repr(L1()) == "L1()"
    assert L1.symbol == "L_1"
    assert L1().build(resources)(noisy, photographs) == l1(noisy, photographs)
