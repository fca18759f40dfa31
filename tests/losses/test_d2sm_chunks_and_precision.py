from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from d2sm_terms import INTERNAL, WHOLE
from torch import Tensor

from losses.d2sm import D2SM, D2SMLoss
from losses.objective import Resources


@pytest.mark.parametrize("term", [INTERNAL, WHOLE])
@pytest.mark.parametrize("chunk", [1, 4, 100])
def test_chunks_change_neither_loss_nor_gradient(
    resources: Resources, pair: tuple[Tensor, Tensor], term: D2SM, chunk: int
) -> None:
    results = []
    for declared in (term, replace(term, chunk=chunk)):
        loss = declared.build(resources)
        pred = pair[0].clone().requires_grad_()
        value = loss(pred, pair[1])
        results.append((value.detach(), torch.autograd.grad(value, pred)[0]))
    torch.testing.assert_close(results[1][0], results[0][0], rtol=1e-4, atol=1e-9)
    torch.testing.assert_close(results[1][1], results[0][1], rtol=1e-3, atol=1e-8)


def test_bfloat16_runs_the_network_only_and_stays_close(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    gradients = []
    for bf16 in (False, True):
        loss = replace(INTERNAL, bf16=bf16).build(resources)
        assert isinstance(loss, D2SMLoss)
        pred = pair[0].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(pred, pair[1]), pred)
        assert loss.restored.rows.dtype == torch.float32
        gradients.append(gradient.flatten())
    assert gradients[0].ne(gradients[1]).any()
    assert torch.cosine_similarity(gradients[0], gradients[1], dim=0) > 0.9


def test_loss_keeps_its_precision_under_the_network_s_autocast(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    wanted = INTERNAL.build(resources)(*pair)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = INTERNAL.build(resources)(*pair)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-9)
