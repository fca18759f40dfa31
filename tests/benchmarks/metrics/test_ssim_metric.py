"""SSIM against two independent programs: pytorch-msssim, and the definition on scipy's filter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.metrics.ssim import SSIM


def by_definition(a: np.ndarray, b: np.ndarray) -> float:
    """Wang et al., Eq. 13, on the positions where the 11x11 window lies inside the image."""
    from scipy.signal import convolve2d

    line = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(line, line) / line.sum() ** 2

    def blur(x: np.ndarray) -> np.ndarray:
        return convolve2d(x, window, mode="valid")

    maps = []
    for x, y in zip(a, b, strict=True):
        mx, my = blur(x), blur(y)
        vx, vy, vxy = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
        c1, c2 = 0.01**2, 0.03**2
        maps.append((2 * mx * my + c1) * (2 * vxy + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return float(np.mean(maps))


def test_ssim_is_the_definition(resources: Any, photograph: Tensor, noisy: Tensor) -> None:
    expected = by_definition(noisy.double().numpy(), photograph.double().numpy())
    assert SSIM().build(resources)(noisy, photograph) == pytest.approx(expected, abs=1e-9)


def test_ssim_is_what_pytorch_msssim_computes(
    resources: Any, photograph: Tensor, noisy: Tensor
) -> None:
    from pytorch_msssim import ssim

    expected = ssim(noisy[None].double(), photograph[None].double(), data_range=1.0)
    # Their window is made in float32; that alone is 2e-6.
    assert SSIM().build(resources)(noisy, photograph) == pytest.approx(float(expected), abs=5e-6)


def test_ssim_is_not_scikit_images_default(
    resources: Any, photograph: Tensor, noisy: Tensor
) -> None:
    # The definitions in use differ by more than the methods of a table do.
    from skimage.metrics import structural_similarity

    default = structural_similarity(
        photograph.double().numpy(), noisy.double().numpy(), data_range=1.0, channel_axis=0
    )
    assert abs(SSIM().build(resources)(noisy, photograph) - default) > 0.005


def test_ssim_of_equal_images_is_one(resources: Any, photograph: Tensor) -> None:
    assert SSIM().build(resources)(photograph, photograph.clone()) == 1.0


def test_ssim_of_two_constants_has_a_closed_form(resources: Any) -> None:
    # Without variance only the luminance term is left.
    a, b = torch.full((3, 16, 16), 0.25), torch.full((3, 16, 16), 0.75)
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert SSIM().build(resources)(a, b) == pytest.approx(expected, abs=1e-9)


def test_ssim_refuses_an_image_smaller_than_its_window(resources: Any) -> None:
    tiny = torch.zeros(3, 10, 40)
    with pytest.raises(ValueError, match="10x40"):
        SSIM().build(resources)(tiny, tiny)
