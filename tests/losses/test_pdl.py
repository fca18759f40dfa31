from __future__ import annotations

import itertools
import math

import ot
import pytest
import torch
from scipy.stats import wasserstein_distance
from torch import Tensor

import losses.pdl as module
from losses.features import Features
from losses.objective import Resources
from losses.pdl import (
    PDL,
    PROJECTIONS,
    directions,
    pdl,
    perturbed_identity,
    random_pairs,
    wasserstein_1d,
)

NARROW = Features("vgg16", ("relu2_2",), weights="random", width=1 / 8)
SHAPE = (2, 5, 4, 8)
RANDOM = ["R2P", "RPP", "RSP"]
BOTH = [torch.float32, torch.float64]  # packed and plain sort


def random_features(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=dtype)


def pair(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Features of two images that differ in spread and place."""
    pred = random_features(*shape, dtype=dtype)
    return pred, 1.5 * random_features(*shape, seed=1, dtype=dtype) + 0.2


def gradient(value: Tensor, to: Tensor) -> Tensor:
    return torch.autograd.grad(value, to)[0]


def drawn(name: str, channels: int, factor: int = 1, seed: int = 0) -> Tensor | None:
    draw = PROJECTIONS[name]
    return None if draw is None else draw(channels, factor, torch.Generator().manual_seed(seed))


def moved(features: Tensor) -> Tensor:
    """The same feature vectors at other positions."""
    order = torch.randperm(features[0, 0].numel(), generator=torch.Generator().manual_seed(2))
    return features.flatten(2)[..., order].view_as(features)


def of_pot(pred: Tensor, target: Tensor, p: int) -> Tensor:
    """W_p of each channel of each image, (N, C)."""
    images = zip(pred.flatten(2).mT, target.flatten(2).mT, strict=True)
    return torch.stack([ot.wasserstein_1d(u, v, p=p) for u, v in images]) ** (1 / p)


# The distance ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", BOTH)
def test_wasserstein_equals_scipy_in_each_channel(dtype: torch.dtype) -> None:
    pred, target = pair(*SHAPE, dtype=dtype)
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
    pred, target = pair(2, 5, 8, 8, dtype=dtype)
    pred.requires_grad_()
    found, wanted = pdl(pred, target, p=p), of_pot(pred, target, p).mean()
    torch.testing.assert_close(found, wanted, rtol=1e-6, atol=0)
    expected = gradient(wanted, pred)
    assert (gradient(found, pred) - expected).norm() <= 1e-6 * expected.norm()


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("name", PROJECTIONS)
def test_gradient_is_the_finite_difference(p: int, name: str) -> None:
    pred, target = pair(2, 3, 2, 3)
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
    pred, target = pair(*SHAPE)
    projection = drawn(name, 5, factor=2 if name != "Id" else 1)
    assert pdl(moved(target), target, projection).item() < 1e-15
    torch.testing.assert_close(
        pdl(moved(pred), target, projection), pdl(pred, target, projection), rtol=1e-12, atol=0
    )


def test_pdl_of_two_images_is_the_mean_of_each_with_its_own_target() -> None:
    pred, target = pair(*SHAPE)
    alone = [pdl(pred[n : n + 1], target[n : n + 1]) for n in range(2)]
    torch.testing.assert_close(pdl(pred, target), torch.stack(alone).mean())
    # Values pooled over the batch would be the same ones in both orders.
    assert pdl(target.flip(0), target).item() > 0.1


def test_no_gradient_reaches_the_target() -> None:
    pred, target = pair(*SHAPE)
    pdl(pred.requires_grad_(), target.requires_grad_(), drawn("RSP", 5)).backward()
    assert pred.grad is not None
    assert pred.grad.any()
    assert target.grad is None


@pytest.mark.parametrize("p", [1, 2])
def test_sum_is_the_printed_formula(p: int) -> None:
    pred, target = pair(2, 6, 4, 8)
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


# Sorting -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [1, 200, 1 << 20])
@pytest.mark.parametrize("threads", [1, 3])
def test_packed_sort_is_the_stable_sort_with_its_gradient(
    chunk: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", chunk)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    x = random_features(3, 7, 100, dtype=torch.float32)
    x[0] = x[0].mul(3).round()  # ties of both signs, and of 0.0 with -0.0
    x[1] *= 1e-41  # below the normal numbers
    x[2] *= 3e38 / x[2].abs().max()
    assert x[0].eq(0).sum() > 10
    assert (x[0].eq(0) & x[0].signbit()).any()
    wanted = x.sort(dim=-1, stable=True)
    values, positions = module._sorted_with_positions(x)
    assert values.equal(wanted.values)
    assert positions.equal(wanted.indices)
    assert module._sorted_values(x).equal(wanted.values)

    weight, leaf = random_features(*x.shape, dtype=torch.float32), x.requires_grad_()
    found = gradient((module._SortedOnCPU.apply(leaf) * weight).sum(), leaf)
    assert found.equal(gradient((leaf.sort(dim=-1, stable=True).values * weight).sum(), leaf))


@pytest.mark.parametrize("name", ["Id", "RSP"])
@pytest.mark.parametrize("dtype", BOTH)
def test_channels_last_features_are_the_same(name: str, dtype: torch.dtype) -> None:
    pred, target = pair(*SHAPE, dtype=dtype)
    last = (
        t.contiguous(memory_format=torch.channels_last).requires_grad_() for t in (pred, target)
    )
    turned = next(last)
    found, wanted = (
        pdl(turned, next(last), drawn(name, 5)),
        pdl(pred.requires_grad_(), target, drawn(name, 5)),
    )
    assert found.equal(wanted)
    assert gradient(found, turned).equal(gradient(wanted, pred))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["Id", "RSP"])
def test_half_precision_is_compared_in_single(dtype: torch.dtype, name: str) -> None:
    pred, target = (t.to(dtype).requires_grad_() for t in pair(*SHAPE))
    found = pdl(pred, target, drawn(name, 5))
    single = pred.detach().float().requires_grad_()
    wanted = pdl(single, target.float(), drawn(name, 5))
    assert found.dtype == torch.float32
    assert found.equal(wanted)
    assert gradient(found, pred).equal(gradient(wanted, single).to(dtype))


def test_autocast_leaves_the_projection_in_single_precision() -> None:
    pred, target = pair(2, 32, 8, 8, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = pdl(pred, target, drawn("RSP", 32))
    assert found.equal(pdl(pred, target, drawn("RSP", 32)))


@pytest.mark.parametrize("wrong", [torch.nan, torch.inf, -torch.inf])
@pytest.mark.parametrize("dtype", BOTH)
def test_what_is_not_finite_shows(wrong: float, dtype: torch.dtype) -> None:
    for side in range(2):
        features = pair(*SHAPE, dtype=dtype)
        features[side][0, 1, 2, 3] = wrong
        assert not pdl(*features).isfinite()


# Projections -------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
@pytest.mark.parametrize("name", RANDOM)
def test_projections_are_unit_rows_and_new_each_time(name: str, factor: int) -> None:
    draw, generator = PROJECTIONS[name], torch.Generator().manual_seed(0)
    assert draw is not None
    first, second = (draw(12, factor, generator) for _ in range(2))
    assert first.shape == (12 * factor, 12)
    torch.testing.assert_close(first.norm(dim=1), torch.ones(12 * factor))
    assert len(torch.cat([first, second]).unique(dim=0)) == 24 * factor


def test_pairs_have_two_channels_all_equally_often_and_all_directions() -> None:
    matrix = random_pairs(5, 4000, torch.Generator().manual_seed(0))  # 20000 rows, 10 pairs
    assert (matrix != 0).sum(dim=1).eq(2).all()
    pairs, counts = (matrix != 0).unique(dim=0, return_counts=True)
    assert len(pairs) == 10
    # Six standard deviations of a binomial with 1 / 10.
    assert (counts - 2000).abs().max() < 6 * (20000 * 0.1 * 0.9) ** 0.5
    # Normal weights of unit length are a uniform direction: fourth moments 3 / 8.
    assert (matrix**4).sum(dim=1).mean().item() == pytest.approx(6 / 8, abs=0.01)
    assert matrix.mean().item() == pytest.approx(0, abs=0.01)


def test_perturbed_identity_lies_a_tenth_beside_it() -> None:
    matrix = perturbed_identity(64, 2, torch.Generator().manual_seed(0))
    blocks = matrix.view(2, 64, 64)
    assert not blocks[0].equal(blocks[1])
    diagonal = blocks.diagonal(dim1=1, dim2=2)
    tangent = (1 / diagonal.square() - 1).sqrt()  # length beside the axis, along which it is ~1
    assert tangent.mean().item() == pytest.approx(0.1, abs=0.005)
    assert diagonal.min() > 0.98


def test_directions_are_isotropic() -> None:
    matrix = directions(4, 5000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(matrix.T @ matrix / len(matrix), torch.eye(4) / 4, rtol=0, atol=0.01)
    torch.testing.assert_close(matrix.mean(dim=0), torch.zeros(4), rtol=0, atol=0.02)


def test_pdl_of_directions_is_the_sliced_distance_of_pot() -> None:
    pred, target = pair(1, 5, 4, 8)
    matrix = directions(5, 4, torch.Generator().manual_seed(0)).double()
    clouds = (t[0].flatten(1).T for t in (pred, target))
    wanted = ot.sliced_wasserstein_distance(*clouds, projections=matrix.T, p=1)
    torch.testing.assert_close(pdl(pred, target, matrix), wanted)


def test_small_perturbation_changes_the_loss_a_little_and_not_by_its_factor() -> None:
    pred, target = pair(2, 16, 8, 8)
    plain = pdl(pred, target).item()
    for factor in (1, 8):
        assert pdl(pred, target, drawn("RPP", 16, factor)).item() == pytest.approx(plain, rel=0.05)


# Arguments ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"projection": "random"}, "Id, R2P, RPP, RSP"),
        ({"projection": "RSP", "factor": 0}, "from 1"),
        ({"projection": "Id", "factor": 2}, "leave its factor"),
    ],
)
def test_wrong_declarations_are_told(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PDL(NARROW, **arguments)


# The term ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROJECTIONS)
def test_term_sums_layers_and_draws_for_each(
    resources: Resources, photographs: Tensor, noisy: Tensor, name: str
) -> None:
    features = Features("vgg16", ("relu1_2", "relu2_2"), weights="random", width=1 / 8)
    found = PDL(features, name, p=2, seed=3).build(resources)(noisy, photographs)
    extractor, generator = features.build(resources), torch.Generator().manual_seed(3)
    a, b, draw = extractor(noisy), extractor(photographs), PROJECTIONS[name]
    wanted = 0.0
    for layer in features.layers:
        channels = a[layer].shape[1]
        matrix = torch.eye(channels) if draw is None else draw(channels, 1, generator)
        projected = [torch.einsum("mc,nchw->nmhw", matrix, f[layer]) for f in (a, b)]
        wanted += of_pot(*(f.double() for f in projected), p=2).mean().item()
    assert found.item() == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("name", PROJECTIONS)
def test_term_reaches_the_restored_image_only_and_improves_it(
    resources: Resources, photographs: Tensor, noisy: Tensor, name: str
) -> None:
    term = PDL(NARROW, name)
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    value = term.build(resources)(pred, target)
    value.backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert target.grad is None
    better = noisy - 0.1 * pred.grad / pred.grad.norm()
    assert term.build(resources)(better, photographs) < value  # built anew: the same directions


def test_term_gradient_in_the_image_does_not_depend_on_how_ties_are_broken(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    """Zeros after a ReLU tie by the hundred; the ReLU itself stops what reaches them."""
    loss = PDL(NARROW).build(resources)
    pred = noisy.clone().requires_grad_()
    (layer,) = NARROW.layers
    a, b = (loss.features(t)[layer].flatten(2) for t in (pred, photographs))
    assert a.eq(0).float().mean() > 0.2
    backwards = (a.flip(-1).sort(dim=-1, stable=True).values - b.sort(dim=-1).values).abs().mean()
    expected = gradient(backwards, pred)
    found = gradient(loss(pred, photographs), pred)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6 * expected.abs().max().item())


@pytest.mark.parametrize("name", RANDOM)
def test_term_resumes_its_draws_bit_for_bit(
    resources: Resources, photographs: Tensor, noisy: Tensor, name: str
) -> None:
    objective = 0.01 * PDL(NARROW, name, factor=2)
    loss = objective.build(resources)
    loss(noisy, photographs, {})
    state = loss.learned_state()
    later = [loss(noisy, photographs, {})[0].item() for _ in range(3)]
    assert len(set(later)) == 3
    torch.rand(7)  # draws of others do not matter
    resumed = objective.build(resources)
    resumed.load_learned_state(state)
    assert [resumed(noisy, photographs, {})[0].item() for _ in range(3)] == later
    assert all(math.isfinite(value) for value in later)


def test_term_of_another_seed_draws_others(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    values = {
        PDL(NARROW, "RSP", seed=s).build(resources)(noisy, photographs).item() for s in range(3)
    }
    assert len(values) == 3


def test_term_keeps_its_draws_from_the_global_generator(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    loss = PDL(NARROW, "RSP").build(resources)
    before = torch.get_rng_state()
    loss(noisy, photographs)
    assert torch.get_rng_state().equal(before)
