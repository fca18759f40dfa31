"""MSBDN: a U-Net whose decoder boosts what lies below, and whose every stage sees all before it.

Dong, Pan, Hu, Xiang, Zhang, Wang, Yang: Multi-Scale Boosted Dehazing Network with Dense Feature
Fusion (CVPR 2020). Official code: BookerDeWitt/MSBDN-DFF, whose state-dict keys are kept; what is
released there is a whole pickled network, which is not read here.
Variants: "dff" (MSBDN-DFF-v1-1), 31,353,061 parameters; "rdff" (MSBDN-RDFF), 28,712,861, where half
of each stage's features goes through dense feature fusion and the other half through a residual
dense block. MKFMIKU/d2sm, the code of the paper whose table names MSBDN-DFF, has the second.
Boosting: with what comes up from below, u, and the encoder's features s, a decoder stage gives
r(u + s) + (u + s) - u, where r are three residual blocks.
Initialisation: PyTorch's own, as in the official code. The output is the image itself, not clamped.
Width 4 and 2 blocks go from 9.6 dB of 4x48x48 hazed crops to 9.9 in 60 steps; from the identity, to
12.8.
Departure: sides that are no multiples of 16, or below 32, are extended by reflection.

The official 3x3 transposed convolutions make 2n + 1 rows of n, which are resized bilinearly to 2n:
row k is read at k + (k + 1/2) / 2n. So features move against the image by up to a row between its
top and its bottom, and a part of an image is not restored as the whole is. upsampling="even" reads
all rows at k + 1/2, as the official network does in the middle of the image: the same layers, and
the least shift that it has anywhere (it makes of each layer a 4x4 one that is aligned). Only then
is there a receptive field.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.dehazing.dense_feature_fusion import DenseFeatureFusion
from baselines.dehazing.reflect_conv import ReflectConv, ResBlock
from baselines.identity_start import FAINT, carry, check_start
from baselines.padding import pad_to_multiple
from baselines.receptive_field import Reach, ReceptiveField

MULTIPLE = 16
# Reflection at a sixteenth of the size needs two rows there.
LEAST = 32
STAGES = (1, 2, 3, 4)
# Each of the two shortcuts of the full size doubles what it carries.
CARRIED = 4


class Enlarging(nn.Module):
    """A 3x3 transposed convolution with stride 2, and one way or the other from 2n + 1 to 2n."""

    def __init__(self, features_in: int, features: int, even: bool):
        super().__init__()
        self.conv2d = nn.ConvTranspose2d(features_in, features, 3, stride=2)
        self.mean = nn.AvgPool2d(2, stride=1) if even else None

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, 2H, 2W)."""
        size = 2 * x.shape[-2], 2 * x.shape[-1]
        x = self.conv2d(x)  # (N, features, 2H + 1, 2W + 1)
        if self.mean is not None:
            return self.mean(x)
        return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class Growing(nn.Module):
    """A 3x3 convolution with ReLU whose features are put behind those that it is given."""

    def __init__(self, features_in: int, growth: int):
        super().__init__()
        self.conv = nn.Conv2d(features_in, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features_in + growth, H, W)."""
        return torch.cat((x, self.conv(x).relu()), dim=1)


class ResidualDenseBlock(nn.Module):
    """Four growing layers and a 1x1 convolution on a shortcut."""

    def __init__(self, features: int):
        super().__init__()
        self.dense_layers = nn.Sequential(*(Growing(i * features, features) for i in STAGES))
        self.conv_1x1 = nn.Conv2d(5 * features, features, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features, H, W) to the same shape."""
        return x + self.conv_1x1(self.dense_layers(x))


