"""L_Heatmap: an alignment network finds the same landmarks in the restored face and in the clean.

Kim, Kim, Kwon, Kim: Progressive Face Super-Resolution via Attention to Facial Landmark (BMVC 2019):
the mean squared difference of the two faces' heatmaps, each brought to [0, 1] by the lowest and the
highest value of its 68 maps. The gradient goes through these two as well.
Departure, unless `own_minimum` is False: the official training code subtracts the clean face's
lowest value from the restored face's maps; its own is computed there under another name and not
used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from losses.frozen_aligner import FrozenAligner, lowest, normalised
from losses.l2 import l2
from losses.objective import Loss, Resources, Term


def heatmap_difference(pred: Tensor, target: Tensor, own_minimum: bool = True) -> Tensor:
    """Mean squared difference of normalised heatmaps, 0-d, in [0, 1] with `own_minimum`.

    Args:
        pred, target: heatmaps, (N, P, h, w), of one shape; no gradient reaches the target's.
        own_minimum: see `FaceHeatmap`.

    Raises:
        ValueError: the shapes differ.
    """
    target = target.detach()
    low = None if own_minimum else lowest(target)
    return l2(normalised(pred, low), normalised(target))


class FaceHeatmapLoss(Loss):
    """A built `FaceHeatmap`: holds the frozen aligner."""

    def __init__(self, spec: FaceHeatmap, resources: Resources):
        super().__init__()
        self.own_minimum = spec.own_minimum
        self.aligner = FrozenAligner(spec.aligner, resources)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The difference, 0-d, of faces in [0, 1], (N, 3, H, W)."""
        with torch.no_grad():
            wanted = self.aligner(target)
        return heatmap_difference(self.aligner(pred), wanted, self.own_minimum)


@dataclass(frozen=True)
class FaceHeatmap(Term):
    """The mean squared difference of the heatmaps that an aligner gives for `pred` and `target`.

    aligner: a declared network with its weights, faces to heatmaps; it is frozen.
    own_minimum: whether the lowest value of each face's maps becomes 0; False for that of the clean
        face in both, as the official code has it.
    """

    aligner: Any
    own_minimum: bool = True

    symbol: ClassVar[str] = "L_Heatmap"

    def build(self, resources: Resources) -> Loss:
        """Make the loss; `resources` provides the aligner with its weights."""
        return FaceHeatmapLoss(self, resources)
