"""EDSR: residual blocks without normalisation at low resolution, enlarged by sub-pixel layers.

Lim, Son, Kim, Nah, Lee: Enhanced Deep Residual Networks for Single Image Super-Resolution
(CVPR Workshops 2017). Official PyTorch code: sanghyun-son/EDSR-PyTorch, whose state-dict keys are
kept but for the two layers that shift the mean (see `sub_pixel`).
At scale 4: the baseline (16 blocks of 64) has 1,517,571 parameters; the full network, which is
EDSR(width=256, blocks=32, residual_scale=0.1), 43,089,923.
Initialisation: PyTorch's own, as in the official code.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from torch import Tensor, nn

from baselines.receptive_field import ReceptiveField, receptive_field
from baselines.super_resolution.sub_pixel import SubPixelNetwork, conv, read_released


class ResBlock(nn.Module):
    """Two 3x3 convolutions on a shortcut; what they add is scaled down in the wide network."""

    def __init__(self, width: int, residual_scale: float):
        super().__init__()
        self.body = nn.Sequential(conv(width, width), nn.ReLU(inplace=True), conv(width, width))
        self.residual_scale = residual_scale

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return x + self.residual_scale * self.body(x)


class EDSR(SubPixelNetwork):
    """Predicts the large image from the small one.

    Args:
        scale: 2, 3, 4 or 8.
        width: features of every layer.
        blocks: residual blocks.
        residual_scale: factor on each block's residual.
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
        blocks: int = 16,
        residual_scale: float = 1.0,
        start: str = "authors",
    ):
        super().__init__(
            scale, width, (ResBlock(width, residual_scale) for _ in range(blocks)), start
        )

    @property
    def receptive_field(self) -> ReceptiveField:
        """Of all layers, which are declared in their order."""
        return receptive_field(self.modules())

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in a released `.pt` file, without its fixed layers for the mean.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged, holds another network, or shifts another mean.
        """
        return read_released(path, "EDSR", characteristic="body.0.body.0.weight")
