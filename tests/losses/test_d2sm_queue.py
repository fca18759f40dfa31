from __future__ import annotations

from pathlib import Path

import torch
from d2sm_terms import INTERNAL, WHOLE, cut, rows_of
from torch import Tensor

from losses.d2sm import D2SMLoss, divergence
from losses.objective import Resources


def test_internal_loss_of_a_batch_is_the_mean_of_batches_of_one(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    pred, target = pair
    together = INTERNAL.build(resources)(pred, target)
    loss = INTERNAL.build(resources)
    single = [loss(p[None], t[None]) for p, t in zip(pred, target, strict=True)]
    assert together == sum(single) / 2


def test_internal_loss_is_the_mean_of_images_each_against_those_before(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    pred, target = pair
    loss = INTERNAL.build(resources)
    assert isinstance(loss, D2SMLoss)
    a = [rows_of(loss, cut(image)) for image in pred]
    b = [rows_of(loss, cut(image)) for image in target]

    first = divergence(a[0], b[0])
    second = divergence(torch.cat([a[1], a[0]]), torch.cat([b[1], b[0]]))
    torch.testing.assert_close(loss(pred, target), (first + second) / 2, rtol=1e-3, atol=1e-9)

    # The next batch: nine live rows and the newest eleven of eighteen.
    third = divergence(torch.cat([a[0], a[1], a[0][:2]]), torch.cat([b[0], b[1], b[0][:2]]))
    fourth = divergence(torch.cat([a[1], a[0], a[1][:2]]), torch.cat([b[1], b[0], b[1][:2]]))
    torch.testing.assert_close(loss(pred, target), (third + fourth) / 2, rtol=1e-3, atol=1e-9)


def test_whole_image_loss_takes_the_batch_as_samples(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    pred, target = pair
    loss = WHOLE.build(resources)
    assert isinstance(loss, D2SMLoss)
    a, b = rows_of(loss, pred), rows_of(loss, target)
    torch.testing.assert_close(loss(pred, target), divergence(a, b), rtol=1e-3, atol=1e-9)
    flipped = rows_of(loss, pred.flip(3)), rows_of(loss, target.flip(3))
    wanted = divergence(torch.cat([flipped[0], a]), torch.cat([flipped[1], b]))
    found = loss(pred.flip(3), target.flip(3))
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-9)
    assert loss.restored.rows.shape[0] == 4


def test_loss_resumes_bit_identically(
    resources: Resources, pair: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    loss = INTERNAL.build(resources)
    loss(*pair)
    torch.save(loss.state_dict(), tmp_path / "checkpoint.pt")
    wanted = [loss(pair[0].flip(2), pair[1].flip(2)), loss(*pair)]

    resumed = INTERNAL.build(resources)
    resumed.load_state_dict(torch.load(tmp_path / "checkpoint.pt", weights_only=True))
    assert [resumed(pair[0].flip(2), pair[1].flip(2)), resumed(*pair)] == wanted
    forgetful = INTERNAL.build(resources)
    assert forgetful(pair[0].flip(2), pair[1].flip(2)) != wanted[0]


def test_loss_in_eval_mode_leaves_the_queue_alone(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    loss = INTERNAL.build(resources)
    loss(*pair)
    state = loss.state_dict()["restored._extra_state"]["rows"]
    assert loss.eval()(*pair) == loss(*pair)
    assert torch.equal(loss.state_dict()["restored._extra_state"]["rows"], state)
