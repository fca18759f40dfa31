"""EDSR and RCAN for the large image itself: the extractors of target features that STFT trains.

Chen, Dai, Xiao, Lu, Xia: Enhanced Image Restoration via Supervised Target Feature Transfer,
Sec. 2.2: the extractor has the restorer's layers, perhaps fewer repeated ones, does not shrink the
image, and any transformation of features between the two harms. No code of the authors is public,
and the text does not say how such a network is given an image four times as large as the
restorer's. Here the image's pixels are put behind each other first, 3 * scale**2 channels of the
restorer's size, which loses nothing: head, body and tail then work at the restorer's sizes, and the
features of both networks have the same shape everywhere.
At scale 4: EDSRAutoencoder has 1,543,491 parameters, with 4 blocks 657,219; RCANAutoencoder has
15,618,275, with 4 groups of 5 blocks 1,998,227.
The shortcut past the body stays, as does everything else that the restorer has: what only copies
the image is one of the autoencoder's solutions (Eq. 4 does not rule it out).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from baselines.padding import pad_to_multiple
from baselines.super_resolution.edsr import ResBlock
from baselines.super_resolution.rcan import ResidualGroup
from baselines.super_resolution.sub_pixel import LEVELS, SubPixelNetwork


class TargetAutoencoder(SubPixelNetwork):
    """Predicts a large image from itself, with the trunk of a network that would enlarge to it.

    Args:
        scale, width, blocks: as for `SubPixelNetwork`.
        start: "identity" lets the fresh network nearly return its input.

    Raises:
        ValueError: start="identity" in a network of fewer features than channels.
    """

    def __init__(self, scale: int, width: int, blocks: Iterable[nn.Module], start: str):
        channels = 3 * scale**2
        if start == "identity" and width < channels:
            raise ValueError(
                f"start='identity' carries {channels} channels, 3 * scale**2, through as many "
                f"features: width must be at least {channels}, not {width}"
            )
        super().__init__(scale, width, blocks, start, channels)

    def forward(self, target: Tensor) -> Tensor:
        """Reproduce (N, 3, H, W), any H and W; the last row and column fill up to a multiple."""
        height, width = target.shape[-2:]
        x = pad_to_multiple(target, math.prod(self.factors), mode="replicate")
        x = LEVELS * x - self.mean
        for factor in reversed(self.factors):  # as the tail undoes it, so in its order of channels
            x = F.pixel_unshuffle(x, factor)
        # (N, 3 * scale**2, H / scale, W / scale)
        return self.enlarged(x)[..., :height, :width]

    def carry_image(self, head: nn.Module, enlarging: list[nn.Module], last: nn.Module) -> None:
        """Let a feature for each channel carry the image, down to three at its full size."""
        features = 3 * math.prod(self.factors) ** 2
        _pass_on(head, features)
        for layer, factor in zip(enlarging, self.factors, strict=True):
            _pass_on(layer, features)
            features //= factor**2
        _pass_on(last, features)


class EDSRAutoencoder(TargetAutoencoder):
    """EDSR for the large image itself.

    Args:
        scale, width, blocks, residual_scale: as for `EDSR`.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network nearly returns
            its input, for which `width` must be at least 3 * scale**2; the layers are the same.
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


class RCANAutoencoder(TargetAutoencoder):
    """RCAN for the large image itself.

    Args:
        scale, width, groups, blocks, reduction: as for `RCAN`.
        start: initialisation. "authors": PyTorch's. "identity": the fresh network nearly returns
            its input, for which `width` must be at least 3 * scale**2; the layers are the same.
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


def _pass_on(layer: nn.Module, features: int) -> None:
    """Make the layer's first features copies of its first inputs, one of each."""
    nn.init.dirac_(layer.get_parameter("weight")[:features])
    nn.init.zeros_(layer.get_parameter("bias")[:features])
