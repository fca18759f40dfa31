"""ESPNet: a small segmentation network whose authors released weights for Cityscapes.

Mehta, Rastegari, Caspi, Shapiro, Hajishirzi: ESPNet: Efficient Spatial Pyramid of Dilated
Convolutions for Semantic Segmentation (ECCV 2018), with p = 2 and q = 8.
Official code: sacmehta/ESPNet, whose names of layers are kept but for those in RENAMED. 364,569
parameters.
The released program tells 20 classes apart, the last of which is background, and gives no label
where that one is best.
Initialisation: PyTorch's own, as in the official code.
Departures: The background's score is left out, so that every pixel gets a class. On five Cityscapes
images (aachen_000003 to 000007) background is best at 0.5 % of the labelled pixels, and the MIoU is
.5918 without it, .5902 with it.
The released program resizes every image to 1024x512, which is half of a Cityscapes image; here
every image is halved, so that crops keep their scale, and the logits are enlarged back to its size.
Sides that are not multiples of 16 are extended by reflection and the logits cropped.
One in twenty released weights is a subnormal number, as weight decay leaves them. They are set to
0: not a bit of the logits changes, and a CPU takes a tenth of the time.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from itertools import accumulate
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from baselines.padding import pad_to_multiple
from baselines.released import read_checkpoint

DILATIONS = (1, 2, 4, 8, 16)
BLOCKS_AT_QUARTER = 2  # p
BLOCKS_AT_EIGHTH = 8  # q
CLASSES = 19
OUTPUTS = CLASSES + 1
EPSILON = 1e-3  # of every batch normalisation
# Blue, green and red of Cityscapes' training images, of 255.
MEAN = (72.3923111, 82.90893555, 73.15840149)
STD = (45.3192215, 46.15289307, 44.91483307)
# Released names and ours.
RENAMED = (
    (r"\b(d\d+)\.conv\.", r"branches.\1."),
    (r"\b(c1|classifier|level3_C)\.conv\.", r"\1."),
    (r"\b(level\d_0)\.(bn|act)\.", r"\1.bn.\2."),
    (r"\bup_l3\.0\.", "up_l3."),
)


class ESP(nn.Module):
    """Efficient spatial pyramid: few features, seen at five dilations.

    The dilated branches are summed from the least dilated on, which hides their grids. A shortcut
    leads past them where neither size nor width changes.
    """

    def __init__(self, features_in: int, features: int, stride: int = 1):
        super().__init__()
        kernel = 1 if stride == 1 else 3
        few = features // len(DILATIONS)
        widths = (features - (len(DILATIONS) - 1) * few, few, few, few, few)
        self.c1 = nn.Conv2d(features_in, few, kernel, stride, padding=kernel // 2, bias=False)
        self.branches = nn.ModuleDict(
            {
                f"d{d}": nn.Conv2d(few, width, 3, padding=d, dilation=d, bias=False)
                for d, width in zip(DILATIONS, widths, strict=True)
            }
        )
        self.bn = _activation(features)
        self.shortcut = stride == 1 and features_in == features

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H / stride, W / stride)."""
        reduced = self.c1(x)
        undilated, *dilated = (branch(reduced) for branch in self.branches.values())
        merged = torch.cat((undilated, *accumulate(dilated)), dim=1)
        return self.bn(x + merged if self.shortcut else merged)


