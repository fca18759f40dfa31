"""GridDehazeNet: three scales side by side in a grid, joined by learned attention per channel.

Liu, Ma, Shi, Chen: GridDehazeNet: Attention-Based Multi-Scale Network for Image Dehazing
(ICCV 2019). Official code: proteus1991/GridDehazeNet, whose state-dict keys are kept.
958,051 parameters, of which 2,304 weigh channels at the crossings; those for crossings where
nothing meets, or for more channels than a row has, are there without being used, as in the release.
A row keeps its size and its features by residual dense blocks. In the left half of the columns
features go down to half the size, in the right half up again. The authors train with the smooth L1
error and 0.04 times the mean of three perceptual errors (see `losses.perceptual`).
The official code shifts images to [-1, 1] while loading them; here that is done inside. The output
is in [0, 1] already, its negative values cut off by the last ReLU.
Initialisation: PyTorch's own, attention 1, as in the official code.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, carry, check_start
from baselines.receptive_field import Reach, ReceptiveField
from baselines.released import read_checkpoint

# The official training saves the network as it is wrapped for several GPUs.
WRAPPED = "module."


class DenseLayer(nn.Module):
    """A 3x3 convolution with ReLU, whose features come after those that it was given."""

    def __init__(self, features_in: int, growth: int):
        super().__init__()
        self.conv = nn.Conv2d(features_in, growth, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features_in + growth, H, W)."""
        return torch.cat((x, self.conv(x).relu()), dim=1)


