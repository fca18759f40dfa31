"""Smooth L_1: squared for small differences, absolute for large ones.

Girshick: Fast R-CNN (2015), Eq. 3; Huber (1964) had it before. GridDehazeNet (Liu et al., 2019)
trains with it, proteus1991/GridDehazeNet with the threshold 1. Images in [0, 1] hardly differ by as
much, so that it is half the squared difference there.

A mean over batch, channels and pixels, as L_1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from losses.objective import Loss, Resources, Term
from losses.same_shape import check_same_shape


def smooth_l1(pred: Tensor, target: Tensor, threshold: float = 1.0) -> Tensor:
    """Mean of d^2 / (2 * threshold) below the threshold and |d| - threshold / 2 above it, 0-d.

    Args:
        pred, target: images, (N, C, H, W), of one shape.
        threshold: in the images' own unit, positive.

    Raises:
        ValueError: the shapes differ; broadcasting would hide a wrong crop or channel count.
    """
    check_same_shape(pred, target)
    return F.smooth_l1_loss(pred, target.detach(), beta=threshold)


@dataclass(frozen=True)
class SmoothL1(Term):
    """The mean of a difference that is squared below `threshold` and absolute above."""

    threshold: float = 1.0

    symbol: ClassVar[str] = "L_SmoothL1"

    def __post_init__(self) -> None:
        if self.threshold <= 0:
            raise ValueError(f"threshold must be positive, not {self.threshold}; 0 would be L1()")

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(partial(smooth_l1, threshold=float(self.threshold)))
