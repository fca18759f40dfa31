"""Convolutions whose weights are kept at one size and scaled as they are used.

Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs for Improved Quality, Stability, and
Variation (ICLR 2018), Sec. 4.1: weights are drawn from N(0, 1) and multiplied by He's constant in
every forward pass, so that steps of Adam are alike in size for all layers.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class EqualisedConvolution(nn.Module):
    """A 3x3 convolution that keeps the size of its input; biases begin as zero."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        self.weight_orig = nn.Parameter(torch.randn(features, features_in, 3, 3))
        self.bias = nn.Parameter(torch.zeros(features))
        self.scale = math.sqrt(2 / (9 * features_in))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H, W)."""
        return F.conv2d(x, self.scale * self.weight_orig, self.bias, padding=1)


def equal_conv(features_in: int, features: int) -> nn.Sequential:
    """The convolution under the name `conv`, as in the state dicts of PFSR's official code."""
    return nn.Sequential(OrderedDict(conv=EqualisedConvolution(features_in, features)))
