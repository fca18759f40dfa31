"""L_1 or L_2 of coarse-to-fine networks: one mean difference per scale, summed.

Tao, Gao, Shen, Wang, Jia: Scale-recurrent Network for Deep Image Deblurring (2018), Eq. 5: every
scale is compared with the target resized to it, divided by its own number of values, and all
scales weigh one. `L1Scales` departs from it: the absolute difference where the authors square it,
since Delbracio, Talebi, Milanfar: Projected Distribution Loss for Image Enhancement (2021),
Sec. 4.1, train with it. Their Eq. 5 has one pixel term, of the image; who uses `L1Scales` assumes
that it is meant where these networks' authors have theirs, at all three scales.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from losses.l1 import l1
from losses.l2 import l2
from losses.objective import Loss, Resources, Term


def scales(
    pred: Tensor,
    target: Tensor,
    pred_half: Tensor,
    pred_quarter: Tensor,
    distance: Callable[[Tensor, Tensor], Tensor] = l1,
) -> Tensor:
    """Mean difference at full, half and quarter size, summed, 0-d.

    The target is resized bilinearly without antialiasing: between the centres of pixels, so that
    for even sizes a pixel of the half is the mean of four, and one of the quarter the mean of the
    inner four of sixteen.

    Args:
        pred, target: (N, C, H, W).
        pred_half: (N, C, ceil(H/2), ceil(W/2)).
        pred_quarter: (N, C, ceil(H/4), ceil(W/4)).
        distance: of two images of one shape, 0-d: `l1` or `l2`.

    Raises:
        ValueError: a shape is not this one.
    """
    target = target.detach()
    height, width = target.shape[2:]
    total = distance(pred, target)
    for scale, smaller in ((2, pred_half), (4, pred_quarter)):
        size = (-(-height // scale), -(-width // scale))
        resized = F.interpolate(
            target, size=size, mode="bilinear", align_corners=False, antialias=False
        )
        if smaller.shape != resized.shape:
            raise ValueError(
                f"the prediction at 1/{scale} is {tuple(smaller.shape)}, but a target of "
                f"{height} x {width} makes it {tuple(resized.shape)}"
            )
        total = total + distance(smaller, resized)
    return total


@dataclass(frozen=True)
class L1Scales(Term):
    """The mean absolute differences of `pred`, `pred_half` and `pred_quarter`, summed."""

    symbol: ClassVar[str] = "L_1"
    needs: ClassVar[tuple[str, ...]] = ("pred_half", "pred_quarter")

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(scales)


@dataclass(frozen=True)
class L2Scales(Term):
    """The mean squared differences of `pred`, `pred_half` and `pred_quarter`, summed."""

    symbol: ClassVar[str] = "L_2"
    needs: ClassVar[tuple[str, ...]] = ("pred_half", "pred_quarter")

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(partial(scales, distance=l2))
