from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

import losses.contextual as module
from losses.contextual import Contextual, contextual
from losses.features import Features
from losses.objective import Resources

NARROW = Features("vgg19", ("conv3_2",), weights="random", width=1 / 16)
DISTANCES = ["dot", "l2"]


def naive(x: Tensor, y: Tensor, distance: str, h: float = 0.5, eps: float = 1e-5) -> Tensor:
    """The definition, written down pair by pair in plain matrices, with autograd's gradient."""
    y = y.detach()
    if distance == "dot":
        center = y.mean(dim=(0, 2, 3), keepdim=True)
        x, y = x - center, y - center
        x = x / x.norm(dim=1, keepdim=True)
        y = y / y.norm(dim=1, keepdim=True)
    a = x.flatten(2).transpose(1, 2)[:, :, None, :]  # (N, P, 1, C)
    b = y.flatten(2).transpose(1, 2)[:, None, :, :]  # (N, 1, Q, C)
    d = (1 - (a * b).sum(dim=3)) / 2 if distance == "dot" else (a - b).square().sum(dim=3)
    relative = d / (d.amin(dim=2, keepdim=True) + eps)
    w = torch.exp((1 - relative) / h)
    cx = w / w.sum(dim=2, keepdim=True)
    return (-cx.max(dim=1).values.mean(dim=1).log()).mean()


