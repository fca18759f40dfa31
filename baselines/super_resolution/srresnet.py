"""SRResNet: SRGAN's generator, residual blocks with batch normalisation and sub-pixel layers.

Ledig, Theis, Huszar, Caballero et al.: Photo-Realistic Single Image Super-Resolution Using a
Generative Adversarial Network (CVPR 2017), Figure 4; no code of the authors is public.
1,549,462 parameters at scale 4, where the paper ends; 1,697,175 at scale 8, with a third doubling.
This is the figure's network with one slope per PReLU and with biases in all convolutions; the paper
says neither. No activation at the end, as in the figure.
Initialisation: PyTorch's own, of which the paper says nothing either.
Departure: the paper's targets lie in [-1, 1], its inputs in [0, 1]; here both lie in [0, 1].
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, carry, check_start
from baselines.receptive_field import ReceptiveField, receptive_field


class ResBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation on a shortcut."""

    def __init__(self, width: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.PReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return x + self.body(x)


class SRResNet(nn.Module):
    """Predicts the large image from the small one.

    Args:
        scale: 2, 4 or 8.
        width: features of every layer.
        blocks: residual blocks.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network nearly repeats
            every pixel scale x scale times, for trainings too short to find even that; the layers
            are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, scale: int = 4, width: int = 64, blocks: int = 16, start: str = "authors"):
        super().__init__()
        if scale not in (2, 4, 8):
            raise ValueError(f"scale must be 2, 4 or 8, not {scale}")
        check_start(start)
        self.head = nn.Sequential(nn.Conv2d(3, width, 9, padding=4), nn.PReLU())
        self.body = nn.Sequential(
            *(ResBlock(width) for _ in range(blocks)),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
        )
        doublings: list[nn.Module] = []
        for _ in range(scale.bit_length() - 1):
            conv = nn.Conv2d(width, 4 * width, 3, padding=1)
            doublings += [conv, nn.PixelShuffle(2), nn.PReLU()]
        self.upsampler = nn.Sequential(*doublings)
        self.tail = nn.Conv2d(width, 3, 9, padding=4)
        if start == "identity":
            self._start_from_repetition()

    @property
    def receptive_field(self) -> ReceptiveField:
        """Of all layers, which are declared in their order."""
        return receptive_field(self.modules())

    def forward(self, small: Tensor) -> Tensor:
        """Enlarge (N, 3, H, W) to (N, 3, scale * H, scale * W)."""
        x = self.head(small)  # (N, width, H, W)
        x = x + self.body(x)
        x = self.upsampler(x)  # (N, width, scale * H, scale * W)
        return self.tail(x)

    @torch.no_grad()
    def _start_from_repetition(self) -> None:
        """Let three features carry the image past the body; its normalised result is faint."""
        carry(self.head[0], repeats=1)
        self.body[-1].get_parameter("weight").mul_(FAINT)
        for layer in self.upsampler:
            if isinstance(layer, nn.Conv2d):
                carry(layer, repeats=4)
        for parameter in self.tail.parameters():
            parameter.mul_(FAINT)
        carry(self.tail, repeats=1)
