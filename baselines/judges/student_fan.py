"""The compressed face alignment network of PFSR: heatmaps of 68 landmarks, as large as the image.

Kim, Kim, Kwon, Kim: Progressive Face Super-Resolution via Attention to Facial Landmark (BMVC 2019).
Official PyTorch code: DeokyunKim/Progressive-Face-Super-Resolution, `fan_squeeze` in fan_model.py,
whose state-dict keys these are. 321,412 parameters. Five convolutions without strides, which see
13x13 pixels; they are distilled from a large alignment network (`losses.heatmap_distillation`), in
the official training with faces of 64x64, and judge faces of 64x64 and 128x128 afterwards.
Initialisation: PyTorch's own, as there. No mean is subtracted, and the last layer has a leaky ReLU.
The published weights are a pickled module, which nothing here opens.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

LANDMARKS = 68
# Slope of every leaky ReLU, PyTorch's own.
LEAK = 0.01


class StudentFAN(nn.Module):
    """Gives a map per landmark, high where the landmark is.

    Args:
        width: features of the first layer; the others have 2, 4 and 4 times as many.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 32):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 5, padding=2)
        layers: list[nn.Module] = []
        for features_in, features in pairwise((width, 2 * width, 4 * width, 4 * width)):
            layers += [
                nn.Conv2d(features_in, features, 3, padding=1),
                nn.BatchNorm2d(features),
                nn.LeakyReLU(LEAK),
            ]
        last = nn.Conv2d(4 * width, LANDMARKS, 3, padding=1)
        self.layers = nn.Sequential(*layers, last, nn.LeakyReLU(LEAK))

    def forward(self, images: Tensor) -> Tensor:
        """Look for landmarks.

        Args:
            images: faces, (N, 3, H, W), RGB in [0, 1], any H and W.
        Returns:
            Heatmaps, (N, 68, H, W), not bounded; those learned from lie in [0, 1] but for noise.
        """
        return self.layers(self.conv(images))