class Encoder(nn.Module):
    """ESPNet-C of the paper; the image is shown to it again at every scale."""

    def __init__(self) -> None:
        super().__init__()
        self.level1 = _convolution(3, 16, stride=2)
        self.b1 = _activation(16 + 3)
        self.level2_0 = ESP(16 + 3, 64, stride=2)
        self.level2 = nn.Sequential(*(ESP(64, 64) for _ in range(BLOCKS_AT_QUARTER)))
        self.b2 = _activation(2 * 64 + 3)
        self.level3_0 = ESP(2 * 64 + 3, 128, stride=2)
        self.level3 = nn.Sequential(*(ESP(128, 128) for _ in range(BLOCKS_AT_EIGHTH)))
        self.b3 = _activation(2 * 128)
        self.classifier = nn.Conv2d(2 * 128, OUTPUTS, 1, bias=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features (N, 16, H/2, W/2) and (N, 131, H/4, W/4); scores (N, 20, H/8, W/8)."""
        half = self.level1(image)
        image = _halved(image)
        start = self.level2_0(self.b1(torch.cat((half, image), dim=1)))
        quarter = self.b2(torch.cat((self.level2(start), start, _halved(image)), dim=1))
        start = self.level3_0(quarter)
        eighth = self.b3(torch.cat((start, self.level3(start)), dim=1))
        return half, quarter, self.classifier(eighth)


class ESPNet(nn.Module):
    """Scores Cityscapes' 19 classes at every pixel."""

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1
    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", MEAN), ("std", STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)
        self.encoder = Encoder()
        self.level3_C = nn.Conv2d(2 * 64 + 3, OUTPUTS, 1, bias=False)
        self.br = nn.BatchNorm2d(OUTPUTS, eps=EPSILON)
        self.up_l3 = _enlargement()
        self.combine_l2_l3 = nn.Sequential(_activation(2 * OUTPUTS), ESP(2 * OUTPUTS, OUTPUTS))
        self.up_l2 = nn.Sequential(_enlargement(), _activation(OUTPUTS))
        self.conv = _convolution(16 + OUTPUTS, OUTPUTS)
        self.classifier = _enlargement()

    def forward(self, images: Tensor) -> Tensor:
        """Segment images.

        Args:
            images: (N, 3, H, W), RGB in [0, 1], any H and W.
        Returns:
            Logits, (N, 19, H, W).
        """
        height, width = images.shape[-2:]
        x = F.avg_pool2d(pad_to_multiple(images, 16), 2)  # bilinear halving
        x = (255 * x.flip(1) - self.mean) / self.std / 255
        half, quarter, eighth = self.encoder(x)
        x = torch.cat((self.level3_C(quarter), self.up_l3(self.br(eighth))), dim=1)
        x = self.up_l2(self.combine_l2_l3(x))  # (N, 20, H/4, W/4)
        x = self.classifier(self.conv(torch.cat((x, half), dim=1)))  # (N, 20, H/2, W/2)
        x = F.interpolate(x[:, :CLASSES], scale_factor=2, mode="bilinear", align_corners=False)
        return x[..., :height, :width]

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in the released file, espnet_p_2_q_8.pth of the decoders.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        state = {_our_name(key): value for key, value in read_checkpoint(path).items()}
        with torch.device("meta"):
            layers = ESPNet().state_dict()
        # The file is older than PyTorch's counts of batches, which no evaluation reads.
        expected = {k: v.shape for k, v in layers.items() if not k.endswith("num_batches_tracked")}
        found = {key: value.shape for key, value in state.items()}
        wrong = [key for key in expected | found if expected.get(key) != found.get(key)]
        if wrong:
            raise ValueError(
                f"{path} is not ESPNet with a decoder, p = 2, q = 8 and 20 outputs: {len(wrong)} "
                f"of its tensors are missing, strange or of another shape, as {wrong[0]}"
            )
        return {key: _without_subnormals(value) for key, value in state.items()}


def _our_name(key: str) -> str:
    for theirs, ours in RENAMED:
        key = re.sub(theirs, ours, key)
    return key


def _without_subnormals(values: Tensor) -> Tensor:
    return torch.where(values.abs() < torch.finfo(values.dtype).tiny, 0, values)


def _convolution(features_in: int, features: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(features_in, features, 3, stride, padding=1, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, **dict(_activation(features).named_children())))


def _activation(features: int) -> nn.Sequential:
    return nn.Sequential(
        OrderedDict(bn=nn.BatchNorm2d(features, eps=EPSILON), act=nn.PReLU(features))
    )


def _enlargement() -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(OUTPUTS, OUTPUTS, 2, stride=2, bias=False)


def _halved(image: Tensor) -> Tensor:
    return F.avg_pool2d(image, 3, stride=2, padding=1)
