"""Stacked hourglasses: heatmaps of a face's 68 landmarks, with which restored faces are judged.

Newell, Yang, Deng: Stacked Hourglass Networks for Human Pose Estimation (ECCV 2016), in the form of
Maclory/Deep-Iterative-Collaboration (Ma, Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with
Iterative Collaboration between Attentive Recovery and Landmark Estimation, CVPR 2020), which
measures alignment with four stacks of 256 features, 12,952,848 parameters, whose state-dict keys
are kept. There each block has its normalisations after its convolutions and nothing after its sum,
and each level is enlarged bilinearly with its corners kept in place.
`SmallHourglass`, 124,500 parameters, is the suite's own and stands in for it where nothing can be
trained for long: one hourglass that begins almost at 0.
Initialisation: PyTorch's, since the authors' is not known; in the small one the last convolution's
weights are from N(0, 0.001), its biases 0. A plain squared error and PyTorch's own last layer had
not found the faces after 250 steps.
Departure: the mean of the colours is subtracted inside.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.released import check_state, read_checkpoint

LANDMARKS = 68
STACKS = 4
DEPTH = 4
# Of the small network's first convolution, at any width.
FIRST = 32
# What the maps are smaller by, and what can be halved to the innermost scale after that.
STRIDE = 4
MULTIPLE = STRIDE * 2**DEPTH
# Red, green and blue of the authors' faces, of 1.
FACE_MEAN = (0.509, 0.424, 0.378)


class Residual(nn.Module):
    """A bottleneck of 1x1, 3x3 and 1x1 convolutions on a shortcut.

    Args:
        features_in, features: of input and output; a 1x1 convolution joins them where they differ.
        normalised: whether batch normalisation follows each convolution. Without it the authors
            have no ReLU after the second convolution either.
        small: whether it is of `SmallHourglass`: no biases before a normalisation, a bare
            convolution on the shortcut, a ReLU after the sum.
    """

    def __init__(
        self, features_in: int, features: int, normalised: bool = True, small: bool = False
    ):
        super().__init__()
        half = features // 2
        self.conv_block = nn.Sequential(
            *_layer(features_in, half, 1, normalised, not small),
            nn.ReLU(inplace=True),
            *_layer(half, half, 3, normalised, not small),
            *([nn.ReLU(inplace=True)] if normalised else []),
            *_layer(half, features, 1, normalised, not small),
        )
        self.skip_layer: nn.Module = nn.Identity()
        if features_in != features:
            skip = _layer(features_in, features, 1, normalised and not small)
            self.skip_layer = nn.Sequential(*skip) if len(skip) > 1 else skip[0]
        self.small = small

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H, W)."""
        x = self.skip_layer(x) + self.conv_block(x)
        return F.relu(x) if self.small else x


