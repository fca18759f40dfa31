from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.objective import Resources
from losses.ssim import SSIM, ssim_loss


def _skimage_ssim(a: Tensor, b: Tensor) -> float:
    """Wang's SSIM in float64 over the windows that lie wholly inside the image."""
    from skimage.metrics import structural_similarity

    _, similarity = structural_similarity(
        a.permute(1, 2, 0).double().numpy(),
        b.permute(1, 2, 0).double().numpy(),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1,
        channel_axis=2,
        full=True,
    )
    return float(similarity[5:-5, 5:-5].mean())


def test_ssim_equals_skimage_on_photographs(photographs: Tensor, noisy: Tensor):
    for clean, degraded in zip(photographs, noisy, strict=True):
        expected = 1 - _skimage_ssim(degraded, clean)
        assert 0.05 < expected < 0.95
        assert ssim_loss(degraded[None], clean[None]).item() == pytest.approx(expected, abs=2e-5)


def test_ssim_of_constant_images_is_the_luminance_term():
    a, b = 0.2, 0.7
    c1 = 0.01**2
    expected = 1 - (2 * a * b + c1) / (a * a + b * b + c1)
    images = torch.full((1, 3, 16, 16), a).double(), torch.full((1, 3, 16, 16), b).double()
    assert ssim_loss(*images).item() == pytest.approx(expected, abs=2e-5)


def test_ssim_is_zero_at_equality_and_smaller_for_less_noise(photographs: Tensor, noisy: Tensor):
    halfway = (noisy + photographs) / 2
    assert ssim_loss(photographs, photographs).item() == pytest.approx(0, abs=1e-6)
    assert 0 < ssim_loss(halfway, photographs) < ssim_loss(noisy, photographs) < 1


def test_ssim_is_the_mean_over_the_batch(photographs: Tensor, noisy: Tensor):
    alone = [ssim_loss(noisy[i : i + 1], photographs[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(ssim_loss(noisy, photographs), torch.stack(alone).mean())


def test_ssim_gradient_step_improves_and_spares_the_target(photographs: Tensor, noisy: Tensor):
    pred, target = noisy.clone().requires_grad_(), photographs.clone().requires_grad_()
    loss = ssim_loss(pred, target)
    loss.backward()
    assert pred.grad is not None
    assert pred.grad.isfinite().all()
    assert target.grad is None
    assert ssim_loss(noisy - 10 * pred.grad, photographs) < loss


def test_ssim_needs_a_whole_window():
    exact = torch.rand(1, 3, 11, 11, generator=torch.Generator().manual_seed(0))
    assert ssim_loss(exact, exact).item() == pytest.approx(0, abs=1e-6)
    with pytest.raises(ValueError, match="at least 11 x 11 pixels, these are 10 x 11"):
        ssim_loss(exact[:, :, :10], exact[:, :, :10])
    with pytest.raises(ValueError, match=r"pred is .* but target"):
        ssim_loss(exact, exact[:, :1])


def test_ssim_term_computes_the_function(resources: Resources, photographs: Tensor, noisy: Tensor):
    assert repr(SSIM()) == "SSIM()"
    assert SSIM.symbol == "L_SSIM"
    assert SSIM().build(resources)(noisy, photographs) == ssim_loss(noisy, photographs)
