"""L_2: the mean squared difference.

The papers write a squared norm and print no factor. The mean over batch, channels and pixels is
taken here, as the public training code IDKiro/CBDNet-pytorch does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from losses.objective import Loss, Resources, Term
from losses.same_shape import check_same_shape


def l2(pred: Tensor, target: Tensor) -> Tensor:
    """Mean squared difference, 0-d, in the square of the images' unit.

    Args:
        pred, target: images, (N, C, H, W), of one shape.

    Raises:
        ValueError: the shapes differ; broadcasting would hide a wrong crop or channel count.
    """
    check_same_shape(pred, target)
    return (pred - target.detach()).square().mean()


@dataclass(frozen=True)
class L2(Term):
    """The mean squared difference of `pred` and `target`."""

    symbol: ClassVar[str] = "L_2"

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(l2)
