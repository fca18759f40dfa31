"""MS-SSIM against the definition written out on scipy's filter, and at its limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.metrics.ms_ssim import MSSSIM

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@pytest.fixture(scope="module")
def pair() -> tuple[Tensor, Tensor]:
    """A blurred and noisy photograph and its original; sides that can be halved four times."""
    from scipy.ndimage import gaussian_filter
    from skimage.data import astronaut

    clean = astronaut()[:176, 100:308].transpose(2, 0, 1) / 255  # (3, 176, 208)
    noise = np.random.default_rng(0).normal(0, 0.08, clean.shape)
    spoilt = (gaussian_filter(clean, (0, 1, 1)) + noise).clip(0, 1)
    return torch.from_numpy(spoilt).float(), torch.from_numpy(clean).float()


def by_definition(pred: Tensor, target: Tensor) -> float:
    """Wang, Simoncelli, Bovik, Eq. 7, channel by channel."""
    from scipy.signal import convolve2d

    line = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def blur(x: np.ndarray) -> np.ndarray:
        return convolve2d(x, window, mode="valid")

    def halved(x: np.ndarray) -> np.ndarray:
        return (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2]) / 4

    channels = []
    for x, y in zip(pred.double().numpy(), target.double().numpy(), strict=True):
        value = 1.0
        for scale, weight in enumerate(WEIGHTS):
            mx, my = blur(x), blur(y)
            vx, vy, vxy = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
            terms = (2 * vxy + 0.03**2) / (vx + vy + 0.03**2)
            if scale == 4:
                terms *= (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)
            value *= terms.mean() ** weight
            if scale < 4:
                x, y = halved(x), halved(y)
        channels.append(value)
    return float(np.mean(channels))


def test_ms_ssim_is_the_definition(resources: Any, pair: tuple[Tensor, Tensor]) -> None:
    expected = by_definition(*pair)
    assert 0.5 < expected < 0.95
    assert MSSSIM().build(resources)(*pair) == pytest.approx(expected, abs=1e-10)


def test_ms_ssim_is_the_packages_up_to_its_window(
    resources: Any, pair: tuple[Tensor, Tensor]
) -> None:
    from pytorch_msssim import ms_ssim

    odd = [image[:, :171, :165] for image in pair]
    expected = float(ms_ssim(*(image[None].double() for image in odd), data_range=1.0))
    assert MSSSIM().build(resources)(*odd) == pytest.approx(expected, abs=2e-5)


def test_ms_ssim_of_equal_images_is_one(resources: Any, pair: tuple[Tensor, Tensor]) -> None:
    assert MSSSIM().build(resources)(pair[1], pair[1].clone()) == pytest.approx(1.0, abs=1e-12)


def test_ms_ssim_of_two_constants_has_a_closed_form(resources: Any) -> None:
    # Without variance only the luminance at the coarsest scale is left, with that scale's weight.
    a, b = torch.full((3, 176, 176), 0.25), torch.full((3, 176, 176), 0.75)
    luminance = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert MSSSIM().build(resources)(a, b) == pytest.approx(luminance**0.1333, abs=1e-10)


def test_ms_ssim_of_a_negative_is_zero_and_not_complex(
    resources: Any, pair: tuple[Tensor, Tensor]
) -> None:
    # Structure is anticorrelated there, and a power of a negative number is not real.
    assert MSSSIM().build(resources)(1 - pair[1], pair[1]) == 0.0


@pytest.mark.parametrize(("height", "width"), [(160, 300), (300, 160)])
def test_ms_ssim_names_the_smallest_image(resources: Any, height: int, width: int) -> None:
    small = torch.rand(3, height, width, generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match=f"at least 161 pixels a side.*{height}x{width}"):
        MSSSIM().build(resources)(small, small)


def test_ms_ssim_of_161_pixels_is_a_number(resources: Any) -> None:
    image = torch.rand(3, 161, 161, generator=torch.Generator().manual_seed(0))
    assert 0 < MSSSIM().build(resources)(image * 0.9, image) < 1


def test_ms_ssim_refuses_unequal_images(resources: Any) -> None:
    with pytest.raises(ValueError, match=r"\(C, H, W\)"):
        MSSSIM().build(resources)(torch.zeros(3, 200, 200), torch.zeros(3, 200, 201))
