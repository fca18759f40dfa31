from __future__ import annotations

import pytest
import torch
from torch import Tensor

from losses.objective import Resources
from losses.total_variation import ImageTotalVariation, TotalVariation, total_variation


def _random_map() -> Tensor:
    return torch.rand(2, 3, 7, 9, generator=torch.Generator().manual_seed(0))


def test_total_variation_of_a_ramp_is_its_squared_slope():
    rows = torch.arange(6.0).view(1, 1, 6, 1).expand(2, 3, 6, 9)
    columns = torch.arange(9.0).view(1, 1, 1, 9).expand(2, 3, 6, 9)
    assert total_variation(0.5 * rows).item() == pytest.approx(0.25)
    assert total_variation(-0.1 * columns).item() == pytest.approx(0.01)
    assert total_variation(0.5 * rows - 0.1 * columns).item() == pytest.approx(0.26)


def test_total_variation_equals_the_sum_by_hand():
    x = _random_map().double()
    n, c, h, w = x.shape
    down = sum((x[:, :, i + 1] - x[:, :, i]).square().sum() for i in range(h - 1))
    right = sum((x[..., i + 1] - x[..., i]).square().sum() for i in range(w - 1))
    expected = down / (n * c * (h - 1) * w) + right / (n * c * h * (w - 1))
    torch.testing.assert_close(total_variation(x), expected)


def test_total_variation_is_zero_for_constant_maps_of_any_level():
    levels = torch.tensor([[0.1, 0.2, 0.3], [0.0, 0.5, 1.0]]).view(2, 3, 1, 1)
    noise_level = levels.expand(2, 3, 8, 8).clone().requires_grad_()
    value = total_variation(noise_level)
    value.backward()
    assert value.item() == 0
    assert noise_level.grad is not None
    assert not noise_level.grad.any()


def test_total_variation_does_not_depend_on_the_batch_size():
    x = _random_map()
    tiled = x.repeat(2, 1, 1, 1)
    torch.testing.assert_close(total_variation(tiled), total_variation(x))


def test_total_variation_is_the_mean_over_the_batch():
    x = _random_map()
    alone = [total_variation(x[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(total_variation(x), torch.stack(alone).mean())


def test_total_variation_gradient_is_the_discrete_laplacian():
    x = torch.zeros(1, 1, 5, 5)
    x[0, 0, 2, 2] = 1
    x.requires_grad_()
    total_variation(x).backward()
    expected = torch.zeros(5, 5)
    expected[2, 2] = 4 * 2
    expected[1, 2] = expected[3, 2] = expected[2, 1] = expected[2, 3] = -2
    assert x.grad is not None
    torch.testing.assert_close(x.grad[0, 0], expected / 20)


def test_total_variation_of_a_single_row_has_no_vertical_part():
    row = torch.arange(4.0).view(1, 1, 1, 4)
    assert total_variation(row).item() == 1
    assert total_variation(torch.ones(1, 1, 1, 1)).item() == 0


def test_total_variation_term_reads_the_noise_level(resources: Resources):
    term = TotalVariation()
    assert (repr(term), term.symbol) == ("TotalVariation()", "L_TV")
    assert term.needs == ("noise_level",)
    x, image = _random_map(), torch.ones(2, 3, 7, 9)
    assert term.build(resources)(image, image, noise_level=x) == total_variation(x)


def test_total_variation_of_the_image_itself(resources: Resources):
    term = ImageTotalVariation()
    assert (repr(term), term.symbol, term.needs) == ("ImageTotalVariation()", "L_TV", ())
    x = _random_map()
    assert term.build(resources)(x, torch.zeros_like(x)) == total_variation(x)
