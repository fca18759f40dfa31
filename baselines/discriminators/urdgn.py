"""URDGN's discriminator: judges a whole face as real or enlarged.

Yu, Porikli: Ultra-Resolving Face Images by Discriminative Generative Networks (ECCV 2016). Official
code: XinYuANU/URDGN (Torch7), train_ytc_xin_128_D.lua: four 5x5 convolutions of 32, 64, 128 and 96
features, each with maximum pooling, ReLU and a dropout of a fifth of its features, then two fully
connected layers with a dropout of half of what lies between them. 6,859,425 parameters, of which
6,292,480 in the first fully connected layer. Images lie in [-1, 1] inside, as there.
Initialisation: PyTorch's, which is Torch7's too, U(-1, 1) / sqrt(fan-in).
The masks of dropout are drawn from torch's global generator.
Departures: the output is a logit, the sigmoid is the loss's; faces of other sizes than 128x128 are
brought to the same 8x8 features by adaptive average pooling, which at 128x128 is the identity.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from baselines.discriminators.smallest import check_size

# What four halvings reduce to a single value.
SMALLEST = 16
POOLED = 8


class URDGNDiscriminator(nn.Module):
    """Gives one logit per image, high for real images.

    Args:
        channels: channels of the images.
        width: features of the first layer.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, channels: int = 3, width: int = 32):
        super().__init__()
        layers: list[nn.Module] = []
        for features_in, features in pairwise((channels, width, 2 * width, 4 * width, 3 * width)):
            layers += [
                nn.Conv2d(features_in, features, 5, padding=2),
                nn.MaxPool2d(2),
                nn.ReLU(inplace=True),
                nn.Dropout2d(0.2),
            ]
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(POOLED)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(3 * width * POOLED**2, 32 * width),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(32 * width, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Judge images as a whole.

        Args:
            images: (N, C, H, W) in [0, 1], both sides at least 16.
        Returns:
            Logits, (N, 1).
        """
        check_size(self, images, SMALLEST)
        x = self.features(2 * images - 1)  # (N, 96, H/16, W/16)
        return self.classifier(self.pool(x))
