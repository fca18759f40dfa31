"""L_t: how far estimated transmission maps are from the true one.

Ren, Liu, Zhang, Pan, Cao, Yang: Single Image Dehazing via Multi-scale Convolutional Neural Networks
(ECCV 2016) trains two networks on such maps, the coarse one first and then the fine one. In one
training of both the fine network is to take the coarse map as given: then each has the gradient of
its own training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from losses.l2 import l2
from losses.objective import Loss, Resources, Term


def transmission_error(
    pred: Tensor,
    target: Tensor,
    fine_transmission: Tensor,
    coarse_transmission: Tensor,
    transmission: Tensor,
) -> Tensor:
    """Mean squared error of either map, summed, 0-d.

    Args:
        pred, target: images, not used.
        fine_transmission, coarse_transmission, transmission: two estimates and the truth,
            (N, 1, H, W) in [0, 1].

    Raises:
        ValueError: a map has not the shape of the true one.
    """
    return l2(fine_transmission, transmission) + l2(coarse_transmission, transmission)


@dataclass(frozen=True)
class Transmission(Term):
    """The mean squared error of the fine and of the coarse transmission map, summed.

    The data gives the true `transmission`, the network both estimates, all (N, 1, H, W) in [0, 1].
    """

    symbol: ClassVar[str] = "L_t"
    needs: ClassVar[tuple[str, ...]] = (
        "fine_transmission",
        "coarse_transmission",
        "transmission",
    )

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(transmission_error)
