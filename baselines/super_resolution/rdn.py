"""RDN: blocks of densely connected convolutions, all of whose outputs are fused at the end.

Zhang, Tian, Kong, Zhong, Fu: Residual Dense Network for Image Super-Resolution (CVPR 2018),
Eq. 1 to 11 and Figure 2: 16 blocks of 8 layers, 64 features and a growth of 64. The official code,
yulunzhang/RDN, is Torch7; the state-dict keys are those of the port yjn870/RDN-pytorch.
22,271,107 parameters at scale 4. The paper ends there; at scale 8 a third layer enlarges by two, as
the second does, which makes 22,418,819.
Initialisation: PyTorch's own, as in the port.
Departure: what a block fuses has as many features as it takes, as in Eq. 5; in the port as many as
the growth, which is the same number there.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, carry, check_start
from baselines.receptive_field import ReceptiveField, receptive_field
from baselines.super_resolution.sub_pixel import FACTORS, conv


class DenseLayer(nn.Module):
    """A 3x3 convolution whose features are added to those that it sees."""

    def __init__(self, features_in: int, growth: int):
        super().__init__()
        self.conv = conv(features_in, growth)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C + growth, H, W)."""
        return torch.cat((x, self.relu(self.conv(x))), dim=1)


class ResidualDenseBlock(nn.Module):
    """Dense layers, fused by a 1x1 convolution, on a shortcut."""

    def __init__(self, width: int, growth: int, layers: int):
        super().__init__()
        self.layers = nn.Sequential(
            *(DenseLayer(width + i * growth, growth) for i in range(layers))
        )
        self.lff = nn.Conv2d(width + layers * growth, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W) to the same shape."""
        return x + self.lff(self.layers(x))


class RDN(nn.Module):
    """Predicts the large image from the small one.

    Args:
        scale: 2, 3, 4 or 8.
        width: features between the blocks, the paper's G_0.
        growth: features of every dense layer, G.
        blocks: residual dense blocks, D.
        layers: dense layers of each block, C.
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
        growth: int = 64,
        blocks: int = 16,
        layers: int = 8,
        start: str = "authors",
    ):
        super().__init__()
        if scale not in FACTORS:
            raise ValueError(f"scale must be 2, 3, 4 or 8, not {scale}")
        check_start(start)
        self.sfe1 = conv(3, width)
        self.sfe2 = conv(width, width)
        self.rdbs = nn.ModuleList(ResidualDenseBlock(width, growth, layers) for _ in range(blocks))
        self.gff = nn.Sequential(nn.Conv2d(blocks * width, width, 1), conv(width, width))
        enlarging: list[nn.Module] = []
        for factor in FACTORS[scale]:
            enlarging += [conv(width, factor**2 * width), nn.PixelShuffle(factor)]
        self.upscale = nn.Sequential(*enlarging)
        self.output = conv(width, 3)
        if start == "identity":
            self._start_from_repetition(FACTORS[scale])

    @property
    def receptive_field(self) -> ReceptiveField:
        """Of all layers, which are declared in their order."""
        return receptive_field(self.modules())

    def forward(self, small: Tensor) -> Tensor:
        """Enlarge (N, 3, H, W) to (N, 3, scale * H, scale * W)."""
        first = self.sfe1(small)  # (N, width, H, W)
        x = self.sfe2(first)
        of_blocks = []
        for block in self.rdbs:
            x = block(x)
            of_blocks.append(x)
        x = first + self.gff(torch.cat(of_blocks, dim=1))
        x = self.upscale(x)  # (N, width, scale * H, scale * W)
        return self.output(x)

    @torch.no_grad()
    def _start_from_repetition(self, factors: tuple[int, ...]) -> None:
        """Let three features carry the image along the outermost shortcut; the rest is faint."""
        carry(self.sfe1, repeats=1)
        for parameter in self.gff[-1].parameters():
            parameter.mul_(FAINT)
        for layer, factor in zip(self.upscale[::2], factors, strict=True):
            carry(layer, repeats=factor**2)
        carry(self.output, repeats=1)
