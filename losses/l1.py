"""L_1: the mean absolute difference, the pixel loss of most rows of all three papers.

A mean over batch, channels and pixels, so that a weight beside it does not depend on the crop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from losses.objective import Loss, Resources, Term
from losses.same_shape import check_same_shape


def l1(pred: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference, 0-d, in the images' own unit.

    Args:
        pred, target: images, (N, C, H, W), of one shape.

    Raises:
        ValueError: the shapes differ; broadcasting would hide a wrong crop or channel count.
    """
    check_same_shape(pred, target)
    return (pred - target.detach()).abs().mean()


@dataclass(frozen=True)
class L1(Term):
    """The mean absolute difference of `pred` and `target`."""

    symbol: ClassVar[str] = "L_1"

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(l1)
