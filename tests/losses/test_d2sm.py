from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from losses.d2sm import D2SM, D2SMLoss, divergence, probabilities, sliding_windows
from losses.features import Features
from losses.objective import Resources

FEATURES = Features("vgg19", ("conv5_4",), weights="random", width=1 / 16)
# Nine windows per 64 x 64 image, live samples of one image plus eleven from the queue.
INTERNAL = D2SM(FEATURES, window=32, stride=16, queue=20, crop=64, batch=2)
WHOLE = replace(INTERNAL, window=None, stride=None, queue=6)
KINDS = ["kl", "inverse_kl", "jeffreys"]

# Cosines 1/2, -1/2, 1/2 against three orthogonal vectors: the kernel is 3/4, 1/4, 3/4 against 1/2.
FAN = torch.tensor([[1.0, 0.0, 0.0], [0.5, math.sqrt(0.75), 0.0], [-0.5, math.sqrt(0.75), 0.0]])
ORTHOGONAL = torch.diag(torch.tensor([1.0, 2.0, 5.0]))


def random_rows(rows: int, seed: int, length: int = 12) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, length, generator=generator, dtype=torch.float64)


def kernel(a: list[float], b: list[float]) -> float:
    dot = sum(p * q for p, q in zip(a, b, strict=True))
    return (dot / math.sqrt(sum(p * p for p in a) * sum(q * q for q in b)) + 1) / 2


def looped_kl(p_rows: list[list[float]], q_rows: list[list[float]]) -> float:
    """KL(P || Q) straight from Eq. 2-5, one pair at a time."""
    total = 0.0
    for i in range(len(p_rows)):
        others = [k for k in range(len(p_rows)) if k != i]
        p_norm = sum(kernel(p_rows[k], p_rows[i]) for k in others)
        q_norm = sum(kernel(q_rows[k], q_rows[i]) for k in others)
        for j in others:
            p = kernel(p_rows[j], p_rows[i]) / p_norm
            q = kernel(q_rows[j], q_rows[i]) / q_norm
            total += p * math.log(p / q)
    return total


def looped_divergence(pred: Tensor, target: Tensor, kind: str) -> float:
    forwards = looped_kl(pred.tolist(), target.tolist())
    backwards = looped_kl(target.tolist(), pred.tolist())
    return {
        "kl": forwards,
        "inverse_kl": backwards,
        "jeffreys": forwards / 2 + backwards / 2,
    }[kind]


def rows_of(loss: D2SMLoss, images: Tensor) -> Tensor:
    """Features of some images, one row each."""
    return loss.features(images)["conv5_4"].flatten(1)


def cut(image: Tensor) -> Tensor:
    """The nine windows of a 64 x 64 image, (9, 3, 32, 32)."""
    corners = [(top, left) for top in (0, 16, 32) for left in (0, 16, 32)]
    return torch.stack([image[:, t : t + 32, s : s + 32] for t, s in corners])


@pytest.fixture
def pair(photographs: Tensor, noisy: Tensor) -> tuple[Tensor, Tensor]:
    return noisy[..., :64, :64].clone(), photographs[..., :64, :64].clone()


@pytest.mark.parametrize("kind", KINDS)
def test_divergence_equals_the_double_loop(kind: str) -> None:
    pred, target = random_rows(7, seed=0), random_rows(7, seed=1)
    wanted = looped_divergence(pred, target, kind)
    assert divergence(pred, target, kind).item() == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_divergence_compares_queue_rows_like_live_ones_without_gradient(kind: str) -> None:
    pred, target = random_rows(9, seed=0), random_rows(9, seed=1)
    live = pred[:4].clone().requires_grad_()
    old = pred[4:].clone().requires_grad_()
    found = divergence(live, target[:4], kind, pred_queue=old, target_queue=target[4:])
    assert found.item() == pytest.approx(looped_divergence(pred, target, kind), rel=1e-12)

    every = pred.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(divergence(every, target, kind), every)
    found.backward()
    torch.testing.assert_close(live.grad, wanted[:4], rtol=1e-9, atol=1e-12)
    assert old.grad is None


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("kl", 1.5 * math.log(1.5) - 0.5 * math.log(2)),
        ("inverse_kl", math.log(4 / 3)),
        ("jeffreys", 0.75 * math.log(1.5) - 0.25 * math.log(2) + 0.5 * math.log(4 / 3)),
    ],
)
def test_divergence_of_a_hand_computed_fan(kind: str, wanted: float) -> None:
    assert divergence(FAN, ORTHOGONAL, kind).item() == pytest.approx(wanted, rel=1e-5)


