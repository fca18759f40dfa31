"""SRGAN's discriminator: judges a whole crop as real or restored.

Ledig, Theis, Huszar, Caballero et al.: Photo-Realistic Single Image Super-Resolution Using a
Generative Adversarial Network (CVPR 2017), Figure 4: eight 3x3 convolutions of 64 to 512 features,
every second with stride 2, leaky ReLU 0.2, batch normalisation after all but the first, then two
fully connected layers. 23,565,505 parameters for the paper's crops of 96x96, of which 18,875,392
in the first fully connected layer; 23,569,217 with the running statistics. Biases in the
convolutions and PyTorch's initialisation: the paper says nothing. (sanghyun-son/EDSR-PyTorch, which
trains EDSR against this network, normalises the first layer too and leaves out those biases:
23,563,713.)
Departures: the output is a logit, the sigmoid is the loss's; crops of other sizes than 96x96 are
brought to the same 6x6 features by adaptive average pooling, which at 96x96 is the identity.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from baselines.discriminators.smallest import check_size

# One pixel more than the strides reduce to a single pixel, of which there is no batch statistic.
SMALLEST = 17
POOLED = 6


class SRGANDiscriminator(nn.Module):
    """Gives one logit per image, high for real images.

    Args:
        channels: channels of the images.
        width: features of the first layer.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, channels: int = 3, width: int = 64):
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.2)]
        features = width
        for i in range(1, 8):
            features_in, features = features, width * 2 ** (i // 2)
            layers += [
                nn.Conv2d(features_in, features, 3, stride=1 + i % 2, padding=1),
                nn.BatchNorm2d(features),
                nn.LeakyReLU(0.2),
            ]
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(POOLED)
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Linear(features * POOLED**2, 16 * width),
            nn.LeakyReLU(0.2),
            nn.Linear(16 * width, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Judge images as a whole.

        Args:
            images: (N, C, H, W) in [0, 1], both sides at least 17.
        Returns:
            Logits, (N, 1).
        """
        check_size(self, images, SMALLEST)
        x = self.features(2 * images - 1)  # (N, 512, H/16, W/16)
        return self.classifier(self.pool(x))