class MSBDN(nn.Module):
    """Predicts the clean image.

    Args:
        width: features at full size, doubled with each of the four halvings; an even number.
        blocks: residual blocks at a sixteenth of the size.
        variant: "dff" or "rdff".
        upsampling: "stretched" as the authors, or "even", with which large images can be restored
            in strips.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network returns nearly
            the hazy image, for trainings too short to find even that; the layers are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(
        self,
        width: int = 16,
        blocks: int = 18,
        variant: str = "dff",
        upsampling: str = "stretched",
        start: str = "authors",
    ):
        super().__init__()
        if variant not in ("dff", "rdff"):
            raise ValueError(f"variant must be 'dff' or 'rdff', not {variant!r}")
        if upsampling not in ("stretched", "even"):
            raise ValueError(f"upsampling must be 'stretched' or 'even', not {upsampling!r}")
        if width < 4 or width % 2:
            raise ValueError(f"width must be an even number from 4 on, not {width}")
        check_start(start)
        self.even = upsampling == "even"
        self.halved = variant == "rdff"
        widths = [width * 2**stage for stage in (0, *STAGES)]
        self.conv_input = ReflectConv(3, width, 11)
        self.dense0 = _blocks(width)
        for stage in STAGES:
            before, features = widths[stage - 1], widths[stage]
            self.add_module(f"conv{2**stage}x", ReflectConv(before, features, 3, stride=2))
            self._add_fusion(f"{stage}", features, stage, finer=True)
            if stage < STAGES[-1]:
                self.add_module(f"dense{stage}", _blocks(features))
        self.dehaze = nn.Sequential()
        for i in range(blocks):
            self.dehaze.add_module(f"res{i}", ResBlock(widths[-1]))
        for stage in reversed(STAGES):
            below, features = widths[stage], widths[stage - 1]
            self.add_module(f"convd{2**stage}x", Enlarging(below, features, self.even))
            self.add_module(f"dense_{stage}", _blocks(features))
            self._add_fusion(f"_{stage}", features, STAGES[-1] + 1 - stage, finer=False)
        self.conv_output = ReflectConv(width, 3, 3)
        if start == "identity":
            self._start_from_identity()

    def forward(self, hazy: Tensor) -> Tensor:
        """Dehaze (N, 3, H, W), any H and W; returns the same shape."""
        height, width = hazy.shape[-2:]
        x = self.conv_input(pad_to_multiple(hazy, MULTIPLE, least=LEAST))  # (N, width, H, W)
        stored = [self._to_store(x)]
        skips = []
        for stage in STAGES:
            if stage > 1:
                stored.append(self._to_store(x))
            x = x + self.get_submodule(f"dense{stage - 1}")(x)
            skips.append(x)
            # (N, 2^stage * width, H/2^stage, W/2^stage)
            x = self._fused(f"{stage}", self.get_submodule(f"conv{2**stage}x")(x), stored)
        x = self.dehaze(2 * x) + x  # (N, 16 * width, H/16, W/16)
        stored = []
        for stage in reversed(STAGES):
            stored.append(self._to_store(x))
            up = self.get_submodule(f"convd{2**stage}x")(x)
            x = up + skips.pop()
            x = self.get_submodule(f"dense_{stage}")(x) + x - up
            x = self._fused(f"_{stage}", x, stored)
        return self.conv_output(x)[..., :height, :width]

    @property
    def receptive_field(self) -> ReceptiveField | None:
        """Of the way through all layers; None where upsampling depends on the place in the image.

        Shortcuts and stored features are shorter ways. All scales begin at rows that are multiples
        of 16, where every layer's reach is exact.
        """
        if not self.even:
            return None
        reach = Reach().through(self.conv_output.modules())
        for stage in STAGES:
            reach = self._before_fusion(f"_{stage}", reach)
            for name in (f"dense_{stage}", f"convd{2**stage}x"):
                reach = reach.through(self.get_submodule(name).modules())
        reach = reach.through(self.dehaze.modules())
        for stage in reversed(STAGES):
            reach = self._before_fusion(f"{stage}", reach)
            for name in (f"conv{2**stage}x", f"dense{stage - 1}"):
                reach = reach.through(self.get_submodule(name).modules())
        return reach.through(self.conv_input.modules()).field(MULTIPLE)

    def _add_fusion(self, name: str, features: int, stored: int, finer: bool) -> None:
        if self.halved:
            features //= 2
            self.add_module(f"conv{name}", ResidualDenseBlock(features))
        self.add_module(f"fusion{name}", DenseFeatureFusion(features, stored, finer))

    def _to_store(self, x: Tensor) -> Tensor:
        """The features that dense feature fusion goes on with, (N, C or C/2, H, W)."""
        return x.chunk(2, dim=1)[0] if self.halved else x

    def _fused(self, name: str, x: Tensor, stored: list[Tensor]) -> Tensor:
        """Correct (N, C, H, W) by the stored features; returns the same shape."""
        fusion = self.get_submodule(f"fusion{name}")
        if not self.halved:
            return fusion(x, stored)
        one, other = x.chunk(2, dim=1)
        return torch.cat((fusion(one, stored), self.get_submodule(f"conv{name}")(other)), dim=1)

    def _before_fusion(self, name: str, reach: Reach) -> Reach:
        fusion = self.get_submodule(f"fusion{name}")
        assert isinstance(fusion, DenseFeatureFusion)
        before = reach.through(fusion.longest_way())
        if not self.halved:
            return before
        return before.joined(reach.through(self.get_submodule(f"conv{name}").modules()))

    @torch.no_grad()
    def _start_from_identity(self) -> None:
        """Let the shortcuts of the full size carry the image; what is added to them is faint."""
        carry(self.conv_input.conv2d, repeats=1)
        faint = [self.get_submodule("convd2x"), self.get_submodule("fusion_1.up_convs.0.deconv")]
        faint += [
            block.get_submodule("conv2")
            for name in ("dense0", "dense_1")
            for block in self.get_submodule(name).children()
        ]
        faint += [self.get_submodule("conv_1.conv_1x1")] if self.halved else []
        for layer in (*faint, self.conv_output):
            for parameter in layer.parameters():
                parameter.mul_(FAINT)
        for channel in range(3):
            self.conv_output.conv2d.weight[channel, channel, 1, 1] += 1 / CARRIED


def _blocks(features: int) -> nn.Sequential:
    return nn.Sequential(*(ResBlock(features) for _ in range(3)))
