"""Feature distillation: a larger restorer, trained before, supervises a smaller one's features.

The comparison of STFT's Table 3 (Chen et al., Sec. 3.3; the idea is that of FitNets, Romero et al.
2014): a DnCNN of 29 layers is trained first, and then its features are distilled to one of 17.
Assumed, for the paper does not say: the teacher is frozen, no layer maps one network's features to
the other's (both have 64), the distance is that of L_feat and so is the weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from losses.chunks import Looking, in_chunks
from losses.feature_distances import check_supervised, over_layers
from losses.objective import Loss, Resources, Term


class FeatureDistillationLoss(Looking, Loss):
    """A built `FeatureDistillation`: holds the frozen teacher."""

    def __init__(self, spec: FeatureDistillation, resources: Resources):
        super().__init__()
        self.spec = spec
        self.teacher = resources.frozen(spec.teacher)

    def train(self, mode: bool = True) -> FeatureDistillationLoss:
        """Stays in eval mode: the teacher's batch statistics are those of its own training."""
        return super().train(False)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The distances of all supervised layers, summed, 0-d; `pred` and `target` are not used."""
        with torch.no_grad():
            seen = (needs[name] for name in self.spec.sees)
            _, *theirs = in_chunks(self.teacher, self.chunk, *seen)
        ours = [needs[name] for name in self.spec.features]
        return over_layers(self.spec.distance, self.spec.features, ours, theirs)


@dataclass(frozen=True)
class FeatureDistillation(Term):
    """Features of a trained, larger network as supervision.

    teacher: what provides it with its weights; in a paper's table the row that trains it. Its first
        output is the image, the others its features.
    features: the student's outputs that they supervise, in the same order.
    sees: the entries of the batch that the teacher takes.
    """

    teacher: Any
    features: tuple[str, ...]
    sees: tuple[str, ...] = ("input",)
    distance: str = "l2"

    symbol: ClassVar[str] = "L_distill"

    def __post_init__(self) -> None:
        check_supervised(self.features, self.distance)
        object.__setattr__(self, "needs", (*self.features, *self.sees))

    def build(self, resources: Resources) -> Loss:
        """Make the loss; `resources` provides the teacher with its weights."""
        return FeatureDistillationLoss(self, resources)
