"""DICGAN's discriminator: LightCNN-9 with two fully connected layers judges a whole face.

Ma, Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with Iterative Collaboration between Attentive
Recovery and Landmark Estimation (CVPR 2020). Official code: Maclory/Deep-Iterative-Collaboration,
networks/modules/light_cnn.py; state-dict keys are kept. 5,485,921 parameters, of which 4,194,816 in
the first fully connected layer, a max-feature-map of 8192 values; leaky ReLU 0.2 before the last.
The output is a logit and images go in less the mean of CelebA's colours, as there.
Initialisation: He et al.'s, as there.
Departure: faces of other sizes than 128x128 are brought to the same 8x8 features by adaptive
average pooling, which at 128x128 is the identity.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from baselines.discriminators.smallest import check_size
from baselines.faces.light_cnn import WIDTH, LightCNN, MaxFeatureMap
from baselines.he_weights import he_weights

# What four halvings reduce to a single value.
SMALLEST = 16
POOLED = 8


class LightCNNDiscriminator(LightCNN):
    """Gives one logit per image, high for real images.

    Args:
        width: features of the first layer; of 48 the first fully connected layer has 256.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = WIDTH):
        super().__init__(width)
        hidden = 2 * self.features_out
        self.pool = nn.AdaptiveAvgPool2d(POOLED)
        self.classifier = nn.Sequential(
            MaxFeatureMap(nn.Linear(self.features_out * POOLED**2, 2 * hidden)),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 1),
        )
        self.classifier.apply(he_weights)

    def forward(self, images: Tensor) -> Tensor:
        """Judge images as a whole.

        Args:
            images: (N, 3, H, W), RGB in [0, 1], both sides at least 16.
        Returns:
            Logits, (N, 1).
        """
        check_size(self, images, SMALLEST)
        x = super().forward(images)  # (N, 128, H/16, W/16)
        return self.classifier(self.pool(x).flatten(1))