class Hourglass(nn.Module):
    """Features at five scales, each added to what comes back from below it.

    Args:
        width: features at every scale.
        normalised, small: of its blocks, see `Residual`; the small one repeats values to enlarge,
            the authors' are bilinear.
    """

    def __init__(self, width: int, normalised: bool = True, small: bool = False):
        super().__init__()
        for level in range(DEPTH, 0, -1):
            for place in (1, 2, 3):
                block = Residual(width, width, normalised, small)
                self.add_module(f"res{level}_{place}", block)
        self.res_center = Residual(width, width, normalised, small)
        bilinear = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.enlarge = nn.Upsample(scale_factor=2) if small else bilinear

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, width, H, W), H and W multiples of 16, to the same shape."""
        aside = []
        for level in range(DEPTH, 0, -1):
            aside.append(self.get_submodule(f"res{level}_1")(x))
            x = self.get_submodule(f"res{level}_2")(F.max_pool2d(x, 2))
        x = self.res_center(x)
        for level in range(1, DEPTH + 1):
            x = aside.pop() + self.enlarge(self.get_submodule(f"res{level}_3")(x))
        return x


class StackedHourglass(nn.Module):
    """Four hourglasses, each of which is given the maps of the one before.

    Args:
        width: features, a multiple of 8.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred", "maps_1", "maps_2", "maps_3")
    revision: ClassVar[int] = 1
    peaks: ClassVar[str] = "dic"
    mean: Tensor

    def __init__(self, width: int = 256):
        super().__init__()
        self.register_buffer("mean", face_mean(), persistent=False)
        self.pre_conv_block = stem(width, normalised=True)
        for i in range(STACKS):
            self.add_module(f"hg{i}", Hourglass(width))
            self.add_module(f"hg{i}_res1", Residual(width, width))
            self.add_module(f"hg{i}_lin1", pointwise(width, normalised=True))
            self.add_module(f"hg{i}_conv_pred", nn.Conv2d(width, LANDMARKS, 1))
            if i < STACKS - 1:
                self.add_module(f"hg{i}_conv1", nn.Conv2d(width, width, 1))
                self.add_module(f"hg{i}_conv2", nn.Conv2d(LANDMARKS, width, 1))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Find the landmarks of faces.

        Args:
            images: (N, 3, H, W), RGB in [0, 1]; H and W multiples of 64, the authors' 128.
        Returns:
            The last hourglass's heatmaps, then those of the first to the third, each
            (N, 68, H / 4, W / 4), about 0 to 1.

        Raises:
            ValueError: a side of the images is no multiple of 64.
        """
        check_sides(images)
        x = self.pre_conv_block(images - self.mean)  # (N, width, H / 4, W / 4)
        maps: list[Tensor] = []
        for i in range(STACKS):
            y = self.get_submodule(f"hg{i}")(x)
            y = self.get_submodule(f"hg{i}_lin1")(self.get_submodule(f"hg{i}_res1")(y))
            maps.append(self.get_submodule(f"hg{i}_conv_pred")(y))
            if i < STACKS - 1:
                again = self.get_submodule(f"hg{i}_conv2")(maps[-1])
                x = x + self.get_submodule(f"hg{i}_conv1")(y) + again
        return maps[-1], *maps[:-1]

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in the authors' `HG_68_CelebA.pth`.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        state = read_checkpoint(path)
        with torch.device("meta"):
            like = StackedHourglass()
        check_state(state, like, path, "HG_68", f"{STACKS} stacks of 256 features")
        return state


class SmallHourglass(nn.Module):
    """One narrow hourglass, quick to train; its first maps are almost 0.

    Args:
        width: features, even.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1
    peaks: ClassVar[str] = "centroid"

    def __init__(self, width: int = 48):
        super().__init__()
        self.body = nn.Sequential(
            *_layer(3, FIRST, 7, normalised=True, bias=False, stride=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            Residual(FIRST, width, small=True),
            Hourglass(width, small=True),
            Residual(width, width, small=True),
        )
        self.last = nn.Conv2d(width, LANDMARKS, 1)
        nn.init.normal_(self.last.weight, std=1e-3)
        nn.init.zeros_(self.last.get_parameter("bias"))

    def forward(self, images: Tensor) -> Tensor:
        """Find the landmarks of faces.

        Args:
            images: (N, 3, H, W), RGB in [0, 1]; H and W multiples of 64.
        Returns:
            Heatmaps, (N, 68, H / 4, W / 4), about 0 to 1.

        Raises:
            ValueError: a side of the images is no multiple of 64.
        """
        check_sides(images)
        return self.last(self.body(images - 0.5))


def check_sides(images: Tensor) -> None:
    """Raise ValueError where the sides of (N, 3, H, W) cannot be halved to the innermost scale."""
    height, width = images.shape[-2:]
    if height % MULTIPLE or width % MULTIPLE:
        raise ValueError(
            f"an hourglass takes faces whose sides are multiples of {MULTIPLE}, not {width}x"
            f"{height}: bring them to 128x128"
        )


def face_mean() -> Tensor:
    """The colour that DIC's networks take off their images, (1, 3, 1, 1), of 1."""
    return torch.tensor(FACE_MEAN).view(1, 3, 1, 1)


def stem(width: int, normalised: bool) -> nn.Sequential:
    """What brings images (N, 3, H, W) to features (N, width, H / 4, W / 4)."""
    half = width // 2
    return nn.Sequential(
        *_layer(3, width // 4, 7, normalised, stride=2),
        nn.ReLU(inplace=True),
        Residual(width // 4, half, normalised),
        nn.MaxPool2d(2),
        Residual(half, half, normalised),
        Residual(half, width, normalised),
    )


def pointwise(width: int, normalised: bool) -> nn.Sequential:
    """A 1x1 convolution and a ReLU, under the authors' name."""
    layers = nn.Sequential(*_layer(width, width, 1, normalised), nn.ReLU(inplace=True))
    sequential = nn.Sequential()
    sequential.add_module("conv_block", layers)
    return sequential


def _layer(
    features_in: int,
    features: int,
    kernel: int,
    normalised: bool,
    bias: bool = True,
    stride: int = 1,
) -> list[nn.Module]:
    """A convolution, and its normalisation if it has one."""
    conv = nn.Conv2d(features_in, features, kernel, stride, kernel // 2, bias=bias)
    return [conv, nn.BatchNorm2d(features)] if normalised else [conv]
