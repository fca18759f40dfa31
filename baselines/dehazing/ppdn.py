"""PPDN: DenseNet-121 as encoder, residual and dense blocks as decoder, a pyramid of means at last.

Zhang, Sindagi, Patel: Multi-scale Single Image Dehazing using Perceptual Pyramid Deep Network (CVPR
Workshops 2018). Official code, for testing only: hezhangsprinter/NTIRE-2018-Dehazing-Challenge,
class Dense_rain_cvprw3, whose state-dict keys are kept. 31,278,281 parameters, of which 29,048,103
act: the encoder's last dense block and its normalisation, two residual blocks at the end and a
normalisation of one feature are declared there and never called. They are declared here as well,
since papers count them, and get no gradient.
The network works in [-1, 1]; images are brought there and back. A tanh keeps the output in [0, 1].
Initialisation: torchvision's for the encoder, where the authors start from its ImageNet weights
(`imagenet_state` reads a file of them; nothing is downloaded); PyTorch's own elsewhere.
From it, width 8 and one layer per dense block go from 9.6 dB of 4x48x48 hazed crops to 13.7 in 60
steps; the image joins the features before the last layers.
Batch normalisation: the official test program leaves the network in training mode, so that each
image is normalised by itself, cuts images into strips, stretches each output to the full range and
averages two runs. Here evaluation uses the running statistics, and none of the others is done.
Departure: sides that are no multiples of 32 are extended by reflection.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.padding import pad_to_multiple
from baselines.receptive_field import Reach, ReceptiveField
from baselines.released import read_checkpoint

MULTIPLE = 32
# Features of the full size behind the decoder, and the windows of the pyramid's means.
REFINED = 20
PYRAMID = {"conv1010": 32, "conv1020": 16, "conv1030": 8, "conv1040": 4}
# The encoder's layers under torchvision's names and under those of the official code.
ENCODER = {
    "conv0": "conv0",
    "norm0": "norm0",
    "denseblock1": "dense_block1",
    "transition1": "trans_block1",
    "denseblock2": "dense_block2",
    "transition2": "trans_block2",
    "denseblock3": "dense_block3",
    "transition3": "trans_block3",
    "denseblock4": "dense_block31",
    "norm5": "dense_norm31",
}


class ResBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation on a shortcut, and ReLU after the sum."""

    def __init__(self, features: int):
        super().__init__()
        self.conv1 = nn.Conv2d(features, features, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(features)
        self.conv2 = nn.Conv2d(features, features, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(features)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return (x + self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))).relu()


