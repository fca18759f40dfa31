"""L_Heatmaps: training a network that finds landmarks, by maps with a Gaussian around each of them.

Newell, Yang, Deng: Stacked Hourglass Networks for Human Pose Estimation (2016) take the mean
squared error and supervise every hourglass of the stack. Ma, Jiang, Rao, Lu, Zhou: Deep Face
Super-Resolution with Iterative Collaboration between Attentive Recovery and Landmark Estimation
(2020) take it with sigma 1 and each Gaussian at a quarter of its landmark's place; whether they
supervise every hourglass of their stack is not known.
`emphasis` is the suite's own: a map is 0 nearly everywhere, so a network that answers 0 has a small
error already. With 20, values at a peak count 21 times, and the first hundred steps find faces. Its
weight is 100 there: `100 * HeatmapRegression(centred=True, emphasis=20)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from losses.heatmaps import true_heatmaps
from losses.objective import Loss, Resources, Term
from losses.same_shape import check_same_shape


def heatmap_error(maps: Tensor, truth: Tensor, emphasis: float = 0.0) -> Tensor:
    """Mean of (maps - truth)^2 (1 + emphasis truth), 0-d.

    Args:
        maps, truth: heatmaps, (N, P, H, W), the truth in [0, 1].
        emphasis: 0 gives the mean squared error.

    Raises:
        ValueError: the shapes differ.
    """
    check_same_shape(maps, truth)
    truth = truth.detach()
    return ((maps - truth).square() * (1 + emphasis * truth)).mean()


class HeatmapRegressionLoss(Loss):
    """A built `HeatmapRegression`; draws the true maps where the predicted ones are."""

    def __init__(self, spec: HeatmapRegression):
        super().__init__()
        self.spec = spec

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The errors of all maps, summed, 0-d.

        Args:
            pred: heatmaps, (N, P, S, S).
            target: the image that `points` are in, of whose pixels only the number counts.
            needs: `points`, (N, P, 2), in pixels of the target, and the other maps, as `pred`.

        Raises:
            ValueError: see `true_heatmaps`; or the maps differ in shape.
        """
        spec = self.spec
        truth = true_heatmaps(pred, needs["points"], target, spec.sigma, centred=spec.centred)
        predicted = (pred, *(needs[name] for name in spec.others))
        errors = [heatmap_error(maps, truth, spec.emphasis) for maps in predicted]
        return sum(errors[1:], errors[0])


@dataclass(frozen=True)
class HeatmapRegression(Term):
    """The error of predicted heatmaps against Gaussians around `points`; `pred` are heatmaps.

    others: the network's outputs that are heatmaps as well, supervised alike, such as those of the
        other hourglasses of a stack.
    sigma: standard deviation of the Gaussians, in values of the map.
    centred: whether a value of the map stands for the centre of its block of pixels, see
        `gaussian_heatmaps`; what reads the maps must take them so, too.
    emphasis: by how much more values at a peak count, 0 for the mean squared error.
    """

    others: tuple[str, ...] = ()
    sigma: float = 1.0
    centred: bool = False
    emphasis: float = 0.0

    symbol: ClassVar[str] = "L_Heatmaps"

    def __post_init__(self) -> None:
        if self.sigma <= 0 or self.emphasis < 0:
            raise ValueError(
                f"sigma must be positive and emphasis not negative, not {self.sigma} and "
                f"{self.emphasis}"
            )
        object.__setattr__(self, "needs", ("points", *self.others))

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return HeatmapRegressionLoss(self)
