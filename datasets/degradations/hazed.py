"""Haze by the atmospheric scattering model: I = J t + A (1 - t), t = exp(-beta d).

J is the clear image, d depth, t the transmission, A the airlight and beta the scattering
coefficient, as in He, Sun, Tang: Single Image Haze Removal Using Dark Channel Prior (CVPR 2009),
Eq. 1. AOD-Net's set (boyiliee/AOD-Net) has beta in 0.4, 0.6, ..., 1.6 and A uniform in
[0.6, 1] for each channel; MSCNN's, beta uniform in [0.5, 1.5] and a grey A in [0.7, 1].

Real haze is none of this: it is thicker in places, and a camera adds noise and rounds. `uneven`,
`noise` and `eight_bit` are for pairs that resemble photographs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from datasets.degradations.degradation import Degradation
from datasets.degradations.noise import gaussian_noise
from datasets.depth import check_depth
from datasets.relative_depth import is_relative

_SWATHES = 4  # random values along each side of an image, between which the thickness varies


def transmission(depth: Tensor, beta: Tensor | float) -> Tensor:
    """The share of its light that reaches the camera from each pixel: exp(-beta depth).

    Args:
        depth: any shape, not negative, in the unit that beta is one over.
        beta: scattering coefficient; a number, or one per pixel.
    Returns:
        the shape of `depth`, in (0, 1].
    """
    return torch.exp(-beta * depth)


def haze(clean: Tensor, transmission: Tensor, airlight: Tensor | float) -> Tensor:
    """The scene through haze: clean t + airlight (1 - t).

    Args:
        clean: (..., 3, H, W) in [0, 1].
        transmission: (..., 1, H, W) in [0, 1].
        airlight: the haze's own colour in [0, 1]; a number, or one per channel, (..., 3).
    Returns:
        the shape of `clean`, in [0, 1]; not quantised.
    """
    if isinstance(airlight, Tensor) and airlight.ndim:
        airlight = airlight[..., None, None]
    return clean * transmission + airlight * (1 - transmission)


def uneven_field(height: int, width: int, generator: torch.Generator) -> Tensor:
    """A smooth random field, normal at the points of a coarse grid and linear in between.

    Returns:
        (height, width) float32, with mean 0.
    """
    grid = torch.randn(1, 1, _SWATHES, _SWATHES, generator=generator)
    return F.interpolate(grid, (height, width), mode="bilinear", align_corners=True)[0, 0]


@dataclass(frozen=True)
class Hazed(Degradation):
    """A data set with depth under computed haze; the task is to recover the clear image.

    data: clear images with "depth".
    beta: scattering coefficient, over the unit of depth: one value; (low, high) to draw it
        uniformly per sample; or three or more values, of which each is as likely.
    airlight: one value in 0..1, or (low, high) to draw it uniformly per sample.
    per_channel: whether every channel's airlight is drawn by itself; the haze is grey otherwise.
    depth: "relative", a share of the largest depth of the whole image, which `data` must be
        declared with, or "metres".
    uneven: standard deviation of the logarithm of beta within an image; 0 for even haze.
    noise: standard deviation, in 0..255, of the noise that is added at last.
    eight_bit: whether the input is clipped and rounded as in a file.
    """

    beta: float | tuple[float, ...]
    airlight: float | tuple[float, float]
    per_channel: bool = False
    depth: Literal["relative", "metres"] = "relative"
    uneven: float = 0.0
    noise: float = 0.0
    eight_bit: bool = False

    makes: ClassVar[tuple[str, ...]] = ("input", "target", "transmission", "airlight")

    def __post_init__(self) -> None:
        self._check_numbers()
        if self.depth not in ("relative", "metres"):
            raise ValueError(f"depth must be 'relative' or 'metres', not {self.depth!r}")
        if "depth" not in self.data.provides:
            raise ValueError(
                f"{self.data!r} has no depth, which haze is computed from; take a set with it, "
                "such as NYUv2('train'), or photographed haze"
            )
        if self.depth == "relative" and not is_relative(self.data):
            raise ValueError(
                f"the depth of {self.data!r} is not relative, and a crop cannot tell the largest "
                "depth of its image: wrap the whole images in RelativeDepth, or declare "
                "depth='metres'"
            )
        if self.depth == "metres" and is_relative(self.data):
            raise ValueError(f"{self.data!r} has relative depth, not metres; declare that")

    def _check_numbers(self) -> None:
        betas, (low, high) = _several(self.beta), self._airlights()
        ordered = len(betas) != 2 or betas[0] <= betas[1]
        if not betas or not ordered or not all(0 <= b < float("inf") for b in betas):
            raise ValueError(
                "beta must be a finite number that is not negative, (low, high), or three or more "
                f"such numbers, not {self.beta!r}"
            )
        if not 0 <= low <= high <= 1:
            raise ValueError(f"airlight must be within 0..1, low first, not {self.airlight!r}")
        if not (0 <= self.uneven < float("inf") and 0 <= self.noise <= 255):
            raise ValueError(
                f"uneven must not be negative and noise within 0..255, not {self.uneven!r} and "
                f"{self.noise!r}"
            )

    def _airlights(self) -> tuple[float, float]:
        airlights = _several(self.airlight)
        if len(airlights) not in (1, 2):
            raise ValueError(f"airlight must be a number or (low, high), not {self.airlight!r}")
        return airlights[0], airlights[-1]

    @property
    def takes(self) -> tuple[str, ...]:
        """The image and its depth."""
        return ("image", "depth")

    @property
    def key(self) -> str:
        """Names the degradation without its data; what tests draw depends on it."""
        low, high = self._airlights()
        return (
            f"haze, beta {_several(self.beta)!r}, airlight {low!r}..{high!r}"
            f"{' per channel' if self.per_channel else ''}, depth {self.depth}, "
            f"uneven {float(self.uneven)!r}, noise {float(self.noise)!r}"
            f"{', 8 bit' if self.eight_bit else ''}"
        )

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input and target, (3, h, w); transmission, (1, h, w); airlight, (3,); all float32.

        Raises:
            DataError: depth is not finite or negative somewhere.
        """
        clean, depth = entries["image"], entries["depth"]
        check_depth(depth.numpy(), f"an image of {self.data!r}")
        # Always four numbers: what is drawn does not depend on whether the airlight is grey.
        which, *colour = torch.rand(4, generator=generator)
        low, high = self._airlights()
        drawn = torch.stack(colour if self.per_channel else colour[:1] * 3)
        airlight = drawn * (high - low) + low
        beta = self._beta(which)
        if self.uneven:
            field = uneven_field(depth.shape[0], depth.shape[1], generator)
            beta = beta * torch.exp(self.uneven * field)
        through = transmission(depth, beta)[None]
        hazy = haze(clean, through, airlight)
        if self.noise:
            hazy = gaussian_noise(hazy, self.noise, generator)
        if self.eight_bit:
            hazy = hazy.mul(255).round().clamp(0, 255).div(255)
        return {"input": hazy, "target": clean, "transmission": through, "airlight": airlight}

    def _beta(self, uniform: Tensor) -> Tensor:
        """The coefficient that a uniform number in [0, 1) stands for, 0-d."""
        betas = torch.tensor(_several(self.beta))
        if len(betas) > 2:
            return betas[(uniform * len(betas)).long()]
        return betas[0] + uniform * (betas[-1] - betas[0])


def _several(declared: float | tuple[float, ...]) -> tuple[float, ...]:
    """A declared number, or tuple of them, as a tuple of floats."""
    return tuple(map(float, declared if isinstance(declared, tuple) else (declared,)))
