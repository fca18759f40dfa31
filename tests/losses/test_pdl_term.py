from __future__ import annotations

import math

import pytest
import torch
from pdl_features import NARROW, RANDOM, gradient, of_pot
from torch import Tensor

from losses.features import Features
from losses.objective import Resources
from losses.pdl import PDL, PROJECTIONS


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
