from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.features import Features
from losses.objective import Resources
from losses.perceptual import Perceptual, perceptual

TINY = Features("vgg16", ("relu1_2", "conv2_1"), weights="random", width=0.125)


def test_perceptual_closed_form():
    zero = torch.zeros(2, 1, 2, 2)
    pred = {"a": zero + 3, "b": zero - 2}
    target = {"a": zero, "b": zero}
    assert perceptual(pred, target, "l1").item() == 3 + 2
    assert perceptual(pred, target, "l2").item() == 9 + 4


@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_perceptual_is_the_sum_of_layer_means(
    resources: Resources, photographs: Tensor, noisy: Tensor, distance: str
):
    extractor = TINY.build(resources)
    a, b = extractor(noisy), extractor(photographs)
    power = {"l1": 1, "l2": 2}[distance]
    expected = sum(
        torch.linalg.vector_norm(a[k] - b[k], ord=power) ** power / a[k].numel()
        for k in TINY.layers
    )
    value = Perceptual(TINY, distance).build(resources)(noisy, photographs)
    torch.testing.assert_close(value, expected)


@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_perceptual_is_zero_at_equality(resources: Resources, photographs: Tensor, distance: str):
    loss = Perceptual(TINY, distance).build(resources)
    pred = photographs.clone().requires_grad_()
    value = loss(pred, photographs)
    value.backward()
    assert value.item() == 0
    assert pred.grad is not None
    assert not pred.grad.any()


@pytest.mark.parametrize("distance", ["l1", "l2"])
def test_perceptual_gradient_step_improves_and_spares_the_target(
    resources: Resources, photographs: Tensor, noisy: Tensor, distance: str
):
    loss = Perceptual(TINY, distance).build(resources)
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    value = loss(pred, target)
    value.backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert target.grad is None
    assert all(p.grad is None for p in loss.parameters())
    assert loss(noisy - 0.1 * pred.grad / pred.grad.norm(), photographs) < value


def test_perceptual_is_the_mean_over_the_batch(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    loss = Perceptual(TINY).build(resources)
    alone = [loss(noisy[i : i + 1], photographs[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(loss(noisy, photographs), torch.stack(alone).mean())


def test_perceptual_of_the_first_convolution_is_the_filtered_residual(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    """Before its first ReLU the network is affine, so only the residual and the filters count."""
    spec = Features("vgg19", ("conv1_1",), weights="random", width=0.25)
    loss = Perceptual(spec, "l2").build(resources)
    filters = dict(loss.named_parameters())["features.body.0.weight"]
    residual = (noisy - photographs) / torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    expected = torch.nn.functional.conv2d(residual, filters, padding=1).square().mean()
    torch.testing.assert_close(loss(noisy, photographs), expected)


def test_perceptual_declares_its_distance():
    assert Perceptual(TINY).distance == "l2"
    assert Perceptual.symbol == "L_Perceptual"
    with pytest.raises(ValueError, match="'l1' or 'l2'"):
        Perceptual(TINY, "l3")


def test_perceptual_keeps_no_graph_of_the_target(
    resources: Resources, photographs: Tensor, noisy: Tensor
):
    """Even of a target that would have one; it would double the memory of a step."""
    loss = Perceptual(TINY).build(resources)
    graphs = []
    loss.get_submodule("features").register_forward_hook(
        lambda module, images, taps: graphs.append([t.requires_grad for t in taps.values()])
    )
    loss(noisy.clone().requires_grad_(), photographs.clone().requires_grad_())
    assert sorted(graphs) == [[False, False], [True, True]]
