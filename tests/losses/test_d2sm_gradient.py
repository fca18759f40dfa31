from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from d2sm_terms import INTERNAL, KINDS, WHOLE, cut, rows_of
from torch import Tensor

from losses.d2sm import D2SM, D2SMLoss, divergence
from losses.objective import Resources


@pytest.mark.parametrize("term", [INTERNAL, WHOLE])
@pytest.mark.parametrize("kind", KINDS)
def test_loss_gradient_is_that_of_the_plain_graph(
    resources: Resources, pair: tuple[Tensor, Tensor], term: D2SM, kind: str
) -> None:
    pred, target = (images.double() for images in pair)
    loss = replace(term, divergence=kind).build(resources).double()
    assert isinstance(loss, D2SMLoss)
    loss(pred.flip(2), target.flip(2))  # something in the queues
    old = loss.restored.rows.clone(), loss.clean.rows.clone()

    leaf = pred.clone().requires_grad_()
    if term.window is None:
        wanted = divergence(rows_of(loss, leaf), rows_of(loss, target), kind, old[0], old[1])
    else:
        a = [rows_of(loss, cut(image)) for image in leaf]
        b = [rows_of(loss, cut(image)) for image in target]
        first = divergence(a[0], b[0], kind, old[0][:11], old[1][:11])
        older = [torch.cat([rows[0], queue])[:11] for rows, queue in zip((a, b), old, strict=True)]
        second = divergence(a[1], b[1], kind, older[0], older[1])
        wanted = (first + second) / 2
    (wanted_gradient,) = torch.autograd.grad(7 * wanted, leaf)

    leaf = pred.clone().requires_grad_()
    found = loss(leaf, target)
    (gradient,) = torch.autograd.grad(7 * found, leaf)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(gradient, wanted_gradient, rtol=1e-7, atol=1e-15)
    assert gradient.abs().sum() > 0


def test_loss_gradient_reaches_neither_target_nor_network_nor_queue(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    pred, target = pair[0].requires_grad_(), pair[1].requires_grad_()
    loss = INTERNAL.build(resources)
    assert isinstance(loss, D2SMLoss)
    loss(pred, target).backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert target.grad is None
    assert not any(weight.requires_grad for weight in loss.parameters())
    assert not loss.restored.rows.requires_grad


def test_loss_of_equal_images_is_zero(resources: Resources, pair: tuple[Tensor, Tensor]) -> None:
    loss = INTERNAL.build(resources)
    assert loss(pair[1], pair[1]).item() == 0
    assert loss(pair[0], pair[1]).item() > 0


def test_loss_without_gradient_has_the_same_value(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    pred = pair[0].clone().requires_grad_()
    wanted = INTERNAL.build(resources)(pred, pair[1])
    with torch.no_grad():
        found = INTERNAL.build(resources)(pred, pair[1])
    assert found == wanted
    assert wanted.requires_grad
    assert not found.requires_grad