def test_divergence_sums_over_samples_and_does_not_average() -> None:
    # Against orthogonal samples every row is uniform, and KL is log(q - 1) less the row's entropy.
    pred = random_rows(11, seed=0)
    entropies = [
        torch.distributions.Categorical(probs=row[row > 0]).entropy() for row in probabilities(pred)
    ]
    wanted = sum(math.log(10) - entropy.item() for entropy in entropies)
    assert divergence(pred, torch.eye(11).double()).item() == pytest.approx(wanted, rel=1e-9)


def test_probabilities_are_conditional_on_the_row_and_leave_the_sample_out() -> None:
    found = probabilities(FAN)
    wanted = torch.tensor([[0, 0.75, 0.25], [0.5, 0, 0.5], [0.25, 0.75, 0]], dtype=torch.float64)
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=0)
    assert found.diagonal().eq(0).all()


def test_probabilities_ignore_the_length_of_features() -> None:
    features = random_rows(6, seed=0)
    scales = torch.arange(1.0, 7)[:, None]
    torch.testing.assert_close(probabilities(features * scales), probabilities(features))


@pytest.mark.parametrize("kind", KINDS)
def test_divergence_of_equal_features_is_exactly_zero_with_zero_gradient(kind: str) -> None:
    pred = random_rows(8, seed=0).float().requires_grad_()
    found = divergence(pred, pred.detach(), kind)
    assert found.item() == 0
    (gradient,) = torch.autograd.grad(found, pred)
    assert gradient.abs().max() < 1e-7


def test_divergence_directions_differ_and_jeffreys_is_their_mean() -> None:
    pred, target = random_rows(6, seed=0, length=3), random_rows(6, seed=1, length=3)
    kl, inverse, jeffreys = (divergence(pred, target, kind) for kind in KINDS)
    assert abs(kl - inverse) > 0.01 * kl
    torch.testing.assert_close(jeffreys, (kl + inverse) / 2)
    torch.testing.assert_close(divergence(target, pred), inverse)


@pytest.mark.parametrize("kind", KINDS)
def test_divergence_gradient_is_the_finite_difference(kind: str) -> None:
    old = random_rows(3, seed=2, length=5), random_rows(3, seed=3, length=5)
    target = random_rows(3, seed=1, length=5)
    torch.autograd.gradcheck(
        lambda live: divergence(live, target, kind, *old),
        random_rows(3, seed=0, length=5).requires_grad_(),
    )


def test_divergence_gradient_does_not_reach_the_target() -> None:
    target = random_rows(4, seed=1).requires_grad_()
    divergence(random_rows(4, seed=0).requires_grad_(), target).backward()
    assert target.grad is None


def test_divergence_of_near_features_is_exact_in_single_precision() -> None:
    # Terms of 1e-4 cancel down to a sum of 1e-6 here; logarithms in float32 would miss it by 10 %.
    target = random_rows(36, seed=1, length=400) + 3
    pred = target + 0.02 * random_rows(36, seed=0, length=400)
    wanted = looped_divergence(pred, target, "kl")
    assert wanted < 1e-5
    found = divergence(pred.float(), target.float())
    assert found.item() == pytest.approx(wanted, rel=0.01)
    assert found.dtype == torch.float32


@pytest.mark.parametrize("kind", KINDS)
def test_divergence_stays_finite_for_opposite_and_for_zero_features(kind: str) -> None:
    pred = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], requires_grad=True)
    target = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0], [0.5, 0.5]])
    found = divergence(pred, target, kind)
    (gradient,) = torch.autograd.grad(found, pred)
    assert found.isfinite()
    assert gradient.isfinite().all()
    assert gradient[3].eq(0).all()


