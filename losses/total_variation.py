"""L_TV: the smoothness of CBDNet's estimated noise level, or of an image.

Guo, Yan, Zhang, Zuo, Zhang: Toward Convolutional Blind Denoising of Real Photographs (2019),
Sec. 3.3: the squared norm of the map's horizontal gradient plus that of its vertical one.

Departure: the paper sums; here each direction is the mean of its squared forward differences over
batch, channels and pixels. The other terms of CBDNet's objective are means too, so the weight 0.05
keeps its meaning for any crop and batch. IDKiro/CBDNet-pytorch, where that weight stands,
does the same except that it sums over the batch: equal for one image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from losses.objective import Loss, Resources, Term


def total_variation(noise_level: Tensor) -> Tensor:
    """Mean squared vertical difference plus mean squared horizontal difference, 0-d.

    Zero for maps that are constant over the image, even if images or channels differ. A ramp of
    slope s per pixel along one axis has s^2.

    Args:
        noise_level: estimated standard deviation per pixel, or an image; range [0, 1],
            (N, C, H, W).
    """
    vertical = noise_level.diff(dim=-2).square()  # (N, C, H-1, W)
    horizontal = noise_level.diff(dim=-1).square()  # (N, C, H, W-1)
    # A map one pixel high or wide has no differences: 0, not the NaN of an empty mean.
    return vertical.sum() / max(1, vertical.numel()) + horizontal.sum() / max(1, horizontal.numel())


class TotalVariationLoss(Loss):
    """A built `TotalVariation`; reads the entry `noise_level`."""

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The roughness of `noise_level`, 0-d; `pred` and `target` are not used."""
        return total_variation(needs["noise_level"])


@dataclass(frozen=True)
class TotalVariation(Term):
    """The roughness of the estimated noise level: its mean squared differences."""

    symbol: ClassVar[str] = "L_TV"
    needs: ClassVar[tuple[str, ...]] = ("noise_level",)

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return TotalVariationLoss()


@dataclass(frozen=True)
class ImageTotalVariation(Term):
    """The roughness of `pred` itself, as dehaze-cGAN regularises its images."""

    symbol: ClassVar[str] = "L_TV"

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(lambda pred, target: total_variation(pred))
