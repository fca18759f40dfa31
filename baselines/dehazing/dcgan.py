"""DcGAN: an encoder-decoder that is trained against a discriminator which sees the haze as well.

Li, Pan, Li, Tang: Single Image Dehazing via Conditional Generative Adversarial Network (CVPR 2018).
Official code: hong-ye/dehaze-cGAN (Torch7), which has three generators:
- "paper": models3.lua, which its README calls the paper's; 8 halvings, skips are added, 123,147,715
  parameters;
- "default": model.lua, with which its training and its test run; 5 halvings, skips are
  concatenated, 10 residual blocks at full size, no tanh, 26,022,595 parameters;
- "lightweight": models2.lua; 8 halvings, skips are concatenated, dropout in the three coarsest
  layers of the decoder, 54,651,843 parameters.
Initialisation as there: weights from N(0, 0.02), those of normalisations from N(1, 0.02).
The authors train with the adversarial loss (`losses.adversarial`, `discriminators.dcgan`), 150
times L_1, 150 times a perceptual loss of VGG16's relu2_2 and 1e-5 times the total variation.
What an encoder's layer hands over has passed a leaky ReLU, since the official layers work in
place. Images lie in [-1, 1] inside.
Departures: sizes are extended to what the halvings divide, where the official test resizes to
512x512; biases of convolutions are trained, which the official training sets back to zero in every
step; images are RGB and not BGR, which only renames channels of the first and the last layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.normal_weights import normal_weights
from baselines.padding import pad_to_multiple
from baselines.receptive_field import ReceptiveField, receptive_field

LEAK = 0.2


@dataclass(frozen=True)
class Variant:
    """What the three generators differ in.

    multiples: features of the encoder's layers, each of half the size of the one before, in widths.
    joined: whether skips are concatenated, else added.
    dropouts: layers of the decoder with dropout, coarsest first.
    blocks: residual blocks at full size; a network with them has no tanh.
    """

    multiples: tuple[int, ...]
    joined: bool = False
    dropouts: int = 0
    blocks: int = 0


VARIANTS = {
    "paper": Variant((1, 2, 4, 8, 16, 16, 16, 16)),
    "default": Variant((1, 2, 4, 8, 16), joined=True, blocks=10),
    "lightweight": Variant((1, 2, 4, 8, 8, 8, 8, 8), joined=True, dropouts=3),
}


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions on a shortcut, nothing after the sum."""

    def __init__(self, features: int):
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x + self.conv2(self.conv1(x).relu())


class DcGAN(nn.Module):
    """Predicts the clear image from the hazy one.

    Args:
        width: features of the first layer, ngf in the official code.
        variant: "paper", "default" or "lightweight", see above.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 64, variant: str = "paper"):
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
        self.variant = VARIANTS[variant]
        self.multiple = 2 ** len(self.variant.multiples)
        features = [width, *(multiple * width for multiple in self.variant.multiples)]
        self.enter = nn.Sequential(
            nn.Conv2d(3, width, 5, padding=2),
            nn.LeakyReLU(LEAK),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
        )
        self.downs = nn.ModuleList(_halving(a, b) for a, b in pairwise(features))
        self.ups = nn.ModuleList()
        for i, (coarse, fine) in enumerate(pairwise(reversed(features))):
            given = 2 * coarse if i and self.variant.joined else coarse
            self.ups.append(_doubling(given, fine, dropout=i < self.variant.dropouts))
        self.leave = _leaving(width, self.variant.blocks)
        self.apply(normal_weights)

    @property
    def receptive_field(self) -> ReceptiveField:
        """Of all layers, which are declared in their order."""
        return receptive_field(self.modules(), self.multiple)

    def forward(self, hazy: Tensor) -> Tensor:
        """Dehaze images.

        Args:
            hazy: (N, 3, H, W) in [0, 1], any H and W.
        Returns:
            (N, 3, H, W), in [0, 1] but for the variant "default", which does not bound it.

        Raises:
            ValueError: in training, of one image that leaves a single pixel at the coarsest level,
                which has no batch statistic.
        """
        height, width = hazy.shape[-2:]
        x = pad_to_multiple(2 * hazy - 1, self.multiple)
        if self.training and len(x) * x.shape[-2] * x.shape[-1] == self.multiple**2:
            raise ValueError(
                f"DcGAN cannot be trained on one crop of {height}x{width}: give it batches of 2 or "
                f"more, or crops larger than {self.multiple}x{self.multiple}"
            )
        x = self.enter(x)  # (N, 64, H, W)
        skips = []
        for i, down in enumerate(self.downs):
            x = F.leaky_relu(x, LEAK)
            if i:  # those of full size are handed to nobody
                skips.append(x)
            x = down(x)
        for i, up in enumerate(self.ups):
            if i:
                x = self._with_skip(x, skips.pop())
            x = up(x.relu())
        return (self.leave(x)[..., :height, :width] + 1) / 2

    def _with_skip(self, x: Tensor, skip: Tensor) -> Tensor:
        """Features of the decoder and of the encoder, of one size."""
        return torch.cat((x, skip), dim=1) if self.variant.joined else x + skip


def _halving(features_in: int, features: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(features_in, features, 4, stride=2, padding=1), nn.BatchNorm2d(features)
    )


def _doubling(features_in: int, features: int, dropout: bool) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(features_in, features, 4, stride=2, padding=1),
        nn.BatchNorm2d(features),
    ]
    return nn.Sequential(*layers, *([nn.Dropout(0.5)] if dropout else []))


def _leaving(width: int, blocks: int) -> nn.Sequential:
    """From features of full size to the image in [-1, 1]."""
    last = nn.Conv2d(width, 3, 3, padding=1)
    if blocks:
        return nn.Sequential(*(ResidualBlock(width) for _ in range(blocks)), last)
    return nn.Sequential(nn.ReLU(), last, nn.Tanh())
