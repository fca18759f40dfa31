"""SRN: one encoder-decoder that restores at a quarter, half and full size with the same weights.

Tao, Gao, Shen, Wang, Jia: Scale-recurrent Network for Deep Image Deblurring (CVPR 2018).
Official code: jiangsutx/SRN-Deblur, whose mode 'color' this is: three channels, no LSTM.
6,881,251 parameters. All convolutions are 5x5, without normalisation; the output is the image
itself, no residual. Initialisation: Xavier-uniform, zero biases. The authors train with the sum of
the mean squared errors at the three scales.
Departures: see `coarse_to_fine` (the grid of the smaller images).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.deblurring.coarse_to_fine import (
    HalvingConv,
    coarse_to_fine,
    weaken,
    xavier_uniform,
)
from baselines.identity_start import check_start

KERNEL = 5
# By how much start="identity" enlarges the image inside.
CARRIED = 3.0


class ResBlock(nn.Module):
    """Two convolutions on a shortcut, nothing after the sum."""

    def __init__(self, features: int):
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, KERNEL, padding=KERNEL // 2)
        self.conv2 = nn.Conv2d(features, features, KERNEL, padding=KERNEL // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x + self.conv2(self.conv1(x).relu())


class SRN(nn.Module):
    """Predicts the clean image at three scales. Blind: it is told nothing about the degradation.

    Args:
        start: initialisation. "authors": Xavier-uniform. "identity": the fresh network returns
            nearly the degraded image at every scale (negative values as 0), for trainings too
            short to find even that; the layers are the same. Learning rates above 3e-4 still
            overshoot in the first steps: 5x5 kernels move the output far.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred", "pred_half", "pred_quarter")
    revision: ClassVar[int] = 1

    def __init__(self, start: str = "authors"):
        super().__init__()
        check_start(start)
        self.enc1 = _stage(nn.Conv2d(6, 32, KERNEL, padding=KERNEL // 2), 32)
        self.enc2 = _stage(HalvingConv(32, 64, KERNEL), 64)
        self.enc3 = _stage(HalvingConv(64, 128, KERNEL), 128)
        self.dec3 = _blocks(128)
        self.up2 = nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1)
        self.dec2 = _blocks(64)
        self.up1 = nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1)
        self.dec1 = _blocks(32)
        self.out = nn.Conv2d(32, 3, KERNEL, padding=KERNEL // 2)
        self.apply(xavier_uniform)
        if start == "identity":
            self._start_from_identity()

    def forward(self, degraded: Tensor) -> tuple[Tensor, ...]:
        """Restore images at three scales, finest first.

        Args:
            degraded: (N, 3, H, W), any H and W.
        Returns:
            (N, 3, H, W), (N, 3, ceil(H/2), ceil(W/2)) and (N, 3, ceil(H/4), ceil(W/4)). The smaller
            ones lie on the grid of `F.interpolate(target, size=..., mode="bilinear")` exactly
            where H and W are multiples of 4; else the grids drift apart by less than a pixel
            towards the last row and column.
        """
        return coarse_to_fine(degraded, self.restore)

    def restore(self, scale: int, degraded: Tensor, previous: Tensor) -> Tensor:
        """Predict one scale, (N, 3, H, W) from two of this shape; H and W multiples of 4.

        `scale` makes no difference: the weights are shared.
        """
        full = self.enc1(torch.cat((degraded, previous), dim=1))  # (N, 32, H, W)
        half = self.enc2(full)  # (N, 64, H/2, W/2)
        quarter = self.dec3(self.enc3(half))  # (N, 128, H/4, W/4)
        half = self.dec2(half + self.up2(quarter).relu())
        full = self.dec1(full + self.up1(half).relu())
        return self.out(full)

    @torch.no_grad()
    def _start_from_identity(self) -> None:
        """Let three features of the full size carry the image; what is added to them is faint.

        They carry it enlarged and about zero, so that steps of Adam, which are as large for faint
        weights as for others, move the output less.
        """
        for module in self.modules():
            if isinstance(module, ResBlock):
                weaken(module.conv1, 0.3)
                weaken(module.conv2, 0.1)
        for layer in (self.enc1[0], self.enc2[0], self.enc3[0], self.up2, self.up1):
            weaken(layer, 0.3)
        weaken(self.out, 0.03)
        enter, leave = self.get_parameter("enc1.0.weight"), self.get_parameter("out.weight")
        centre = KERNEL // 2
        for channel in range(3):
            enter[channel] = 0
            enter[channel, channel, centre, centre] = CARRIED
            leave[channel, channel, centre, centre] += 1 / CARRIED
        # The first ReLU passes CARRIED * x; the first block then makes mid-grey zero.
        self.get_parameter("enc1.2.conv2.bias")[:3] = -CARRIED / 2
        self.get_parameter("out.bias").fill_(0.5)


def _blocks(features: int) -> nn.Sequential:
    return nn.Sequential(*(ResBlock(features) for _ in range(3)))


def _stage(first: nn.Conv2d, features: int) -> nn.Sequential:
    """A convolution with ReLU, then three residual blocks."""
    return nn.Sequential(first, nn.ReLU(), *_blocks(features))
