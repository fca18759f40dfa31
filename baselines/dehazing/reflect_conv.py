"""The convolution that MSBDN and DuRN are built of; both papers' codes keep it under `conv2d`."""

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
