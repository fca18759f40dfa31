"""Additive white Gaussian noise, as FFDNet, DnCNN and D2SM define it.

D2SM, Sec. 4.1: colour noise with sigma in [0, 75] for training and 25, 35, 50 for tests. The
released code (MKFMIKU/d2sm) draws sigma continuously and uniformly per sample, and neither clips
nor quantises the noisy image; cszn/KAIR does the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from datasets.degradations.degradation import Degradation


def gaussian_noise(clean: Tensor, sigma: Tensor | float, generator: torch.Generator) -> Tensor:
    """`clean` plus independent normal noise in every channel of every pixel.

    Args:
        clean: images (..., H, W) in [0, 1], on the generator's device.
        sigma: standard deviation in 0..255; a number, a 0-d tensor, or one value per image (N,).
        generator: the only source of randomness.
    Returns:
        the shape of `clean`; not clipped, not quantised.
    """
    noise = torch.randn(
        clean.shape, generator=generator, dtype=clean.dtype, device=generator.device
    )
    if isinstance(sigma, Tensor) and sigma.ndim == 1:
        sigma = sigma.reshape(-1, *[1] * (clean.ndim - 1))
    return noise.mul_(sigma / 255).add_(clean)


@dataclass(frozen=True)
class Noisy(Degradation):
    """A data set under Gaussian noise; the task is to recover the clean image.

    data: the clean images.
    sigma: standard deviation in 0..255: one value, or (low, high) to draw it uniformly per sample.
    """

    sigma: float | tuple[float, float]

    makes: ClassVar[tuple[str, ...]] = ("input", "target", "sigma")

    def __post_init__(self) -> None:
        low, high = self.bounds
        if not 0 <= low <= high <= 255:
            raise ValueError(f"sigma must be within 0..255, low first, not {self.sigma!r}")

    @property
    def bounds(self) -> tuple[float, float]:
        """(lowest, highest) sigma; equal for a fixed one."""
        if isinstance(self.sigma, tuple):
            low, high = self.sigma
            return float(low), float(high)
        return float(self.sigma), float(self.sigma)

    @property
    def key(self) -> str:
        """Names the degradation without its data; test noise is drawn from it."""
        low, high = self.bounds
        return f"gaussian noise, sigma {low!r}..{high!r}"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input and target, (3, h, w); sigma, 0-d float32 in 0..255."""
        clean = entries["image"]
        low, high = self.bounds
        sigma = torch.rand((), generator=generator) * (high - low) + low
        noisy = gaussian_noise(clean, sigma, generator)
        return {"input": noisy, "target": clean, "sigma": sigma}
