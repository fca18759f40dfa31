"""SADNet: an encoder-decoder whose decoder samples its features where the image's structure lies.

Chang, Li, Feng, Xu: Spatial-Adaptive Network for Single Image Denoising (ECCV 2020).
Official code: JimmyChame/SADNet, whose state-dict keys are kept. 4,234,723 parameters; the paper
prints 4,321k.
Initialisation as in the official training: every convolution Xavier-uniform with zero bias, the
deformable kernels uniform within 1/sqrt(fan-in). This includes the convolution that predicts
offsets and masks: the deformable layer sets it to zero, the block around it overwrites that, so
training starts from random offsets, and a mask near 1/2.
Departure: the official code crops to multiples of 8; here images are extended and cropped back.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.padding import pad_to_multiple

OFFSET_GROUPS = 8


class ResBlock(nn.Module):
    """Two 3x3 convolutions on a shortcut, which a 1x1 convolution brings to the new width."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        if features_in != features:
            self.conv0 = nn.Conv2d(features_in, features, 1)
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H, W)."""
        if hasattr(self, "conv0"):
            x = self.conv0(x)
        return x + self.conv2(_lrelu(self.conv1(x)))


class ContextBlock(nn.Module):
    """Four dilated convolutions side by side, on a quarter of the features."""

    def __init__(self, features: int):
        super().__init__()
        reduced = features // 4
        self.conv0 = nn.Conv2d(features, reduced, 1)
        self.conv1 = nn.Conv2d(reduced, reduced, 3, padding=1)
        self.conv2 = nn.Conv2d(reduced, reduced, 3, padding=2, dilation=2)
        self.conv3 = nn.Conv2d(reduced, reduced, 3, padding=3, dilation=3)
        self.conv4 = nn.Conv2d(reduced, reduced, 3, padding=4, dilation=4)
        self.fusion = nn.Conv2d(4 * reduced, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        reduced = self.conv0(x)
        dilated = (self.conv1, self.conv2, self.conv3, self.conv4)
        return x + self.fusion(torch.cat([_lrelu(conv(reduced)) for conv in dilated], dim=1))


class OffsetBlock(nn.Module):
    """Features from which offsets are predicted, refined from the next coarser scale's."""

    def __init__(self, features: int, offset_features: int, refines: bool):
        super().__init__()
        self.offset_conv1 = nn.Conv2d(features, offset_features, 3, padding=1)
        if refines:
            self.offset_conv2 = nn.Conv2d(2 * offset_features, offset_features, 3, padding=1)
        self.offset_conv3 = nn.Conv2d(offset_features, offset_features, 3, padding=1)

    def forward(self, x: Tensor, coarser: Tensor | None = None) -> Tensor:
        """Map (N, features, H, W) and the coarser scale's result to (N, offset_features, H, W)."""
        offsets = _lrelu(self.offset_conv1(x))
        if coarser is not None:
            coarser = F.interpolate(coarser, scale_factor=2, mode="bilinear", align_corners=False)
            # An offset of one pixel is one of two pixels at twice the size.
            offsets = _lrelu(self.offset_conv2(torch.cat((offsets, 2 * coarser), dim=1)))
        return _lrelu(self.offset_conv3(offsets))


class DeformableConv(nn.Module):
    """Modulated deformable 3x3 convolution (DCNv2); offsets and mask come from other features."""

    def __init__(self, features: int, offset_features: int):
        super().__init__()
        predicted = OFFSET_GROUPS * 3 * 9  # dy, dx and mask for each group and kernel position
        self.conv_offset_mask = nn.Conv2d(offset_features, predicted, 3, padding=1)
        self.weight = nn.Parameter(torch.empty(features, features, 3, 3))
        self.bias = nn.Parameter(torch.empty(features))

    def forward(self, x: Tensor, offset_features: Tensor) -> Tensor:
        """Map x, (N, features, H, W), and (N, offset_features, H, W) to the shape of x."""
        from torchvision.ops import deform_conv2d

        predicted = self.conv_offset_mask(offset_features)
        offset, mask = predicted.split([OFFSET_GROUPS * 18, OFFSET_GROUPS * 9], dim=1)
        # Under autocast, too, it samples in the weights' precision: a CPU has no other kernel.
        x, offset, mask = (part.to(self.weight.dtype) for part in (x, offset, mask.sigmoid()))
        return deform_conv2d(x, offset, self.weight, self.bias, padding=1, mask=mask)


