from __future__ import annotations

from math import log

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from losses.cross_entropy import (
    CITYSCAPES_CLASS_WEIGHTS,
    CrossEntropy,
    Segmentation,
    cross_entropy,
)
from losses.objective import Resources

CLASSES = 19


@pytest.fixture
def labels() -> Tensor:
    """(2, 96, 96); the first image has labels in a quarter of its pixels, the second in all."""
    labels = torch.randint(CLASSES, (2, 96, 96), generator=torch.Generator().manual_seed(0))
    labels[0, :, 24:] = 255
    return labels


def _segmenter() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, CLASSES, 1)
        )


def _logits() -> Tensor:
    return 2 * torch.randn(2, CLASSES, 96, 96, generator=torch.Generator().manual_seed(1))


def _by_hand(logits: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """Pixel by pixel, without the ignored ones."""
    rows = logits.permute(0, 2, 3, 1).reshape(-1, CLASSES).double()
    classes = labels.reshape(-1)
    rows, classes = rows[classes != 255], classes[classes != 255]
    negative_log = torch.logsumexp(rows, 1) - rows[torch.arange(len(rows)), classes]
    pixel_weights = weights.double()[classes]
    return (pixel_weights * negative_log).sum() / pixel_weights.sum()


@pytest.mark.parametrize("weights", [None, CITYSCAPES_CLASS_WEIGHTS])
def test_cross_entropy_equals_the_sum_by_hand(labels: Tensor, weights: tuple[float, ...] | None):
    logits = _logits()
    tensor = None if weights is None else torch.tensor(weights)
    expected = _by_hand(logits, labels, torch.ones(CLASSES) if tensor is None else tensor)
    value = cross_entropy(logits, labels, tensor)
    torch.testing.assert_close(value, expected.float())
    torch.testing.assert_close(
        value, F.cross_entropy(logits, labels, weight=tensor, ignore_index=255)
    )


def test_cross_entropy_closed_forms(labels: Tensor):
    assert cross_entropy(torch.zeros(2, CLASSES, 96, 96), labels).item() == pytest.approx(log(19))
    perfect = 100 * F.one_hot(labels.clamp(max=18), CLASSES).permute(0, 3, 1, 2).float()
    assert cross_entropy(perfect, labels).item() == 0


@pytest.mark.parametrize("weights", [None, torch.tensor(CITYSCAPES_CLASS_WEIGHTS)])
def test_cross_entropy_without_any_label_is_zero_with_zero_gradient(weights: Tensor | None):
    logits = _logits().requires_grad_()
    value = cross_entropy(logits, torch.full((2, 96, 96), 255), weights)
    value.backward()
    assert value.item() == 0
    assert logits.grad is not None
    assert not logits.grad.any()


def test_cross_entropy_of_a_single_pixel_is_not_scaled_by_its_weight():
    labels = torch.full((1, 4, 4), 255)
    labels[0, 1, 2] = 0  # class weight 0.8373, below one
    weights = torch.tensor(CITYSCAPES_CLASS_WEIGHTS)
    value = cross_entropy(torch.zeros(1, CLASSES, 4, 4), labels, weights)
    assert value.item() == pytest.approx(log(19))


def test_cross_entropy_averages_pixels_not_images(labels: Tensor):
    logits = _logits()
    alone = [cross_entropy(logits[i : i + 1], labels[i : i + 1]) for i in range(2)]
    together = cross_entropy(logits, labels)
    torch.testing.assert_close(together, (0.25 * alone[0] + alone[1]) / 1.25)
    assert abs(together - (alone[0] + alone[1]) / 2) > 1e-4


def test_cross_entropy_refuses_logits_of_another_size(labels: Tensor):
    with pytest.raises(ValueError, match="do not fit"):
        cross_entropy(_logits()[:, :, ::4, ::4], labels)


def test_cross_entropy_term_judges_pred_not_target(
    resources: Resources, photographs: Tensor, noisy: Tensor, labels: Tensor
):
    segmenter = _segmenter().eval()
    loss = CrossEntropy(segmenter).build(resources)
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    value = loss(pred, target, labels=labels)
    value.backward()
    with torch.no_grad():
        expected = _by_hand(segmenter(noisy), labels, torch.ones(CLASSES))
    torch.testing.assert_close(value, expected.float())
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    # Beyond the 3 x 3 kernel's reach, pixels without a label have no influence.
    assert not pred.grad[0, :, :, 25:].any()
    assert pred.grad[0, :, :, :24].any()
    assert pred.grad[1].any()
    assert target.grad is None


def test_cross_entropy_term_leaves_the_segmenter_untouched(
    resources: Resources, photographs: Tensor, noisy: Tensor, labels: Tensor
):
    segmenter = _segmenter()
    state = {k: v.clone() for k, v in segmenter.state_dict().items()}
    loss = CrossEntropy(segmenter).build(resources).train()
    loss(noisy.clone().requires_grad_(), photographs, labels=labels).backward()
    assert not segmenter.training
    assert all(p.grad is None for p in segmenter.parameters())
    assert all(torch.equal(v, state[k]) for k, v in segmenter.state_dict().items())


def test_cross_entropy_term_names_what_it_needs():
    assert CrossEntropy.needs == ("labels",)
    assert CrossEntropy.symbol == "L_CrossEntropy"
    assert Segmentation.needs == ()
    assert Segmentation.symbol == "L_Segmentation"


@pytest.mark.parametrize("weights", [None, CITYSCAPES_CLASS_WEIGHTS])
def test_segmentation_trains_logits_against_labels(
    resources: Resources, labels: Tensor, weights: tuple[float, ...] | None
):
    loss = Segmentation(weights).build(resources)
    logits = _logits().requires_grad_()
    value = loss(logits, labels)
    value.backward()
    tensor = torch.ones(CLASSES) if weights is None else torch.tensor(weights)
    torch.testing.assert_close(value, _by_hand(logits.detach(), labels, tensor).float())
    assert logits.grad is not None
    assert logits.grad.isfinite().all()
    assert not logits.grad[0, :, :, 24:].any()
    assert loss(logits.detach() - 100 * logits.grad, labels) < value
    assert not loss.state_dict()


def test_segmentation_class_weights_of_cityscapes():
    assert len(CITYSCAPES_CLASS_WEIGHTS) == CLASSES
    assert sum(CITYSCAPES_CLASS_WEIGHTS) == pytest.approx(19.0001, abs=1e-9)
    assert min(CITYSCAPES_CLASS_WEIGHTS) == CITYSCAPES_CLASS_WEIGHTS[0] == 0.8373
    assert max(CITYSCAPES_CLASS_WEIGHTS) == CITYSCAPES_CLASS_WEIGHTS[17] == 1.1529
