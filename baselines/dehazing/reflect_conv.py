"""Layers of several networks for dehazing: a convolution and a block of two, on reflected images.

PFFNet, MSBDN and DuRN are built of the convolution, the first two of the block; their authors'
codes keep both under these names.
"""

from __future__ import annotations

from torch import Tensor, nn


class ReflectConv(nn.Module):
    """A convolution that continues the image by its reflection.

    Args:
        features_in, features: of input and output.
        kernel: its side, odd; more than half of it must fit into the image.
        stride: by which both sides of the image are divided.
    """

    def __init__(self, features_in: int, features: int, kernel: int, stride: int = 1):
        super().__init__()
        self.conv2d = nn.Conv2d(
            features_in, features, kernel, stride, padding=kernel // 2, padding_mode="reflect"
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H/stride, W/stride)."""
        return self.conv2d(x)


class ResBlock(nn.Module):
    """Two 3x3 convolutions on a shortcut; a tenth of what they give is added."""

    def __init__(self, features: int):
        super().__init__()
        self.conv1 = ReflectConv(features, features, 3)
        self.conv2 = ReflectConv(features, features, 3)
        self.relu = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x + 0.1 * self.conv2(self.relu(self.conv1(x)))
