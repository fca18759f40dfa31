"""The six distances between features, against closed forms and the definitions spelled out."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from losses.feature_distances import (
    DISTANCES,
    check_supervised,
    focal,
    inner_products,
    kl,
    l1,
    l2,
    mmd,
)


@pytest.fixture
def pred() -> Tensor:
    return torch.randn(2, 5, 6, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.fixture
def target() -> Tensor:
    return torch.randn(2, 5, 6, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("name", DISTANCES)
def test_distance_is_zero_at_equality_and_positive_elsewhere(
    name: str, pred: Tensor, target: Tensor
) -> None:
    distance = DISTANCES[name]
    assert float(distance(pred, pred.clone())) == pytest.approx(0, abs=1e-12)
    assert float(distance(pred, target)) > 1e-4
    assert distance(pred, target).ndim == 0


@pytest.mark.parametrize("name", DISTANCES)
def test_distance_has_a_gradient_in_pred_alone(name: str, pred: Tensor, target: Tensor) -> None:
    a, b = pred.clone().requires_grad_(), target.clone().requires_grad_()
    DISTANCES[name](a, b).backward()
    assert a.grad is not None
    assert a.grad.isfinite().all()
    assert a.grad.abs().max() > 0
    assert b.grad is None


@pytest.mark.parametrize("name", DISTANCES)
def test_distance_of_a_batch_is_the_mean_over_its_samples(
    name: str, pred: Tensor, target: Tensor
) -> None:
    distance = DISTANCES[name]
    each = [distance(p, t) for p, t in zip(pred.split(1), target.split(1), strict=True)]
    torch.testing.assert_close(distance(pred, target), torch.stack(each).mean())


@pytest.mark.parametrize("name", DISTANCES)
def test_descent_lowers_the_distance(name: str, pred: Tensor, target: Tensor) -> None:
    a = pred.clone().requires_grad_()
    value = DISTANCES[name](a, target)
    value.backward()
    assert a.grad is not None
    moved = pred - 1e-3 * a.grad / a.grad.norm()
    assert DISTANCES[name](moved, target) < value


def test_focal_weighs_a_sample_by_its_own_error() -> None:
    zeros = torch.zeros(2, 1, 2, 2)
    pred = torch.stack([torch.full((1, 2, 2), 1.0), torch.full((1, 2, 2), 2.0)])
    assert float(focal(pred, zeros)) == pytest.approx((1**2 + 4**2) / 2)
    assert float(focal(pred, zeros, exponent=1)) == float(l2(pred, zeros)) == pytest.approx(2.5)
    assert float(l1(pred, zeros)) == pytest.approx(1.5)


def test_inner_products_compare_cosines_of_regions() -> None:
    """Two channels, one position per region: the vectors can be written down."""
    same = torch.tensor([[[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 0.0]]])[None]
    one_turned = torch.tensor([[[0.0, 1.0], [1.0, 1.0]], [[3.0, 0.0], [0.0, 0.0]]])[None]
    # One region at right angles to the other three: six of sixteen cosines are 0 and not 1.
    assert float(inner_products(one_turned, same)) == pytest.approx(6 / 16)


def test_inner_products_know_no_scale(pred: Tensor, target: Tensor) -> None:
    torch.testing.assert_close(inner_products(3 * pred, target), inner_products(pred, target))


def test_inner_products_pool_to_four_regions(pred: Tensor, target: Tensor) -> None:
    fine = torch.zeros(1, 1, 4, 4)
    fine[0, 0, 0, 0] = 5.0
    coarse = torch.tensor([[[[5.0, 0.0], [0.0, 0.0]]]])
    torch.testing.assert_close(inner_products(fine, coarse), torch.zeros(()))


def test_kl_is_that_of_the_probabilities(pred: Tensor, target: Tensor) -> None:
    total = 0.0
    p, q = target.softmax(1), pred.softmax(1)
    for n in range(2):
        for y in range(6):
            for x in range(8):
                a, b = p[n, :, y, x].tolist(), q[n, :, y, x].tolist()
                total += sum(i * math.log(i / j) for i, j in zip(a, b, strict=True))
    assert float(kl(pred, target)) == pytest.approx(total / (2 * 6 * 8))


def test_mmd_is_the_distance_of_kernel_means(pred: Tensor, target: Tensor) -> None:
    """With (x . y)^2 the feature map is x x^T: the mean matrices' squared Frobenius distance."""
    expected = 0.0
    for a, b in zip(pred, target, strict=True):
        x, y = (f.flatten(1) / f.flatten(1).norm(dim=1, keepdim=True) for f in (a, b))
        outer = [(v.T @ v) / len(v) for v in (x, y)]
        expected += float((outer[0] - outer[1]).square().sum())
    assert float(mmd(pred, target)) == pytest.approx(expected / 2)


def test_mmd_does_not_see_the_order_of_channels(pred: Tensor, target: Tensor) -> None:
    torch.testing.assert_close(mmd(pred[:, [4, 3, 2, 1, 0]], target), mmd(pred, target))


def test_an_unknown_distance_is_named() -> None:
    check_supervised(("feature",), "mmd")
    with pytest.raises(ValueError, match="must be one of l2, l1, focal, inner_products, kl, mmd"):
        check_supervised(("feature",), "cosine")
