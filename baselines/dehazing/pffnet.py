"""PFFNet: a U-Net with many residual blocks at a sixteenth of the size, summed with its encoder.

Mei, Jiang, Li, Wang: Progressive Feature Fusion Network for Realistic Image Dehazing (ACCV 2018).
Official code: MKFMIKU/PFFNet, whose state-dict keys are kept.
20,853,076 parameters that are used. The official count is 24 more, 20,853,100: two layers that
would shift the mean, which its forward never calls and which are left out here.
17 residual blocks: the official argument is 18, but its loop starts at 1.
The authors train with the mean squared error; the output is the image itself, no residual to it.
Initialisation: PyTorch's own, as in the official code.
Departure: images with a side below 17 pixels, which the official network cannot reflect at the
coarsest level, are extended first and cropped back.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.dehazing.reflect_conv import ReflectConv, ResBlock
from baselines.identity_start import FAINT, carry, check_start
from baselines.padding import pad_to_multiple

# Below this a single row is left after four halvings, and has nothing to be reflected.
SMALLEST = 17
# By how much start="identity" enlarges the image inside: steps of Adam then move it less.
CARRIED = 4.0


class EnlargingConv(nn.Module):
    """A transposed convolution on the reflected features, which doubles the size and adds 5."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        self.reflection_pad = nn.ReflectionPad2d(1)
        self.conv2d = nn.ConvTranspose2d(features_in, features, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, 2H + 5, 2W + 5)."""
        return self.conv2d(self.reflection_pad(x))


class PFFNet(nn.Module):
    """Predicts the clear image from the hazy one.

    It has no `receptive_field`: the decoder's features are 5 rows too many at every level and are
    resized to those of the encoder, by a ratio that depends on the height of the whole image.

    Args:
        width: features of the first layer; each halving of the size doubles them.
        blocks: residual blocks at the coarsest level.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network nearly returns
            the hazy image, for trainings too short to find even that; the layers are the same.
            Learning rates above 3e-4 overshoot in the first steps: 11x11 kernels move the output
            far.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 16, blocks: int = 17, start: str = "authors"):
        super().__init__()
        check_start(start)
        self.conv_input = ReflectConv(3, width, 11)
        self.conv2x = ReflectConv(width, 2 * width, 3, stride=2)
        self.conv4x = ReflectConv(2 * width, 4 * width, 3, stride=2)
        self.conv8x = ReflectConv(4 * width, 8 * width, 3, stride=2)
        self.conv16x = ReflectConv(8 * width, 16 * width, 3, stride=2)
        self.dehaze = nn.Sequential(
            OrderedDict((f"res{i}", ResBlock(16 * width)) for i in range(1, blocks + 1))
        )
        self.convd16x = EnlargingConv(16 * width, 8 * width)
        self.convd8x = EnlargingConv(8 * width, 4 * width)
        self.convd4x = EnlargingConv(4 * width, 2 * width)
        self.convd2x = EnlargingConv(2 * width, width)
        self.conv_output = ReflectConv(width, 3, 3)
        if start == "identity":
            self._start_from_identity()

    def forward(self, hazy: Tensor) -> Tensor:
        """Dehaze images.

        Args:
            hazy: (N, 3, H, W) in [0, 1], any H and W.
        Returns:
            (N, 3, H, W), not clamped.
        """
        height, width = hazy.shape[-2:]
        x = hazy if min(height, width) >= SMALLEST else pad_to_multiple(hazy, SMALLEST)
        full = _lrelu(self.conv_input(x))  # (N, 16, H, W)
        half = _lrelu(self.conv2x(full))  # (N, 32, H/2, W/2), sizes rounded up
        quarter = _lrelu(self.conv4x(half))
        eighth = _lrelu(self.conv8x(quarter))
        sixteenth = _lrelu(self.conv16x(eighth))  # (N, 256, H/16, W/16)
        x = sixteenth + self.dehaze(sixteenth)
        for enlarge, skip in (
            (self.convd16x, eighth),
            (self.convd8x, quarter),
            (self.convd4x, half),
            (self.convd2x, full),
        ):
            x = skip + F.interpolate(_lrelu(enlarge(x)), size=skip.shape[-2:], mode="bilinear")
        return self.conv_output(x)[..., :height, :width]

    @torch.no_grad()
    def _start_from_identity(self) -> None:
        """Let three features of the full size carry the image; what the decoder adds is faint."""
        for parameter in self.convd2x.parameters():
            parameter.mul_(FAINT)
        for layer in (self.conv_input, self.conv_output):
            carry(layer.conv2d, repeats=1)
        self.conv_input.conv2d.weight[:3] *= CARRIED
        self.conv_output.conv2d.weight /= CARRIED


def _lrelu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)
