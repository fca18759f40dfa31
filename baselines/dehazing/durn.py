"""DuRN-US: blocks with two residual paths, one at a quarter and one at half of the size.

Liu, Suganuma, Sun, Okatani: Dual Residual Networks Leveraging the Potential of Paired Operations
for Image Restoration (CVPR 2019), the variant for haze. Official code: liu-vis/
DualResidualNetworks, pietorch/DuRN_US.py, whose state-dict keys are kept. 9,070,915 parameters.
No normalisation: the code names one for each block and builds none. The pair of operations is
enlarging with a convolution (5x5 to 11x11, wider from block to block) and channel attention with a
convolution of stride 2. The attention takes means over the whole image, so there is no
receptive_field: images go through whole. The output is the hazy image plus a tanh, not clamped.
Initialisation: PyTorch's own, as in the official code. What it adds at first is nearly the same for
every pixel, which short trainings make the mean of the haze: width 16 and 2 blocks go from 9.6 to
12.5 dB in 60 steps on 4x48x48 hazed crops.
Departure: sides that are no multiples of 4, or below 16, are extended by reflection.
"""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from baselines.dehazing.reflect_conv import ReflectConv
from baselines.padding import pad_to_multiple

MULTIPLE = 4
# Reflection under an 11x11 kernel needs six rows at half of the size.
LEAST = 16
# Of the convolution behind each block's enlargement; 11 for all later blocks.
KERNELS = (5, 5, 7, 7)
LAST_KERNEL = 11


class ChannelAttention(nn.Module):
    """Scales features by shares that are found from their means."""

    def __init__(self, features: int):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(features, features // 2),
            nn.ReLU(inplace=True),
            nn.Linear(features // 2, features),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x * self.fc(x.mean(dim=(2, 3)))[:, :, None, None]


class AttentionBlock(nn.Module):
    """Two 3x3 convolutions and channel attention on a shortcut."""

    def __init__(self, features: int):
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1, bias=False)
        self.se = ChannelAttention(features)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return (x + self.se(self.conv2(self.conv1(x).relu()))).relu()


class DualResidualBlock(nn.Module):
    """DuRB-US: the first operation adds to the path of half size, the second to that of a quarter.

    Args:
        width: features of both paths.
        kernel: of the convolution behind the enlargement.
    """

    def __init__(self, width: int, kernel: int):
        super().__init__()
        self.conv1 = ReflectConv(width, width, 3)
        self.conv2 = ReflectConv(width, width, 3)
        self.conv_pre = ReflectConv(width, 4 * width, 3)
        self.upsamp = nn.PixelShuffle(2)
        self.up_conv = ReflectConv(width, width, kernel)
        self.se = AttentionBlock(width)
        self.down_conv = ReflectConv(width, width, 3, stride=2)

    def forward(self, x: Tensor, half: Tensor) -> tuple[Tensor, Tensor]:
        """Map (N, width, H/4, W/4) and (N, width, H/2, W/2) to the same shapes."""
        inner = (x + self.conv2(self.conv1(x).relu())).relu()
        half = (half + self.up_conv(self.upsamp(self.conv_pre(inner)))).relu()
        return (x + self.down_conv(self.se(half))).relu(), half


class DuRNUS(nn.Module):
    """Predicts the clean image as the hazy one plus values in [-1, 1].

    Args:
        width: features of every layer; an even number.
        blocks: dual residual blocks.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 64, blocks: int = 12):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, padding=3)
        self.conv2 = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.conv3 = nn.Conv2d(width, width, 3, stride=2, padding=1)
        self.blocks = [f"rud{i + 1}" for i in range(blocks)]
        for i, name in enumerate(self.blocks):
            kernel = KERNELS[i] if i < len(KERNELS) else LAST_KERNEL
            self.add_module(name, DualResidualBlock(width, kernel))
        self.upconv1 = ReflectConv(width, 4 * width, 3)
        self.upsamp1 = nn.PixelShuffle(2)
        self.conv4 = ReflectConv(width, width, 3)
        self.upconv2 = ReflectConv(width, 4 * width, 3)
        self.upsamp2 = nn.PixelShuffle(2)
        self.conv5 = ReflectConv(width, width, 3)
        self.end_conv = nn.Conv2d(width, 3, 7, padding=3)

    def forward(self, hazy: Tensor) -> Tensor:
        """Dehaze (N, 3, H, W), any H and W; returns the same shape."""
        height, width = hazy.shape[-2:]
        hazy = pad_to_multiple(hazy, MULTIPLE, least=LEAST)
        half = self.conv2(self.conv1(hazy).relu()).relu()  # (N, width, H/2, W/2)
        x = self.conv3(half).relu()  # (N, width, H/4, W/4)
        for name in self.blocks:
            x, half = self.get_submodule(name)(x, half)
        x = self.conv4(self.upsamp1(self.upconv1(x))).relu()  # (N, width, H/2, W/2)
        x = self.conv5(self.upsamp2(self.upconv2(x))).relu()  # (N, width, H, W)
        return (hazy + self.end_conv(x).tanh())[..., :height, :width]
