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

from datasets.images import DataSet


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
class Noisy:
    """A data set under Gaussian noise; the task is to recover the clean image.

    data: the clean images.
    sigma: standard deviation in 0..255: one value, or (low, high) to draw it uniformly per sample.
    """

    data: DataSet
    sigma: float | tuple[float, float]

    revision: ClassVar[int] = 1

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
    def provides(self) -> tuple[str, ...]:
        """Entries of a sample."""
        entries = ("input", "target", "sigma")
        return (*entries, "labels") if self.data.provides_labels else entries

    @property
    def key(self) -> str:
        """Names the degradation without its data; test noise is drawn from it."""
        low, high = self.bounds
        return f"gaussian noise, sigma {low!r}..{high!r}"

    def sample(
        self, clean: Tensor, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Degrade one image.

        Args:
            clean: (3, h, w) float32 in [0, 1].
            generator: the sample's own.
            labels: (h, w) int64, where the data has them; handed on.
        Returns:
            input, target (3, h, w); sigma 0-d float32 in 0..255; labels if given.
        """
        low, high = self.bounds
        sigma = torch.rand((), generator=generator) * (high - low) + low
        noisy = gaussian_noise(clean, sigma, generator)
        entries = {"input": noisy, "target": clean, "sigma": sigma}
        return entries if labels is None else entries | {"labels": labels}
