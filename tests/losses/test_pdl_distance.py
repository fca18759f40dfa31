from __future__ import annotations

import itertools

import pytest
import torch
from pdl_features import (
    BOTH,
    NARROW,
    SHAPE,
    drawn,
    feature_pair,
    gradient,
    moved,
    of_pot,
    random_features,
)
from scipy.stats import wasserstein_distance

from losses.pdl import PDL, PROJECTIONS, pdl, random_pairs, wasserstein_1d


@pytest.mark.parametrize("dtype", BOTH)
def test_wasserstein_equals_scipy_in_each_channel(dtype: torch.dtype) -> None:
    pred, target = feature_pair(*SHAPE, dtype=dtype)
    found = wasserstein_1d(pred, target)
    assert found.shape == (2, 5)
    for n, c in itertools.product(range(2), range(5)):
        wanted = wasserstein_distance(pred[n, c].flatten(), target[n, c].flatten())
        assert found[n, c].item() == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize("p", [1, 2, 3.5])
def test_wasserstein_of_a_shift_is_the_shift(p: float) -> None:
    pred = random_features(*SHAPE)
    wanted = torch.full((2, 5), 0.7, dtype=torch.float64)
    torch.testing.assert_close(wasserstein_1d(moved(pred) - 0.7, pred, p), wanted)


def test_wasserstein_by_hand() -> None:
    pred = torch.tensor([3.0, -1.0]).view(1, 1, 1, 2)
    target = torch.tensor([0.0, 5.0]).view(1, 1, 2, 1)
    assert wasserstein_1d(pred, target).item() == (1 + 2) / 2
    assert wasserstein_1d(pred, target, 2).item() == pytest.approx(((1 + 4) / 2) ** 0.5)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("dtype", BOTH)
def test_value_and_gradient_equal_those_of_pot(p: int, dtype: torch.dtype) -> None:
    pred, target = feature_pair(2, 5, 8, 8, dtype=dtype)
    pred.requires_grad_()
    found, wanted = pdl(pred, target, p=p), of_pot(pred, target, p).mean()
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=0)
    expected = gradient(wanted, pred)
    assert (gradient(found, pred) - expected).norm() <= 1e-6 * expected.norm()


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("name", PROJECTIONS)
def test_gradient_is_the_finite_difference(p: int, name: str) -> None:
    pred, target = feature_pair(2, 3, 2, 3)
    torch.autograd.gradcheck(
        lambda x: pdl(x, target, drawn(name, 3), p=p), pred.requires_grad_(), eps=1e-7
    )


@pytest.mark.parametrize("dtype", BOTH)
@pytest.mark.parametrize("p", [1, 2])
def test_equal_features_have_neither_distance_nor_gradient(p: int, dtype: torch.dtype) -> None:
    pred = random_features(*SHAPE, dtype=dtype).relu().requires_grad_()
    value = pdl(pred, moved(pred.detach()), p=p)
    assert value.item() == 0
    assert not gradient(value, pred).any()


@pytest.mark.parametrize("name", PROJECTIONS)
def test_pdl_ignores_where_features_lie(name: str) -> None:
    pred, target = feature_pair(*SHAPE)
    projection = drawn(name, 5, factor=2 if name != "Id" else 1)
    assert pdl(moved(target), target, projection).item() < 1e-15
    torch.testing.assert_close(
        pdl(moved(pred), target, projection), pdl(pred, target, projection), rtol=1e-12, atol=0
    )


def test_pdl_of_two_images_is_the_mean_of_each_with_its_own_target() -> None:
    pred, target = feature_pair(*SHAPE)
    alone = [pdl(pred[n : n + 1], target[n : n + 1]) for n in range(2)]
    torch.testing.assert_close(pdl(pred, target), torch.stack(alone).mean())
    # Values pooled over the batch would be the same ones in both orders.
    assert pdl(target.flip(0), target).item() > 0.1


def test_no_gradient_reaches_the_target() -> None:
    pred, target = feature_pair(*SHAPE)
    pdl(pred.requires_grad_(), target.requires_grad_(), drawn("RSP", 5)).backward()
    assert pred.grad is not None
    assert pred.grad.any()
    assert target.grad is None


@pytest.mark.parametrize("p", [1, 2])
def test_sum_is_the_printed_formula(p: int) -> None:
    pred, target = feature_pair(2, 6, 4, 8)
    a, b = pred.flatten(2).sort().values, target.flatten(2).sort().values
    literal = ((a - b).abs() ** p).sum(dim=2) ** (1 / p)
    found = pdl(pred, target, p=p, reduction="sum")
    torch.testing.assert_close(found, literal.sum(dim=1).mean())


@pytest.mark.parametrize("factor", [1, 4])
def test_sum_is_the_mean_times_positions_and_projections(factor: int) -> None:
    # Small integers and powers of two: every sum and quotient is exact.
    pred, target = (random_features(2, 4, 4, 8, seed=s).mul(8).round() for s in (0, 1))
    projection = torch.eye(4).repeat(factor, 1)
    mean, total = (pdl(pred, target, projection, reduction=r) for r in ("mean", "sum"))
    assert total.item() == 32 * 4 * factor * mean.item()
    assert mean.item() == pdl(pred, target).item() > 0


def test_wrong_shapes_are_told() -> None:
    features = random_features(*SHAPE)
    for other in (features[:1], features[:, :4], features[..., :7], features[0]):
        with pytest.raises(ValueError, match="same N, C and H"):
            pdl(features, other)
    with pytest.raises(ValueError, match="5 channels"):
        pdl(features, features, torch.eye(4))
    with pytest.raises(ValueError, match="use 'Id'"):
        random_pairs(1, 1, torch.Generator())


@pytest.mark.parametrize(
    ("arguments", "message"), [({"p": 0.5}, "at least 1"), ({"reduction": "max"}, "'sum'")]
)
def test_wrong_arguments_are_told_by_function_and_term(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pdl(random_features(*SHAPE), random_features(*SHAPE), **arguments)
    with pytest.raises(ValueError, match=message):
        PDL(NARROW, **arguments)
