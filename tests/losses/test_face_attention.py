"""Differences that count where landmarks are."""

from __future__ import annotations

import pytest
import torch
from face_aligners import Aligner, Small
from torch import Tensor, nn

from losses.face_attention import FaceAttention, attention, weighed_difference
from losses.l1 import l1
from losses.objective import Resources


class Corner(nn.Module):
    """One landmark in the top left 24 x 24 pixels, and a faint one in the bottom right."""

    def forward(self, images: Tensor) -> Tensor:
        maps = torch.zeros(len(images), 2, *images.shape[2:])
        maps[:, 0, :24, :24] = 4
        maps[:, 1, -24:, -24:] = 1
        return maps


def test_attention_is_the_highest_of_the_normalised_maps() -> None:
    maps = torch.randn(2, 4, 6, 5, generator=torch.Generator().manual_seed(0))
    weights = attention(maps, 6, 5)
    assert weights.shape == (2, 1, 6, 5)
    for n in range(2):
        low, high = maps[n].min(), maps[n].max()
        expected = ((maps[n] - low) / (high - low)).max(dim=0).values
        torch.testing.assert_close(weights[n, 0], expected)


def test_attention_of_small_maps_stands_where_their_blocks_do() -> None:
    maps = torch.zeros(1, 2, 6, 6)
    maps[0, 1, 2, 4] = 3
    weights = attention(maps, 24, 24)
    line = torch.arange(24.0)
    mass = weights[0, 0] / weights.sum()
    centre = (mass.sum(1) @ line).item(), (mass.sum(0) @ line).item()
    assert centre == pytest.approx((4 * 2.5 - 0.5, 4 * 4.5 - 0.5), abs=1e-4)
    assert 0 <= weights.min() <= weights.max() <= 1


def test_weighed_difference_closed_form() -> None:
    target = torch.zeros(1, 3, 2, 2)
    pred = torch.tensor([1.0, -2.0, 4.0, 8.0]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    weights = torch.tensor([1.0, 0.5, 0.25, 0.0]).view(1, 1, 2, 2)
    assert weighed_difference(pred, target, weights).item() == (1 + 1 + 1 + 0) / 4
    ones = torch.ones_like(weights)
    torch.testing.assert_close(weighed_difference(pred, target, ones), l1(pred, target))
    with pytest.raises(ValueError, match="crop or convert"):
        weighed_difference(pred[..., :1], target, weights)


def test_only_pixels_near_landmarks_have_a_gradient(
    resources: Resources, photographs: Tensor, noisy: Tensor
) -> None:
    loss = FaceAttention(Corner).build(resources)
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    loss(pred, target).backward()
    assert pred.grad is not None
    slope = 1 / pred.numel()
    torch.testing.assert_close(pred.grad[..., :24, :24].abs(), torch.full((2, 3, 24, 24), slope))
    faint = pred.grad[..., -24:, -24:].abs()
    torch.testing.assert_close(faint, torch.full((2, 3, 24, 24), slope / 4))
    assert not pred.grad[..., 24:-24, 24:-24].any()
    assert target.grad is None


@pytest.mark.parametrize("aligner", [Aligner, Small])
def test_term_looks_at_the_clean_face(
    resources: Resources, photographs: Tensor, noisy: Tensor, aligner: type[Aligner]
) -> None:
    loss = FaceAttention(aligner).build(resources).train()
    with torch.no_grad():
        weights = attention(aligner().eval()(photographs), 96, 96)
    expected = (weights * (noisy - photographs).abs()).mean()
    torch.testing.assert_close(loss(noisy, photographs), expected)
    assert loss(photographs, photographs) == 0
    assert FaceAttention.symbol == "L_Attention"
    assert FaceAttention(aligner).needs == ()