def random_features(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def value_and_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    x = x.detach().requires_grad_()
    value = function(x)
    return value.detach(), torch.autograd.grad(value, x)[0]


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("bandwidth", [0.1, 0.5, 3.0])
def test_contextual_equals_the_definition_with_its_gradient(
    distance: str, bandwidth: float
) -> None:
    pred, target = random_features(3, 5, 4, 7), random_features(3, 5, 6, 3, seed=1)
    wanted, wanted_gradient = value_and_gradient(
        lambda x: naive(x, target, distance, bandwidth, 1e-3), pred
    )
    found, gradient = value_and_gradient(
        lambda x: contextual(x, target, distance=distance, bandwidth=bandwidth, eps=1e-3), pred
    )
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=0)
    torch.testing.assert_close(gradient, wanted_gradient, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_gradient_is_the_finite_difference(distance: str) -> None:
    pred, target = random_features(2, 3, 2, 3), random_features(2, 3, 3, 2, seed=1)
    torch.autograd.gradcheck(
        lambda x: contextual(x, target, distance=distance, bandwidth=0.5, eps=1e-2),
        pred.requires_grad_(),
    )


def test_contextual_gradient_passes_through_the_distance_to_the_nearest_target() -> None:
    pred, target = random_features(1, 4, 3, 3), random_features(1, 4, 3, 3, seed=1)

    def with_constant_nearest(x: Tensor) -> Tensor:
        d = (x.flatten(2)[:, :, :, None] - target.flatten(2)[:, :, None, :]).square().sum(1)
        cx = torch.softmax(-d / (0.5 * (d.amin(2, keepdim=True).detach() + 1e-5)), dim=2)
        return -cx.amax(1).mean(1).log().mean()

    value, wrong = value_and_gradient(with_constant_nearest, pred)
    found, gradient = value_and_gradient(lambda x: contextual(x, target, distance="l2"), pred)
    torch.testing.assert_close(found, value)
    assert (gradient - wrong).norm() > 0.1 * gradient.norm()


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_does_not_depend_on_the_chunks(
    distance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pred, target = random_features(2, 5, 6, 7), random_features(2, 5, 6, 7, seed=1)
    whole = value_and_gradient(lambda x: contextual(x, target, distance=distance), pred)
    for rows in (1, 5, 41):
        monkeypatch.setattr(module, "CHUNK_ON_CPU", rows * 42)
        parts = value_and_gradient(lambda x: contextual(x, target, distance=distance), pred)
        torch.testing.assert_close(parts, whole, rtol=1e-10, atol=1e-14)


def test_contextual_l2_of_a_hand_computed_pair() -> None:
    # Distances: 1 and 9 from the first generated position, 4 and 0 from the second.
    pred = torch.tensor([0.0, 3.0], dtype=torch.float64).view(1, 1, 1, 2)
    target = torch.tensor([1.0, 3.0], dtype=torch.float64).view(1, 1, 1, 2)
    first = 1 / (1 + math.exp(-8 / (4 * 1.1)))
    second = 1 / (1 + math.exp(-4 / (4 * 0.1)))
    found = contextual(pred, target, distance="l2", bandwidth=4, eps=0.1)
    assert found.item() == pytest.approx(-math.log((first + second) / 2), rel=1e-12)


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_of_one_repeated_feature_is_the_log_of_the_targets(distance: str) -> None:
    pred = random_features(2, 5, 1, 1).expand(2, 5, 3, 4)
    target = random_features(2, 5, 4, 4, seed=1)
    found = contextual(pred, target, distance=distance)
    assert found.item() == pytest.approx(math.log(16), rel=1e-12)


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_of_equal_features_is_zero_and_less_than_of_others(distance: str) -> None:
    target = random_features(2, 8, 5, 5).float()
    near = target + 0.5 * random_features(2, 8, 5, 5, seed=1).float()
    equal = contextual(target, target, distance=distance).item()
    assert abs(equal) < 1e-6
    assert contextual(near, target, distance=distance).item() > equal + 0.1


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_ignores_where_generated_features_lie(distance: str) -> None:
    pred, target = random_features(2, 5, 4, 4), random_features(2, 5, 4, 4, seed=1)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(2))
    moved = pred.flatten(2)[:, :, order].view_as(pred)
    torch.testing.assert_close(
        contextual(moved, target, distance=distance), contextual(pred, target, distance=distance)
    )


def test_contextual_compares_generated_with_target_and_not_the_reverse() -> None:
    pred, target = random_features(1, 3, 2, 2), random_features(1, 3, 5, 5, seed=1)
    forwards, backwards = contextual(pred, target), contextual(target, pred)
    assert abs(forwards - backwards) > 0.1


def test_contextual_batch_is_the_mean_of_its_images_except_for_the_common_centre() -> None:
    pred, target = random_features(2, 5, 4, 4), random_features(2, 5, 4, 4, seed=1)

    def gap(distance: str) -> float:
        single = [
            contextual(pred[n : n + 1], target[n : n + 1], distance=distance) for n in range(2)
        ]
        return abs(contextual(pred, target, distance=distance) - sum(single) / 2).item()

    assert gap("l2") < 1e-12
    assert gap("dot") > 1e-3


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_gradient_reaches_pred_only(distance: str) -> None:
    pred = random_features(2, 5, 4, 4).requires_grad_()
    target = random_features(2, 5, 4, 4, seed=1).requires_grad_()
    contextual(pred, target, distance=distance).backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert pred.grad.abs().sum() > 0
    assert target.grad is None


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_shares_ties_of_targets_and_takes_the_first_of_generated(
    distance: str,
) -> None:
    pred = random_features(2, 4, 3, 4)
    pred[..., 1] = pred[..., 3]
    target = random_features(2, 4, 3, 4, seed=1)
    target[..., 0] = target[..., 2]
    wanted = value_and_gradient(lambda x: naive(x, target, distance), pred)
    found = value_and_gradient(lambda x: contextual(x, target, distance=distance), pred)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("rows", [1, 4, 100])
def test_contextual_gives_the_first_of_equal_positions_the_gradient_whatever_the_chunks(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK_ON_CPU", rows * 9)
    # Products of small integers are exact, so a copy really offers the same as its original.
    original, target = (random_features(1, 2, 3, 3, seed=s).mul(4).round() for s in (0, 1))
    pred = torch.cat([original, original], dim=2)
    _, gradient = value_and_gradient(lambda x: contextual(x, target, distance="l2"), pred)
    assert gradient[:, :, :3].abs().sum() > 0
    assert gradient[:, :, 3:].eq(0).all()


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_gradient_is_finite_where_features_have_no_direction(distance: str) -> None:
    pred = random_features(1, 4, 3, 3)
    pred[..., 0] = 2.0
    target = torch.full((1, 4, 3, 3), 2.0, dtype=torch.float64)
    value, gradient = value_and_gradient(lambda x: contextual(x, target, distance=distance), pred)
    assert value.item() == pytest.approx(math.log(9))
    assert gradient.isfinite().all()


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_is_nan_when_one_generated_feature_is(distance: str) -> None:
    pred, target = random_features(1, 4, 3, 3), random_features(1, 4, 3, 3, seed=1)
    pred[0, 0, 1, 1] = torch.nan
    assert contextual(pred, target, distance=distance).isnan()


@pytest.mark.parametrize("distance", DISTANCES)
def test_contextual_of_channels_last_features_is_the_same(distance: str) -> None:
    pred, target = random_features(2, 5, 4, 6), random_features(2, 5, 4, 6, seed=1)
    last = torch.channels_last
    wanted = value_and_gradient(lambda x: contextual(x, target, distance=distance), pred)
    found = value_and_gradient(
        lambda x: contextual(
            x.contiguous(memory_format=last),
            target.contiguous(memory_format=last),
            distance=distance,
        ),
        pred,
    )
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-14)


def test_contextual_computes_in_single_precision_under_autocast() -> None:
    pred, target = (random_features(1, 16, 6, 6, seed=s).float() for s in (0, 1))
    wanted = value_and_gradient(lambda x: contextual(x, target), pred)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = value_and_gradient(lambda x: contextual(x, target), pred)
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"distance": "cosine"}, "'dot' or 'l2'"),
        ({"bandwidth": 0.0}, "bandwidth"),
        ({"eps": -1.0}, "eps"),
    ],
)
def test_contextual_rejects_wrong_arguments(arguments: dict, message: str) -> None:
    features = random_features(1, 2, 2, 2)
    with pytest.raises(ValueError, match=message):
        contextual(features, features, **arguments)
    with pytest.raises(ValueError, match=message):
        Contextual(NARROW, **arguments)


