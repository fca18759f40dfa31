"""L_Alignment: how far heatmaps of landmarks are from those of the true points.

Ma, Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with Iterative Collaboration between Attentive
Recovery and Landmark Estimation (CVPR 2020). Official code: Maclory/Deep-Iterative-Collaboration,
whose network gives heatmaps after each of its steps: the mean squared error of each step is taken
over batch, landmarks and cells, and the steps are summed. There an image of 128 pixels has maps of
32 cells, the Gaussian a standard deviation of one cell, and a point lies at a quarter of its
coordinates. The weight of the sum, 0.1 there, is the table's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from torch import Tensor

from losses.heatmaps import true_heatmaps
from losses.l2 import l2
from losses.objective import Loss, Resources, Term


def alignment(
    pred: Tensor,
    target: Tensor,
    *,
    points: Tensor,
    outputs: Sequence[str],
    sigma: float = 1.0,
    **maps: Tensor,
) -> Tensor:
    """The mean squared errors of the steps' heatmaps, summed, 0-d.

    Args:
        pred: the restored image, not used.
        target: images, (N, C, H, H), of which only the size is used.
        points: landmarks, (N, P, 2), in pixels of the target, whole numbers at pixels' centres.
        outputs: which of `maps` are compared.
        sigma: standard deviation of the true Gaussians, in cells.
        maps: predicted heatmaps by name, (N, P, h, h) each.

    Raises:
        ValueError: see `true_heatmaps`.
    """
    errors = [
        l2(maps[name], true_heatmaps(maps[name], points, target, sigma, centred=False))
        for name in outputs
    ]
    return sum(errors, target.new_zeros(()))


@dataclass(frozen=True)
class Alignment(Term):
    """The mean squared errors of a network's heatmaps, summed over the steps that give them.

    outputs: of the network, heatmaps (N, P, h, h) each.
    sigma: standard deviation of the true Gaussians, in cells of the maps.
    """

    outputs: tuple[str, ...]
    sigma: float = 1.0

    symbol: ClassVar[str] = "L_Alignment"

    def __post_init__(self) -> None:
        if not self.outputs or len(set(self.outputs)) < len(self.outputs):
            raise ValueError(f"outputs must be one or more, each once, not {self.outputs!r}")
        if not self.sigma > 0:
            raise ValueError(f"sigma must be > 0, not {self.sigma!r}")
        object.__setattr__(self, "needs", (*self.outputs, "points"))

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return Loss(partial(alignment, outputs=self.outputs, sigma=self.sigma))
