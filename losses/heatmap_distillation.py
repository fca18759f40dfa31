"""L_distill of heatmaps: a small face alignment network learns what a large one sees.

Kim, Kim, Kwon, Kim: Progressive Face Super-Resolution via Attention to Facial Landmark (BMVC 2019),
whose training code compresses the network of Bulat and Tzimiropoulos (2017) by the mean squared
difference of their heatmaps. There the teacher gives maps as large as the student's; here they are
resized bilinearly to them, between the centres of the blocks of pixels that their values stand for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from losses.frozen_aligner import FrozenAligner
from losses.l2 import l2
from losses.objective import Loss, Resources, Term


class HeatmapDistillationLoss(Loss):
    """A built `HeatmapDistillation`: holds the frozen teacher."""

    def __init__(self, spec: HeatmapDistillation, resources: Resources):
        super().__init__()
        self.sees = spec.sees
        self.teacher = FrozenAligner(spec.teacher, resources)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The difference, 0-d. `pred`: the student's maps, (N, 68, h, w); `target` is not used."""
        with torch.no_grad():
            theirs = self.teacher(needs[self.sees])
            if theirs.shape[2:] != pred.shape[2:]:
                theirs = F.interpolate(theirs, size=pred.shape[2:], mode="bilinear", antialias=True)
        return l2(pred, theirs)


@dataclass(frozen=True)
class HeatmapDistillation(Term):
    """The mean squared difference of the network's heatmaps and a teacher's for the same faces.

    teacher: a declared aligner with its weights; it is frozen.
    sees: the entry of the batch that it is shown, faces (N, 3, H, W) in [0, 1].
    """

    teacher: Any
    sees: str = "input"

    symbol: ClassVar[str] = "L_distill"

    def __post_init__(self) -> None:
        object.__setattr__(self, "needs", (self.sees,))

    def build(self, resources: Resources) -> Loss:
        """Make the loss; `resources` provides the teacher with its weights."""
        return HeatmapDistillationLoss(self, resources)