class ResidualDenseBlock(nn.Module):
    """Dense layers and a 1x1 convolution on a shortcut."""

    def __init__(self, features: int, layers: int, growth: int):
        super().__init__()
        self.residual_dense_layers = nn.Sequential(
            *(DenseLayer(features + i * growth, growth) for i in range(layers))
        )
        self.conv_1x1 = nn.Conv2d(features + layers * growth, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x + self.conv_1x1(self.residual_dense_layers(x))


class DownSample(nn.Module):
    """Halves the size, then doubles the features."""

    def __init__(self, features: int):
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(features, 2 * features, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to (N, 2 * features, ceil(H/2), ceil(W/2))."""
        return self.conv2(self.conv1(x).relu()).relu()


class UpSample(nn.Module):
    """Doubles the size, then halves the features."""

    def __init__(self, features: int):
        super().__init__()
        self.deconv = nn.ConvTranspose2d(features, features, 3, stride=2, padding=1)
        self.conv = nn.Conv2d(features, features // 2, 3, padding=1)

    def forward(self, x: Tensor, size: torch.Size) -> Tensor:
        """Map (N, features, ceil(H/2), ceil(W/2)) to (N, features / 2, H, W); `size` is (H, W)."""
        return self.conv(self.deconv(x, output_size=size).relu()).relu()


class GridDehazeNet(nn.Module):
    """Predicts the clear image from the hazy one.

    Args:
        height: rows of the grid, each of half the size of the one above.
        width: columns of the grid.
        features: of the first row; each row has twice as many as the one above.
        dense_layers, growth: layers of a residual dense block, and the features of each.
        start: initialisation. "authors": PyTorch's, attention 1. "identity": the fresh network
            nearly returns the hazy image, for trainings too short to find even that; the layers
            are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(
        self,
        height: int = 3,
        width: int = 6,
        features: int = 16,
        dense_layers: int = 4,
        growth: int = 16,
        start: str = "authors",
    ):
        super().__init__()
        check_start(start)
        if height < 1 or width < 2:
            raise ValueError(f"the grid must have 1x2 crossings or more, not {height}x{width}")
        self.height, self.width, self.turn = height, width, width // 2
        of_row = [features * 2**row for row in range(height)]

        def block(row: int) -> ResidualDenseBlock:
            return ResidualDenseBlock(of_row[row], dense_layers, growth)

        self.coefficient = nn.Parameter(torch.ones(height, width, 2, of_row[-1]))
        self.conv_in = nn.Conv2d(3, features, 3, padding=1)
        self.rdb_in = block(0)
        self.rdb_module = nn.ModuleDict(
            {f"{row}_{column}": block(row) for row in range(height) for column in range(width - 1)}
        )
        self.downsample_module = nn.ModuleDict(
            {
                f"{row}_{column}": DownSample(of_row[row])
                for row in range(height - 1)
                for column in range(self.turn)
            }
        )
        self.upsample_module = nn.ModuleDict(
            {
                f"{row}_{column}": UpSample(of_row[row + 1])
                for row in reversed(range(height - 1))
                for column in range(self.turn, width)
            }
        )
        self.rdb_out = block(0)
        self.conv_out = nn.Conv2d(features, 3, 3, padding=1)
        if start == "identity":
            self._start_from_identity()

    @property
    def receptive_field(self) -> ReceptiveField:
        """Of all ways through the grid, followed from the output back to the image."""
        last = (*self.rdb_out.modules(), *self.conv_out.modules())
        reached = {(0, self.width - 1): Reach().through(last)}
        for place in reversed(list(self._places())):
            for layer, source in self._ways_to(*place):
                reach = reached[place].through(layer.modules())
                reached[source] = reach.joined(reached.get(source, reach))
        first = (*self.conv_in.modules(), *self.rdb_in.modules())
        return reached[0, 0].through(first).field(2 ** (self.height - 1))

    def forward(self, hazy: Tensor) -> Tensor:
        """Dehaze images.

        Args:
            hazy: (N, 3, H, W) in [0, 1], any H and W.
        Returns:
            (N, 3, H, W), not negative.
        """
        grid = {(0, 0): self.rdb_in(self.conv_in(2 * hazy - 1))}
        for row, column in self._places():
            arriving = []
            for layer, source in self._ways_to(row, column):
                size = (grid[row, column - 1].shape[-2:],) if isinstance(layer, UpSample) else ()
                arriving.append(layer(grid[source], *size))  # (N, 2^row * features, H/2^row, ...)
            grid[row, column] = self._joined(row, column, arriving)
        return self.conv_out(self.rdb_out(grid[0, self.width - 1])).relu()

    def _places(self) -> Iterator[tuple[int, int]]:
        """Rows and columns in an order in which each comes after those that lead to it."""
        for column in range(self.width):
            rows = range(self.height) if column < self.turn else reversed(range(self.height))
            yield from ((row, column) for row in rows if row or column)

    def _ways_to(self, row: int, column: int) -> Iterator[tuple[nn.Module, tuple[int, int]]]:
        """The layers that end at a place, each with the place where it begins."""
        if column:
            yield self.rdb_module[f"{row}_{column - 1}"], (row, column - 1)
        if column < self.turn and row:
            yield self.downsample_module[f"{row - 1}_{column}"], (row - 1, column)
        if column >= self.turn and row < self.height - 1:
            yield self.upsample_module[f"{row}_{column}"], (row + 1, column)

    def _joined(self, row: int, column: int, arriving: list[Tensor]) -> Tensor:
        """The sum of two features weighed by channel; one alone is passed on."""
        if len(arriving) == 1:
            return arriving[0]
        weights = self.coefficient[row, column, :, : arriving[0].shape[1], None, None]
        return weights[0] * arriving[0] + weights[1] * arriving[1]

    @torch.no_grad()
    def _start_from_identity(self) -> None:
        """Let three features of the first row carry the image; what is added to them is faint."""
        first_row = [self.rdb_module[f"0_{column}"] for column in range(self.width - 1)]
        for block in (self.rdb_in, *first_row, self.rdb_out):
            for parameter in block.get_submodule("conv_1x1").parameters():
                parameter.mul_(FAINT)
        for name, layer in self.upsample_module.items():
            if name.startswith("0_"):
                for parameter in layer.get_submodule("conv").parameters():
                    parameter.mul_(FAINT)
        for conv in (self.conv_in, self.conv_out):
            carry(conv, repeats=1)
        self.conv_out.weight.div_(2)  # from [-1, 1] back to [0, 1]
        self.get_parameter("conv_out.bias").fill_(0.5)

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in a released file, `indoor_haze_best_3_6` or `outdoor_haze_best_3_6`.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        state = read_checkpoint(path)
        state = {key.removeprefix(WRAPPED): value for key, value in state.items()}
        with torch.device("meta"):
            expected = {name.split(".")[0] for name in GridDehazeNet().state_dict()}
        if {key.split(".")[0] for key in state} != expected:
            raise ValueError(
                f"{path} is not GridDehazeNet: expected {', '.join(sorted(expected))} and no other"
            )
        return state
