"""L_Attention: the absolute difference of two faces, weighed by how near a landmark is.

Kim, Kim, Kwon, Kim: Progressive Face Super-Resolution via Attention to Facial Landmark (BMVC 2019):
an alignment network looks at the clean face; of its 68 heatmaps, brought to [0, 1], the highest at
each pixel weighs the pixel. So the training code has it: these are the maps that the network gives
and not Gaussians around labelled points, and the mean is one over all pixels and not over weights,
so that far from the landmarks nothing counts.
Maps that are smaller than the face are enlarged bilinearly, between the centres of the blocks of
pixels that their values stand for; those of the authors' network are as large as the face.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from losses.frozen_aligner import FrozenAligner, normalised
from losses.objective import Loss, Resources, Term
from losses.same_shape import check_same_shape


def attention(maps: Tensor, height: int, width: int) -> Tensor:
    """The weight of each pixel, (N, 1, height, width) in [0, 1].

    Args:
        maps: heatmaps, (N, P, h, w).
    """
    weights = normalised(maps).amax(dim=1, keepdim=True)
    if weights.shape[2:] == (height, width):
        return weights
    return F.interpolate(weights, size=(height, width), mode="bilinear", antialias=True)


def weighed_difference(pred: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    """Mean of weighed absolute differences, 0-d, in the faces' unit.

    Args:
        pred, target: (N, C, H, W), of one shape; no gradient reaches the target.
        weights: (N, 1, H, W).

    Raises:
        ValueError: the shapes of the faces differ.
    """
    check_same_shape(pred, target)
    return (weights * (pred - target.detach()).abs()).mean()


class FaceAttentionLoss(Loss):
    """A built `FaceAttention`: holds the frozen aligner."""

    def __init__(self, spec: FaceAttention, resources: Resources):
        super().__init__()
        self.aligner = FrozenAligner(spec.aligner, resources)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The difference, 0-d, of faces in [0, 1], (N, 3, H, W)."""
        with torch.no_grad():
            weights = attention(self.aligner(target), *target.shape[2:])
        return weighed_difference(pred, target, weights)


@dataclass(frozen=True)
class FaceAttention(Term):
    """The absolute difference of `pred` and `target` around the landmarks of `target`.

    aligner: a declared network with its weights, faces to heatmaps; it is frozen.
    """

    aligner: Any

    symbol: ClassVar[str] = "L_Attention"

    def build(self, resources: Resources) -> Loss:
        """Make the loss; `resources` provides the aligner with its weights."""
        return FaceAttentionLoss(self, resources)
