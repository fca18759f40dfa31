"""RCAN: groups of residual blocks that weigh their features by what the whole image shows.

Zhang, Li, Li, Wang, Zhong, Fu: Image Super-Resolution Using Very Deep Residual Channel Attention
Networks (ECCV 2018). Official code: yulunzhang/RCAN, whose state-dict keys are kept but for the two
layers that shift the mean (see `sub_pixel`).
At scale 4: 10 groups of 20 blocks have 15,592,355 parameters; STFT's 4 groups of 5 blocks, which
are RCAN(groups=4, blocks=5), 1,972,307. The authors train with the L1 error.
Initialisation: PyTorch's own, as in the official code.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from baselines.super_resolution.sub_pixel import SubPixelNetwork, conv, read_released


class ChannelAttention(nn.Module):
    """Weighs each feature by a number in (0, 1), computed from the means of all features."""

    def __init__(self, width: int, reduction: int):
        super().__init__()
        if not 1 <= reduction <= width:
            raise ValueError(f"reduction must be in 1..{width}, the width, not {reduction}")
        self.conv_du = nn.Sequential(
            nn.Conv2d(width, width // reduction, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(width // reduction, width, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return x * self.conv_du(x.mean(dim=(2, 3), keepdim=True))  # times (N, width, 1, 1)


class RCAB(nn.Module):
    """Two 3x3 convolutions and channel attention on a shortcut."""

    def __init__(self, width: int, reduction: int):
        super().__init__()
        self.body = nn.Sequential(
            conv(width, width),
            nn.ReLU(inplace=True),
            conv(width, width),
            ChannelAttention(width, reduction),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return x + self.body(x)


class ResidualGroup(nn.Module):
    """Some blocks and a convolution on a shortcut."""

    def __init__(self, width: int, blocks: int, reduction: int):
        super().__init__()
        self.body = nn.Sequential(
            *(RCAB(width, reduction) for _ in range(blocks)), conv(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return x + self.body(x)


class RCAN(SubPixelNetwork):
    """Predicts the large image from the small one.

    It has no `receptive_field`: the attention takes means over the whole image, and those over a
    strip of it are others.

    Args:
        scale: 2, 3, 4 or 8.
        width: features of every layer.
        groups: residual groups.
        blocks: residual blocks of each group.
        reduction: how many times fewer features than `width` the attention has inside.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network nearly repeats
            every pixel scale x scale times, for trainings too short to find even that; the layers
            are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(
        self,
        scale: int = 4,
        width: int = 64,
        groups: int = 10,
        blocks: int = 20,
        reduction: int = 16,
        start: str = "authors",
    ):
        body = (ResidualGroup(width, blocks, reduction) for _ in range(groups))
        super().__init__(scale, width, body, start)

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in a released `.pt` file, without its fixed layers for the mean.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged, holds another network, or shifts another mean.
        """
        return read_released(path, "RCAN", characteristic="body.0.body.0.body.3.conv_du.0.weight")