class GrowingBlock(nn.Module):
    """A dense layer: its new features are put behind those that it is given."""

    def __init__(self, features_in: int, growth: int):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(features_in)
        self.conv1 = nn.Conv2d(features_in, 4 * growth, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(4 * growth)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features_in + growth, H, W)."""
        new = self.conv2(self.bn2(self.conv1(self.bn1(x).relu())).relu())
        return torch.cat((x, new), dim=1)


class EnlargingBlock(nn.Module):
    """Reduces the features and repeats every pixel 2x2 times."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(features_in)
        # Declared as a transposed convolution: of size 1x1 it is a convolution with other axes.
        self.conv1 = nn.ConvTranspose2d(features_in, features, 1, bias=False)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, 2H, 2W)."""
        return self.up(self.conv1(self.bn1(x).relu()))


class PPDN(nn.Module):
    """Predicts the clean image.

    Args:
        width: features behind the first convolution, a multiple of 8; all others in proportion.
        blocks: layers of DenseNet's four dense blocks.
        residuals: residual blocks per scale. 1 makes the lighter network that extracts features of
            the truth: its outputs res32, res42, res52, res62, res72 have the same shapes.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(
        self,
        width: int = 64,
        blocks: tuple[int, int, int, int] = (6, 12, 24, 16),
        residuals: int = 2,
    ):
        super().__init__()
        if width < 8 or width % 8:
            raise ValueError(f"width must be a multiple of 8, not {width}")
        if residuals not in (1, 2):
            raise ValueError(f"residuals must be 1 or 2, not {residuals}")
        from torchvision.models import DenseNet

        features = DenseNet(width // 2, blocks, width, num_classes=1).features
        for name, ours in ENCODER.items():
            self.add_module(ours, features.get_submodule(name))
        self.pool0 = nn.MaxPool2d(3, stride=2, padding=1)
        eighth, sixteenth, bottom = (
            self.get_submodule(f"trans_block{i}.conv").get_parameter("weight").shape[0]
            for i in (1, 2, 3)
        )
        # Features that enter each scale, grow there, and leave it enlarged.
        beside = (0, sixteenth + 3, eighth + 3, 3, 3)
        below = (bottom, 2 * width, 2 * width, width, width // 2)
        growths = (4 * width, 4 * width, 2 * width, width, width // 2)
        leaving = (*below[1:], width // 4)
        for i, growth in enumerate(growths):
            inner = below[i] + beside[i]
            for second in range(3 - residuals, 3):
                self.add_module(f"res{i + 3}{second}", ResBlock(inner))
            self.add_module(f"dense_block{i + 4}", GrowingBlock(inner, growth))
            self.add_module(f"trans_block{i + 4}", EnlargingBlock(inner + growth, leaving[i]))
        self.conv_refin = nn.Conv2d(width // 4 + 3, REFINED, 3, padding=1)
        self.batchnorm20 = nn.BatchNorm2d(REFINED)
        for name in PYRAMID:
            self.add_module(name, nn.Conv2d(REFINED, 1, 1))
        self.refine3 = nn.Conv2d(REFINED + len(PYRAMID), 3, 3, padding=1)
        self.batchnorm1 = nn.BatchNorm2d(1)
        self.resref1, self.resref2 = (ResBlock(2 * REFINED + 4) for _ in range(2))

    def forward(self, hazy: Tensor) -> Tensor:
        """Dehaze (N, 3, H, W), any H and W; returns the same shape, in [0, 1]."""
        height, width = hazy.shape[-2:]
        image = 2 * pad_to_multiple(hazy, MULTIPLE) - 1
        x = self.pool0(self._through(image, "conv0", "norm0").relu())  # (N, width, H/4, W/4)
        eighth = self._through(x, "dense_block1", "trans_block1")  # (N, 2 * width, H/8, W/8)
        # (N, 4 * width, H/16, W/16) and (N, 8 * width, H/32, W/32)
        sixteenth = self._through(eighth, "dense_block2", "trans_block2")
        x = self._through(sixteenth, "dense_block3", "trans_block3")
        x = self._through(x, *self._scale(3))
        x = torch.cat((x, sixteenth, F.avg_pool2d(image, 16)), dim=1)
        x = self._through(x, *self._scale(4))  # (N, 2 * width, H/8, W/8)
        x = torch.cat((x, eighth, F.avg_pool2d(image, 8)), dim=1)
        x = self._through(x, *self._scale(5))  # (N, width, H/4, W/4)
        x = torch.cat((x, F.avg_pool2d(image, 4)), dim=1)
        x = self._through(x, *self._scale(6))  # (N, width / 2, H/2, W/2)
        x = torch.cat((x, F.avg_pool2d(image, 2)), dim=1)
        x = self._through(x, *self._scale(7))  # (N, width / 4, H, W)
        x = self.batchnorm20(self.conv_refin(torch.cat((x, image), dim=1)))
        x = F.leaky_relu(x, 0.2)  # (N, 20, H, W)
        x = self.refine3(torch.cat((*self._pyramid(x), x), dim=1)).tanh()
        return (x[..., :height, :width] + 1) / 2

    @property
    def receptive_field(self) -> ReceptiveField:
        """Of the way through all layers, by the pyramid's largest means.

        In evaluation, where batch normalisation takes no means. Shortcuts are shorter ways.
        """
        pyramid = (nn.AvgPool2d(MULTIPLE), nn.Upsample(scale_factor=MULTIPLE, mode="nearest"))
        reach = Reach().through([self.refine3]).through(pyramid).through([self.conv_refin])
        names = ["conv0", "pool0"]
        for i in (1, 2, 3):
            names += [f"dense_block{i}", f"trans_block{i}"]
        for i in range(3, 8):
            names += self._scale(i)
        for name in reversed(names):
            reach = reach.through(self.get_submodule(name).modules())
        return reach.field(MULTIPLE)

    @staticmethod
    def imagenet_state(path: Path) -> dict[str, Tensor]:
        """The encoder's share of the state dict, from torchvision's DenseNet-121 of ImageNet.

        For `load_state_dict(..., strict=False)`, before a training. Its file is
        densenet121-a639ec97.pth, with the old names of layers, or what torchvision's network saves.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        state = {}
        for key, value in read_checkpoint(path).items():
            kind, _, rest = key.removeprefix("features.").partition(".")
            if key.startswith("features.") and kind in ENCODER:
                # "norm.1.weight" of torchvision's first release is "norm1.weight" now.
                rest = re.sub(r"(norm|conv)\.([12])", r"\1\2", rest)
                state[f"{ENCODER[kind]}.{rest}"] = value
        complete = {key.split(".")[0] for key in state} == set(ENCODER.values())
        if not complete or state["conv0.weight"].shape != (64, 3, 7, 7):
            raise ValueError(
                f"{path} is not DenseNet-121: it must hold features.conv0 to features.norm5, as "
                "torchvision's densenet121-a639ec97.pth does"
            )
        return state

    def _scale(self, scale: int) -> list[str]:
        """The layers of a scale of the decoder, which give the next its features."""
        residuals = [name for name in (f"res{scale}1", f"res{scale}2") if hasattr(self, name)]
        return [*residuals, f"dense_block{scale + 1}", f"trans_block{scale + 1}"]

    def _through(self, x: Tensor, *names: str) -> Tensor:
        for name in names:
            x = self.get_submodule(name)(x)
        return x

    def _pyramid(self, x: Tensor) -> list[Tensor]:
        """Means of (N, 20, H, W) over windows, each mixed to (N, 1, H, W)."""
        means = []
        for name, window in PYRAMID.items():
            mixed = F.leaky_relu(self.get_submodule(name)(F.avg_pool2d(x, window)), 0.2)
            means.append(F.interpolate(mixed, scale_factor=window, mode="nearest"))
        return means