def test_contextual_rejects_features_of_different_layers() -> None:
    with pytest.raises(ValueError, match="same N and C"):
        contextual(random_features(1, 2, 2, 2), random_features(1, 3, 2, 2))


def test_contextual_term_sums_its_layers(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    layers = ("conv2_2", "conv3_2")
    features = Features("vgg19", layers, weights="random", width=1 / 16)
    crop = (..., slice(32), slice(32))
    found = Contextual(features, bandwidth=0.3).build(resources)(noisy[crop], photographs[crop])
    extractor = features.build(resources)
    a, b = extractor(noisy[crop]), extractor(photographs[crop])
    wanted = sum(naive(a[layer], b[layer], "dot", h=0.3) for layer in layers)
    assert found.item() == pytest.approx(float(wanted), rel=1e-4)


def test_contextual_term_gradient_reaches_the_restored_image_only(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    pred = noisy[..., :32, :32].clone().requires_grad_()
    target = photographs[..., :32, :32].clone().requires_grad_()
    Contextual(NARROW).build(resources)(pred, target).backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert pred.grad.abs().sum() > 0
    assert target.grad is None


def test_contextual_term_keeps_all_positions_up_to_the_limit(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    pred, target = noisy[..., :32, :32], photographs[..., :32, :32]
    whole = Contextual(NARROW).build(resources)(pred, target)
    assert Contextual(NARROW, max_positions=64).build(resources)(pred, target) == whole
    fewer = Contextual(NARROW, max_positions=20).build(resources)(pred, target)
    assert fewer != whole
    assert fewer < math.log(20)


def test_contextual_term_pools_both_images_at_the_same_positions(
    resources: Resources, photographs: Tensor
) -> None:
    loss = Contextual(NARROW, max_positions=20).build(resources)
    image = photographs[..., :32, :32]
    assert abs(loss(image, image).item()) < 1e-6


def test_contextual_term_resumes_its_random_positions(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    pred, target = noisy[..., :32, :32], photographs[..., :32, :32]
    term = Contextual(NARROW, max_positions=20)
    loss = term.build(resources)
    first = loss(pred, target)
    state = loss.state_dict()
    second = loss(pred, target)
    resumed = term.build(resources)
    resumed.load_state_dict(state)
    assert second != first
    assert resumed(pred, target) == second
