"""URDGN: five convolutions enlarge a face of 16x16 eightfold, against a discriminator.

Yu, Porikli: Ultra-Resolving Face Images by Discriminative Generative Networks (ECCV 2016). Official
code: XinYuANU/URDGN (Torch7), train_ytc_xin_128_D.lua: convolutions of 3x3, 3x3, 5x5 and 5x5 with
batch normalisation and ReLU, the first three followed by a repetition of pixels, and a linear 5x5
one. 1,054,243 parameters. The network has no way around its layers: what is left of an image after
the first normalisation are its deviations from the batch's mean, in units of their spread.
Initialisation: PyTorch's, which for convolutions is Torch7's too, U(-1, 1) / sqrt(fan-in).
Images lie in [-1, 1] inside, as there: an error in [0, 1] is half of the authors', its square a
quarter, which changes what a weight beside it means.
Departure: the authors save images after a hard tanh, here whoever measures clamps them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, check_start
from baselines.receptive_field import ReceptiveField, receptive_field

WIDTHS = (16, 64, 128, 256)
SIDES = (3, 3, 5, 5)
# What start="identity" takes for mean and deviation of all faces, in [0, 1]; the means are those
# that Maclory/Deep-Iterative-Collaboration subtracts from CelebA's.
MEAN, SPREAD = (0.509, 0.424, 0.378), 0.25
# The features that then carry the image: what is above and what is below the mean of each colour.
CARRIERS = 6


class URDGN(nn.Module):
    """Predicts the face of eight times the size.

    Args:
        widths: features of the four normalised convolutions.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network nearly repeats
            every pixel 8x8 times, for trainings too short to find even that; the layers are the
            same, of at least 6 features. While it trains, the means and spreads of the batch take
            the place of those of faces, so that its images have faces' colours and contrast.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, widths: tuple[int, int, int, int] = WIDTHS, start: str = "authors"):
        super().__init__()
        check_start(start)
        layers: list[nn.Module] = []
        for (features_in, features), side in zip(pairwise((3, *widths)), SIDES, strict=True):
            layers += [
                nn.Conv2d(features_in, features, side, padding=side // 2),
                nn.BatchNorm2d(features),
                nn.ReLU(inplace=True),
                nn.Upsample(scale_factor=2),
            ]
        self.body = nn.Sequential(*layers[:-1])
        self.output = nn.Conv2d(widths[-1], 3, 5, padding=2)
        if start == "identity":
            if min(widths) < CARRIERS:
                raise ValueError(
                    f"start='identity' takes {CARRIERS} features in every layer, not {min(widths)}"
                )
            self._start_from_repetition()

    @property
    def receptive_field(self) -> ReceptiveField:
        """Of all layers, which are declared in their order."""
        return receptive_field(self.modules())

    def forward(self, small: Tensor) -> Tensor:
        """Enlarge (N, 3, H, W) to (N, 3, 8 H, 8 W)."""
        x = self.body(2 * small - 1)  # (N, 256, 8 H, 8 W)
        return (self.output(x) + 1) / 2

    @torch.no_grad()
    def _start_from_repetition(self) -> None:
        """Let six features carry the image past ReLUs, one of either sign for each colour."""
        first, *others = (layer for layer in self.body if isinstance(layer, nn.Conv2d))
        mean = 2 * torch.tensor(MEAN).repeat_interleave(2) - 1  # of [-1, 1], as all below
        signs = (1.0, -1.0) * 3
        for conv in (first, *others):
            middle = conv.kernel_size[0] // 2
            conv.weight[:CARRIERS], conv.bias[:CARRIERS] = 0, 0  # type: ignore[index]
            for feature, sign in enumerate(signs):
                colour = feature // 2
                if conv is first:
                    conv.weight[feature, colour, middle, middle] = sign
                    continue
                for part, half in ((2 * colour, sign), (2 * colour + 1, -sign)):
                    conv.weight[feature, part, middle, middle] = half
        norm = self.body[1]
        norm.get_buffer("running_mean")[:CARRIERS] = torch.tensor(signs) * mean
        norm.get_buffer("running_var")[:CARRIERS] = (2 * SPREAD) ** 2
        self.output.weight.mul_(FAINT)
        for feature, sign in enumerate(signs):
            self.output.weight[:, feature] = 0
            self.output.weight[feature // 2, feature, 2, 2] = 2 * SPREAD * sign
        self.output.bias.copy_(mean[::2])  # type: ignore[union-attr]
