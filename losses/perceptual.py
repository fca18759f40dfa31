"""L_Perceptual: the distance of two images in the feature space of a classifier.

Johnson, Alahi, Fei-Fei: Perceptual Losses for Real-Time Style Transfer and Super-Resolution
(2016), Sec. 3.1: the squared Euclidean distance of VGG16's features after a ReLU, divided by
C * H * W. That is `Perceptual(Features("vgg16", ("relu2_2",)), "l2")`.

The authors of D2SM print no layer. The super-resolution code in their repository (MKFMIKU/d2sm,
models/contextual.py) takes the absolute difference, before the ReLU:
`Perceptual(Features("vgg19", ("conv3_2",)), "l1")`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from losses.features import FeatureNetwork
from losses.l1 import l1
from losses.l2 import l2
from losses.objective import Loss, Resources, Term

DISTANCES = {"l1": l1, "l2": l2}


def perceptual(pred: dict[str, Tensor], target: dict[str, Tensor], distance: str = "l2") -> Tensor:
    """Mean absolute or squared difference of each layer, summed over layers, 0-d.

    Args:
        pred, target: features by layer, each (N, C, H, W).
        distance: "l1" or "l2".
    """
    layers = [DISTANCES[distance](pred[layer], target[layer]) for layer in pred]
    return torch.stack(layers).sum()


class PerceptualLoss(Loss):
    """A built `Perceptual`, with a frozen network; the target's side keeps no graph."""

    def __init__(self, spec: Perceptual, resources: Resources):
        super().__init__()
        self.distance = spec.distance
        self.features = spec.features.build(resources)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The distance, 0-d, summed over layers, of images in [0, 1], (N, 3, H, W)."""
        with torch.no_grad():
            wanted = self.features(target)
        return perceptual(self.features(pred), wanted, self.distance)


@dataclass(frozen=True)
class Perceptual(Term):
    """The distance of `pred` and `target` in feature space.

    distance: "l2", the mean squared difference, or "l1", the mean absolute one.
    """

    features: FeatureNetwork
    distance: str = "l2"

    symbol: ClassVar[str] = "L_Perceptual"

    def __post_init__(self) -> None:
        if self.distance not in DISTANCES:
            raise ValueError(f"distance must be 'l1' or 'l2', not {self.distance!r}")

    def build(self, resources: Resources) -> Loss:
        """Make the loss; the feature network's weights are loaded."""
        return PerceptualLoss(self, resources)
