from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from d2sm_terms import KINDS
from torch import Tensor

from losses.d2sm import divergence, probabilities

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
