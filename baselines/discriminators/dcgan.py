"""DcGAN's discriminator: judges every pixel of a dehazed image beside the hazy one.

Li, Pan, Li, Tang: Single Image Dehazing via Conditional Generative Adversarial Network (CVPR 2018).
Official code: hong-ye/dehaze-cGAN (Torch7), model.lua: 3x3 convolutions without strides, of 1, 2, 4
and 8 times `width` features, each with batch normalisation and leaky ReLU 0.2, then one to a
number per pixel. Weights drawn from N(0, 0.02), those of normalisations from N(1, 0.02).
879,121 parameters with 48 features; the published state of train.lua passes 64 (1,559,233).
Departures: no sigmoid, since the output is a logit; biases of convolutions are trained, which the
official training sets back to zero in every step; images are RGB, which only renames channels.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.discriminators.smallest import check_size
from baselines.normal_weights import normal_weights

# Of a single pixel there is no batch statistic.
SMALLEST = 2


class DcGANDiscriminator(nn.Module):
    """Gives a logit per pixel, high where a clear image belongs to the hazy one.

    Args:
        channels: channels of each of the two images.
        width: features of the first layer.
    """

    inputs: ClassVar[tuple[str, ...]] = ("pred", "input")
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, channels: int = 3, width: int = 48):
        super().__init__()
        widths = (2 * channels, width, 2 * width, 4 * width, 8 * width)
        layers: list[nn.Module] = []
        for features_in, features in pairwise(widths):
            layers += [
                nn.Conv2d(features_in, features, 3, padding=1),
                nn.BatchNorm2d(features),
                nn.LeakyReLU(0.2),
            ]
        self.model = nn.Sequential(*layers, nn.Conv2d(8 * width, 1, 3, padding=1))
        self.apply(normal_weights)

    def forward(self, images: Tensor, hazy: Tensor) -> Tensor:
        """Judge every pixel of images.

        Args:
            images: clear or dehazed, (N, C, H, W) in [0, 1], both sides at least 2.
            hazy: what they belong to, of the same shape.
        Returns:
            Logits, (N, 1, H, W).
        """
        check_size(self, images, SMALLEST)
        if hazy.shape != images.shape:
            raise ValueError(
                f"images of {tuple(images.shape)} cannot be judged beside hazy ones of "
                f"{tuple(hazy.shape)}: the discriminator is for networks that keep the size"
            )
        return self.model(2 * torch.cat((hazy, images), dim=1) - 1)
