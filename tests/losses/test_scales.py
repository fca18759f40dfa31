from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.objective import Resources
from losses.scales import L1Scales, L2Scales, scales


def predictions(height: int, width: int, value: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """One value everywhere, at full, half and quarter size, rounded up."""
    full, half, quarter = (
        torch.full((2, 3, -(-height // s), -(-width // s)), value) for s in (1, 2, 4)
    )
    return full, half, quarter


@pytest.mark.parametrize("size", [(8, 12), (5, 7), (1, 3)])
def test_constant_images_differ_alike_at_every_scale(size: tuple[int, int]) -> None:
    full, half, quarter = predictions(*size, value=0.75)
    found = scales(full, torch.full((2, 3, *size), 0.5), half, quarter)
    assert found.shape == ()
    assert found.item() == 3 * 0.25


def test_scales_are_averaged_apart_and_summed() -> None:
    full, half, quarter = predictions(8, 8)
    half[0, 0, 0, 0] = 1  # of 2 * 3 * 4 * 4 values
    quarter[1, 2, 1, 1] = -1  # of 2 * 3 * 2 * 2 values
    found = scales(full, torch.zeros(2, 3, 8, 8), half, quarter)
    assert found.item() == pytest.approx(1 / 96 + 1 / 24)


def test_target_at_half_size_is_the_mean_of_four_and_at_a_quarter_of_the_inner_four() -> None:
    target = torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(0))
    blocks = target.unfold(2, 2, 2).unfold(3, 2, 2)  # (2, 3, 4, 6, 2, 2)
    inner = target.unfold(2, 4, 4).unfold(3, 4, 4)[..., 1:3, 1:3]  # (2, 3, 2, 3, 2, 2)
    found = scales(target, target, blocks.mean(dim=(4, 5)), inner.mean(dim=(4, 5)))
    assert found.item() < 1e-7
    smoothed = target.unfold(2, 4, 4).unfold(3, 4, 4).mean(dim=(4, 5))
    assert scales(target, target, blocks.mean(dim=(4, 5)), smoothed).item() > 0.01


def test_odd_sizes_sample_between_the_centres_of_pixels() -> None:
    # 5 pixels to 3: centres at (i + 1/2) * 5/3 - 1/2 = 1/3, 2, 11/3; to 2: at 3/4 and 13/4.
    # 3 rows to 2: centres at 1/4 and 7/4; to 1: at 1. A ramp is its own interpolation.
    row = torch.arange(3.0)[:, None] * 10
    target = (row + torch.arange(5.0)).view(1, 1, 3, 5)
    half = torch.tensor([[2.5], [17.5]]) + torch.tensor([1 / 3, 2, 11 / 3])
    quarter = torch.tensor([[10 + 3 / 4, 10 + 13 / 4]])
    found = scales(target, target, half.view(1, 1, 2, 3), quarter.view(1, 1, 1, 2))
    assert found.item() == pytest.approx(0, abs=1e-5)


def test_gradient_reaches_every_scale_and_not_the_target() -> None:
    full, half, quarter = (t.requires_grad_() for t in predictions(6, 10, value=2.0))
    target = torch.rand(2, 3, 6, 10).requires_grad_()
    scales(full, target, half, quarter).backward()
    for prediction in (full, half, quarter):
        assert prediction.grad is not None
        expected = torch.full_like(prediction, 1 / prediction.numel())
        torch.testing.assert_close(prediction.grad, expected)
    assert target.grad is None


def test_scales_of_another_size_are_told() -> None:
    full, half, quarter = predictions(8, 12)
    target = torch.zeros(2, 3, 8, 12)
    with pytest.raises(ValueError, match=r"1/2 is \(2, 3, 2, 3\)"):
        scales(full, target, quarter, half)
    with pytest.raises(ValueError, match=r"1/4 is \(2, 3, 2, 3\).*7 x 5"):
        scales(full[..., :7, :5], target[..., :7, :5], half[..., :3], quarter)
    with pytest.raises(ValueError, match="crop or convert"):
        scales(full[..., 1:], target, half, quarter)


def test_term_takes_the_smaller_predictions_from_the_network(resources: Resources) -> None:
    objective = 2 * L1Scales()
    assert objective.needs == ("pred_half", "pred_quarter")
    full, half, quarter = predictions(8, 12, value=1.0)
    total, values = objective.build(resources)(
        full, torch.zeros(2, 3, 8, 12), {"pred_half": half, "pred_quarter": 3 * quarter}
    )
    assert total.item() == 2 * (1 + 1 + 3)
    assert values["L_1"].item() == 5


def test_squared_differences_are_a_term_of_their_own(resources: Resources) -> None:
    objective = 1 * L2Scales()
    assert objective.needs == ("pred_half", "pred_quarter")
    full, half, quarter = predictions(8, 12, value=2.0)
    total, values = objective.build(resources)(
        full, torch.zeros(2, 3, 8, 12), {"pred_half": half, "pred_quarter": 1.5 * quarter}
    )
    assert total.item() == values["L_2"].item() == 4 + 4 + 9
