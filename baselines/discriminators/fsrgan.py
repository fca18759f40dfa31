"""FSRGAN's discriminator: judges patches of a face by SRGAN's convolutions.

Chen, Tai, Liu, Shen, Yang: FSRNet: End-to-End Learning Face Super-Resolution with Facial Priors
(CVPR 2018) trains FSRGAN against a conditional discriminator after pix2pix; the official code,
tyshiwo/FSRNet, holds none. This is that of the public port cs-giung/FSRNet-pytorch, which sees the
image alone: the eight convolutions of SRGAN's discriminator (`srgan`), and a 3x3 convolution to a
number where SRGAN has its fully connected layers. 4,693,697 parameters. PyTorch's initialisation,
as there.
Departure: the output is a logit, the sigmoid is the loss's.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from baselines.discriminators.smallest import check_size
from baselines.discriminators.srgan import SMALLEST, SRGANDiscriminator


class FSRGANDiscriminator(nn.Module):
    """Gives a logit per patch, high for real images.

    Args:
        channels: channels of the images.
        width: features of the first layer.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, channels: int = 3, width: int = 64):
        super().__init__()
        self.features = SRGANDiscriminator(channels, width).features
        self.classifier = nn.Conv2d(8 * width, 1, 3, padding=1)

    def forward(self, images: Tensor) -> Tensor:
        """Judge every patch of images.

        Args:
            images: (N, C, H, W) in [0, 1], both sides at least 17.
        Returns:
            Logits, (N, 1, ceil(H / 16), ceil(W / 16)).
        """
        check_size(self, images, SMALLEST)
        return self.classifier(self.features(2 * images - 1))
