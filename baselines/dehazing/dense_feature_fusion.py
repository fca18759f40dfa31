"""Dense feature fusion (DFF): features corrected by all that lie before them, at other scales.

Dong, Pan, Hu, Xiang, Zhang, Wang, Yang: Multi-Scale Boosted Dehazing Network with Dense Feature
Fusion (CVPR 2020). Official code: BookerDeWitt/MSBDN-DFF, mode 'iter2', whose state-dict keys are
kept. Back-projection: features are projected to the scale of a stored one, their difference to it
is projected back and added; then comes the next stored one. The projections share their layers: one
that goes farther goes through those of the nearer ones first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from torch import Tensor, nn


class Halving(nn.Module):
    """A 4x4 convolution with stride 2 and a PReLU."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        self.conv = nn.Conv2d(features_in, features, 4, stride=2, padding=1)
        self.act = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H/2, W/2); H and W even."""
        return self.act(self.conv(x))


class Doubling(nn.Module):
    """A 4x4 transposed convolution with stride 2 and a PReLU."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        self.deconv = nn.ConvTranspose2d(features_in, features, 4, stride=2, padding=1)
        self.act = nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, 2H, 2W)."""
        return self.act(self.deconv(x))


class DenseFeatureFusion(nn.Module):
    """Corrects features by stored ones, each at twice the scale of the next.

    Args:
        features: of what is corrected.
        stored: number of stored features, the farthest scale first.
        finer: whether they are of larger sizes and less wide (encoder), or smaller and wider.
    """

    def __init__(self, features: int, stored: int, finer: bool):
        super().__init__()
        if finer:
            widths = [features // 2**i for i in range(stored + 1)]
        else:
            widths = [features * 2**i for i in range(stored + 1)]
        there, back = (Doubling, Halving) if finer else (Halving, Doubling)
        leave = nn.ModuleList(there(a, b) for a, b in pairwise(widths))
        enter = nn.ModuleList(back(b, a) for a, b in pairwise(widths))
        self.finer = finer
        self.up_convs, self.down_convs = (leave, enter) if finer else (enter, leave)

    def forward(self, x: Tensor, stored: list[Tensor]) -> Tensor:
        """Correct features.

        Args:
            x: (N, features, H, W).
            stored: the farthest scale first, each as wide and as large as `x` projected there.
        Returns:
            The same shape as x.
        """
        for (leave, enter), features in zip(self.projections(), stored, strict=True):
            error = x
            for layer in leave:
                error = layer(error)
            error = error - features
            for layer in enter:
                error = layer(error)
            x = x + error
        return x

    def projections(self) -> Iterator[tuple[list[nn.Module], list[nn.Module]]]:
        """For each stored feature the layers to its scale and those back, as data meets them."""
        leave, enter = self.down_convs, self.up_convs
        if self.finer:
            leave, enter = enter, leave
        for steps in range(len(leave), 0, -1):
            yield list(leave)[:steps], list(enter)[steps - 1 :: -1]

    def longest_way(self) -> Iterator[nn.Module]:
        """The layers of all projections one after the other: the farthest that an input gets."""
        for leave, enter in self.projections():
            for layer in (*leave, *enter):
                yield from layer.modules()
