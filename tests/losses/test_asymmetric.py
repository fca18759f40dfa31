from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.asymmetric import Asymmetric, asymmetric
from losses.objective import Resources

IMAGE = torch.zeros(2, 3, 8, 8)


def _maps(sigma: Tensor, error: float) -> Tensor:
    return (sigma / 255 + error).view(-1, 1, 1, 1).expand(-1, 3, 8, 8)


@pytest.fixture
def sigma() -> Tensor:
    return torch.tensor([25.0, 75.0])


def test_asymmetric_under_estimates_cost_more(sigma: Tensor):
    """alpha 0.3: an error of 0.1 costs 0.7 * 0.01 below the truth and 0.3 * 0.01 above it."""
    assert asymmetric(_maps(sigma, -0.1), sigma).item() == pytest.approx(0.007, rel=1e-5)
    assert asymmetric(_maps(sigma, +0.1), sigma).item() == pytest.approx(0.003, rel=1e-5)


@pytest.mark.parametrize("alpha", [0.1, 0.3, 0.45])
def test_asymmetric_weights_follow_alpha(sigma: Tensor, alpha: float):
    below, above = _maps(sigma, -0.2), _maps(sigma, +0.2)
    assert asymmetric(below, sigma, alpha).item() == pytest.approx((1 - alpha) * 0.04, rel=1e-5)
    assert asymmetric(above, sigma, alpha).item() == pytest.approx(alpha * 0.04, rel=1e-5)


def test_asymmetric_is_the_mean_of_mixed_errors():
    sigma = torch.tensor([51.0])  # 0.2
    estimate = torch.tensor([0.2, 0.3, 0.0, 0.1]).view(1, 1, 2, 2)
    expected = (0 + 0.3 * 0.01 + 0.7 * 0.04 + 0.7 * 0.01) / 4
    assert asymmetric(estimate, sigma).item() == pytest.approx(expected, rel=1e-5)


def test_asymmetric_is_zero_at_the_truth(sigma: Tensor):
    estimate = _maps(sigma, 0).clone().requires_grad_()
    value = asymmetric(estimate, sigma)
    value.backward()
    assert value.item() == 0
    assert estimate.grad is not None
    assert not estimate.grad.any()


def test_asymmetric_gradient_closed_form_and_spares_the_truth(sigma: Tensor):
    sigma.requires_grad_()
    estimate = torch.cat([_maps(sigma, -0.1)[:1], _maps(sigma, 0.1)[1:]]).detach().requires_grad_()
    asymmetric(estimate, sigma).backward()
    assert estimate.grad is not None
    count = estimate.numel()
    below, above = 2 * 0.7 * -0.1 / count, 2 * 0.3 * 0.1 / count
    torch.testing.assert_close(estimate.grad[0], torch.full((3, 8, 8), below))
    torch.testing.assert_close(estimate.grad[1], torch.full((3, 8, 8), above))
    assert sigma.grad is None


def test_asymmetric_is_the_mean_over_the_batch(sigma: Tensor):
    estimate = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    alone = [asymmetric(estimate[i : i + 1], sigma[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(asymmetric(estimate, sigma), torch.stack(alone).mean())


def test_asymmetric_term_reads_the_noise_level(resources: Resources, sigma: Tensor):
    term = Asymmetric(alpha=0.2)
    assert (repr(term), term.symbol) == ("Asymmetric(alpha=0.2)", "L_Asymmetric")
    assert term.needs == ("noise_level", "sigma")
    value = term.build(resources)(IMAGE, IMAGE + 1, noise_level=_maps(sigma, -0.1), sigma=sigma)
    assert value.item() == pytest.approx(0.008, rel=1e-5)


@pytest.mark.parametrize("alpha", [0, 0.5, 0.7, -0.1])
def test_asymmetric_checks_alpha(alpha: float):
    with pytest.raises(ValueError, match=r"between 0 and 0\.5"):
        Asymmetric(alpha)