def test_divergence_of_a_single_sample_is_zero_with_a_gradient() -> None:
    pred = random_rows(1, seed=0).requires_grad_()
    found = divergence(pred, random_rows(1, seed=1))
    assert found.item() == 0
    assert torch.autograd.grad(found, pred)[0].eq(0).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((torch.ones(3, 2), torch.ones(3, 2), "js"), "kl, inverse_kl, jeffreys"),
        ((torch.ones(3, 2), torch.ones(4, 2)), "3 restored but 4 clean"),
        ((torch.ones(3, 2, 1, 1), torch.ones(3, 2, 1, 1)), "flatten"),
    ],
)
def test_divergence_rejects_wrong_arguments(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        divergence(*arguments)


def test_sliding_windows_of_the_paper_are_36() -> None:
    image = torch.arange(512.0 * 512).view(1, 1, 512, 512)
    windows = sliding_windows(image, 224, 56)
    assert windows.shape == (1, 36, 1, 224, 224)
    assert torch.equal(windows[0, 8], image[0, :, 56:280, 112:336])
    assert torch.equal(windows[0, 35], image[0, :, 280:504, 280:504])


def test_sliding_windows_keep_each_image_to_itself() -> None:
    images = torch.rand(2, 3, 64, 64)
    assert torch.equal(sliding_windows(images, 32, 16), torch.stack([cut(im) for im in images]))


def test_sliding_windows_reject_a_window_larger_than_the_image() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        sliding_windows(torch.rand(1, 3, 64, 32), 48, 16)


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


def test_internal_loss_of_a_batch_is_the_mean_of_batches_of_one(
    resources: Resources, pair: tuple[Tensor, Tensor]
) -> None:
    pred, target = pair
    together = INTERNAL.build(resources)(pred, target)
    loss = INTERNAL.build(resources)
    single = [loss(p[None], t[None]) for p, t in zip(pred, target, strict=True)]
    assert together == sum(single) / 2


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


@pytest.mark.parametrize(
    ("crop", "window", "stride", "queue"),
    [
        (512, 224, 56, 256),
        (256, 112, 28, 256),
        (128, 64, 16, 178),
        (64, 32, 8, 178),
        (32, 16, 4, 178),
    ],
)
def test_scaled_windows_follow_the_crop(crop: int, window: int, stride: int, queue: int) -> None:
    declared = D2SM(FEATURES)
    scaled = declared.scaled(Fraction(crop, 512), Fraction(1, 8))
    assert isinstance(scaled, D2SM)
    assert (scaled.window, scaled.stride, scaled.queue) == (window, stride, queue)
    assert (scaled.crop, scaled.batch) == (crop, 8)


def test_scaled_queue_spans_the_same_number_of_images() -> None:
    scaled = D2SM(FEATURES, queue=720).scaled(Fraction(1, 4), Fraction(1))
    assert isinstance(scaled, D2SM)
    assert scaled.queue == 20 * 25


@pytest.mark.parametrize(
    ("queue", "batch", "wanted"), [(256, 8, 64), (256, 1, 8), (40, 8, 16), (0, 8, 0)]
)
def test_scaled_queue_of_whole_images_follows_the_batch(
    queue: int, batch: int, wanted: int
) -> None:
    declared = D2SM(FEATURES, window=None, stride=None, queue=queue, batch=32)
    scaled = declared.scaled(Fraction(1, 16), Fraction(batch, 32))
    assert isinstance(scaled, D2SM)
    assert scaled.queue == wanted
    assert scaled.window is None


def test_scaled_by_one_is_the_declared_term() -> None:
    for declared in (D2SM(FEATURES), D2SM(FEATURES, window=200, stride=33, queue=7)):
        assert declared.scaled(Fraction(1), Fraction(1)) is declared


def test_scaled_rejects_a_crop_without_a_window() -> None:
    with pytest.raises(ValueError, match="holds no window"):
        D2SM(FEATURES).scaled(Fraction(1, 64), Fraction(1))


def test_symbol_names_the_divergence_and_follows_a_replacement() -> None:
    symbols = [D2SM(FEATURES, divergence=kind).symbol for kind in KINDS]
    assert symbols == ["L_D2SM", "L_iKLD", "L_JSD"]
    assert replace(D2SM(FEATURES, divergence="jeffreys"), divergence="kl").symbol == "L_D2SM"
    objective = D2SM(FEATURES) + 0.5 * D2SM(FEATURES, divergence="inverse_kl")
    assert objective.names == ("L_D2SM", "L_iKLD")
    assert D2SM(FEATURES, divergence="jeffreys") != D2SM(FEATURES)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"features": replace(FEATURES, layers=("conv5_4", "conv5_3"))}, "one layer"),
        ({"divergence": "jensen_shannon"}, "kl, inverse_kl, jeffreys"),
        ({"window": None}, "both window and stride"),
        ({"stride": None}, "both window and stride"),
        ({"queue": -1}, "negative"),
        ({"chunk": -1}, "negative"),
    ],
)
def test_term_rejects_wrong_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        D2SM(**{"features": FEATURES, **arguments})