class RSABlock(nn.Module):
    """Residual spatial-adaptive block: a deformable and a plain convolution on a shortcut."""

    def __init__(self, features: int, offset_features: int):
        super().__init__()
        self.dcnpack = DeformableConv(features, offset_features)
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, x: Tensor, offset_features: Tensor) -> Tensor:
        """Map x, (N, features, H, W), and (N, offset_features, H, W) to the shape of x."""
        return x + self.conv1(_lrelu(self.dcnpack(x, offset_features)))


class SADNet(nn.Module):
    """Predicts the clean image. Blind: no sigma is given, the paper has one network per level.

    Args:
        width: features at full size; doubled with each of the three halvings.
        offset_features: width of the features that predict offsets, at every scale.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 32, offset_features: int = 32):
        super().__init__()
        w1, w2, w3, w4 = width, 2 * width, 4 * width, 8 * width
        self.res1 = ResBlock(3, w1)
        self.down1 = nn.Conv2d(w1, w2, 2, stride=2)
        self.res2 = ResBlock(w2, w2)
        self.down2 = nn.Conv2d(w2, w3, 2, stride=2)
        self.res3 = ResBlock(w3, w3)
        self.down3 = nn.Conv2d(w3, w4, 2, stride=2)
        self.res4 = ResBlock(w4, w4)

        self.context = ContextBlock(w4)
        self.offset4 = OffsetBlock(w4, offset_features, refines=False)
        self.dres4 = RSABlock(w4, offset_features)

        self.up3 = nn.ConvTranspose2d(w4, w3, 2, stride=2)
        self.dconv3_1 = nn.Conv2d(2 * w3, w3, 1)
        self.offset3 = OffsetBlock(w3, offset_features, refines=True)
        self.dres3 = RSABlock(w3, offset_features)

        self.up2 = nn.ConvTranspose2d(w3, w2, 2, stride=2)
        self.dconv2_1 = nn.Conv2d(2 * w2, w2, 1)
        self.offset2 = OffsetBlock(w2, offset_features, refines=True)
        self.dres2 = RSABlock(w2, offset_features)

        self.up1 = nn.ConvTranspose2d(w2, w1, 2, stride=2)
        self.dconv1_1 = nn.Conv2d(2 * w1, w1, 1)
        self.offset1 = OffsetBlock(w1, offset_features, refines=True)
        self.dres1 = RSABlock(w1, offset_features)

        self.out = nn.Conv2d(w1, 3, 3, padding=1)
        self.apply(_initialise)

    def forward(self, noisy: Tensor) -> Tensor:
        """Denoise (N, 3, H, W), any H and W; returns the same shape."""
        height, width = noisy.shape[-2:]
        x = pad_to_multiple(noisy, 8)

        full = self.res1(x)  # (N, 32, H, W)
        half = self.res2(_lrelu(self.down1(full)))  # (N, 64, H/2, W/2)
        quarter = self.res3(_lrelu(self.down2(half)))  # (N, 128, H/4, W/4)
        eighth = self.context(self.res4(_lrelu(self.down3(quarter))))  # (N, 256, H/8, W/8)

        offsets = self.offset4(eighth)  # (N, 32, H/8, W/8), as at every scale below
        eighth = self.dres4(eighth, offsets)

        quarter = self.dconv3_1(torch.cat((self.up3(eighth), quarter), dim=1))
        offsets = self.offset3(quarter, offsets)
        quarter = self.dres3(quarter, offsets)

        half = self.dconv2_1(torch.cat((self.up2(quarter), half), dim=1))
        offsets = self.offset2(half, offsets)
        half = self.dres2(half, offsets)

        full = self.dconv1_1(torch.cat((self.up1(half), full), dim=1))
        offsets = self.offset1(full, offsets)
        full = self.dres1(full, offsets)

        return (x + self.out(full))[..., :height, :width]


def _lrelu(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    elif isinstance(module, DeformableConv):
        bound = 1 / math.sqrt(module.weight[0].numel())
        nn.init.uniform_(module.weight, -bound, bound)
        nn.init.zeros_(module.bias)
