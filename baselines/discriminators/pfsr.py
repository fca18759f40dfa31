"""PFSR's discriminator: judges faces of 32x32, 64x64 or 128x128, and grows with the generator.

Kim, Kim, Kwon, Kim: Progressive Face Super-Resolution via Attention to Facial Landmark (BMVC 2019).
Official PyTorch code: DeokyunKim/Progressive-Face-Super-Resolution, model.py, whose state-dict keys
these are. 8,065,537 parameters. After Karras et al. (ICLR 2018): equalised convolutions, a plane
with the spread of the batch, and a new stage that is blended in. As in the official code the spread
is that of the images, not of features, and nothing rectifies between the last three layers.
Initialisation as there: equalised convolutions, PyTorch's own elsewhere. Images lie in [-1, 1]
inside.
Departure: 1e-8 below the root of the spread, as Karras et al. have it; without it a pixel that is
the same in all images leaves the gradient penalty without a gradient.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.equalised_convolution import equal_conv

# Sides of the images, one stage each; all stages end with features of SMALLEST x SMALLEST.
SIDES = (32, 64, 128)
SMALLEST = 16
LEAK = 0.2


class ConvBlock(nn.Module):
    """Two equalised convolutions with leaky ReLU."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        self.conv = nn.Sequential(
            equal_conv(features_in, features),
            nn.LeakyReLU(LEAK),
            equal_conv(features, features),
            nn.LeakyReLU(LEAK),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H, W)."""
        return self.conv(x)


class PFSRDiscriminator(nn.Module):
    """Gives one number per image, high for real faces; a critic's value or a logit.

    Args:
        width: features of the last layers; those of an image of 128x128 are an eighth.
    """

    inputs: ClassVar[tuple[str, ...]] = ("pred", "alpha")
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 512):
        super().__init__()
        if width % 8 or width < 8:
            raise ValueError(f"width must be a multiple of 8, not {width}")
        self.from_rgb = nn.ModuleList(nn.Conv2d(3, width // part, 1) for part in (2, 4, 8))
        self.step1, self.step2, self.step3 = (
            nn.Sequential(ConvBlock(width // part, 2 * width // part), nn.AvgPool2d(2))
            for part in (2, 4, 8)
        )
        self.equal_conv = equal_conv(width + 1, width)
        self.linear = nn.Linear(width, 4 * width)
        self.linear2 = nn.Linear(4 * width, 1)

    def forward(self, images: Tensor, alpha: Tensor) -> Tensor:
        """Judge images.

        Args:
            images: (N, 3, S, S) in [0, 1], S = 32, 64 or 128 and N >= 2.
            alpha: weight of the stage that S belongs to, 0-d in [0, 1]; the rest is that of the
                stage before, which sees the image halved. At 32 there is none before.
        Returns:
            (N, 1).

        Raises:
            ValueError: images of another size, or a single one.
        """
        _check(images)
        images = 2 * images - 1
        stage = SIDES.index(images.shape[3])
        steps = (self.step1, self.step2, self.step3)
        x = steps[stage](self.from_rgb[stage](images))
        if stage and (weight := float(alpha)) < 1:
            earlier = self.from_rgb[stage - 1](F.avg_pool2d(images, 2))
            x = (1 - weight) * earlier + weight * x
        for step in reversed(steps[:stage]):
            x = step(x)  # (N, 512, 16, 16) after the last
        spread = (images.var(dim=0) + 1e-8).sqrt().mean()
        plane = spread.expand(len(x), 1, SMALLEST, SMALLEST)
        x = self.equal_conv(torch.cat((x, plane), dim=1)).mean(dim=(2, 3))
        return self.linear2(self.linear(x))


def _check(images: Tensor) -> None:
    """Raise ValueError unless the images are at least two of a size that is judged."""
    height, width = images.shape[-2:]
    if height != width or width not in SIDES:
        raise ValueError(
            f"PFSRDiscriminator judges images of {', '.join(f'{s}x{s}' for s in SIDES)}, not "
            f"{height}x{width}: show it faces of 128x128, or what PFSR makes of 16x16"
        )
    if len(images) < 2:
        raise ValueError(
            "PFSRDiscriminator looks at how the images of a batch differ: give it 2 or more"
        )
