"""How far a convolutional network looks, computed from its layers.

A network that says so can restore a large image strip by strip: a strip with its halo has all
that the strip's part of the output depends on. Networks that look everywhere, or wherever the
image leads them (deformable convolutions), say nothing and are given whole images.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import nn

# Layers after which a pixel depends on no other pixel than before; in evaluation.
_POINTWISE = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.Tanh, nn.Dropout, nn.BatchNorm2d)


@dataclass(frozen=True)
class ReceptiveField:
    """What the output of some successive rows of an image depends on.

    halo: rows beyond them, at either side; a multiple of `multiple`.
    multiple: the first of the rows and their number are multiples of it, as far as the image goes.
    scale: rows of output for each of them.
    """

    halo: int
    multiple: int = 1
    scale: int = 1


@dataclass(frozen=True)
class Reach:
    """What some successive rows of output depend on, somewhere inside a network.

    before, after: rows beyond those that have the place of the wanted rows.
    scale: rows of output for each row there.
    """

    before: int = 0
    after: int = 0
    scale: float = 1.0

    def through(self, layers: Iterable[nn.Module]) -> Reach:
        """The same one or more layers earlier.

        Args:
            layers: in the order in which data meets them, shortcuts or not; those that contain
                others are passed over.

        Raises:
            ValueError: a layer is of no kind whose reach is known here.
        """
        reach = self
        for layer in reversed(list(layers)):
            if next(layer.children(), None) is None and not isinstance(layer, _POINTWISE):
                reach = reach._through_one(layer)
        return reach

    def joined(self, other: Reach) -> Reach:
        """What either of two ways to the same output depends on; both are at one scale."""
        return Reach(max(self.before, other.before), max(self.after, other.after), self.scale)

    def field(self, multiple: int = 1) -> ReceptiveField:
        """In rows of the image, of which the network accepts multiples of `multiple`."""
        halo = max(self.before, self.after)
        return ReceptiveField(multiple * math.ceil(halo / multiple), multiple, int(self.scale))

    def _through_one(self, layer: nn.Module) -> Reach:
        """The layers keep a whole number of rows for each row, or divide them by their stride.

        A transposed convolution may add a row, which an average of neighbours takes off.
        """
        if isinstance(layer, nn.PixelShuffle):
            return self._enlarged(layer.upscale_factor, layer.upscale_factor)
        if isinstance(layer, nn.Upsample) and layer.mode == "nearest" and layer.size is None:
            factor = _rows(layer.scale_factor)
            return self._enlarged(int(factor), int(factor))
        if isinstance(layer, nn.ConvTranspose2d):
            kernel, stride, padding = layer.kernel_size[0], layer.stride[0], _rows(layer.padding)
            if kernel > 2 * padding:  # the rows that are then missing can be asked for
                return self._enlarged(kernel, stride, padding)
        elif isinstance(layer, nn.AvgPool2d) and _rows(layer.stride) == 1:
            return self._gathered(_rows(layer.kernel_size))
        elif isinstance(layer, nn.AvgPool2d | nn.MaxPool2d):
            window, stride = _rows(layer.kernel_size), _rows(layer.stride)
            if _divides(window, stride, _rows(layer.padding)):
                return self._gathered(window, stride, _rows(layer.padding))
        elif isinstance(layer, nn.Conv2d) and layer.padding_mode in ("zeros", "reflect"):
            window, stride = layer.dilation[0] * (layer.kernel_size[0] - 1) + 1, layer.stride[0]
            padding = window // 2 if stride == 1 else _rows(layer.padding)
            if stride == 1 or _divides(window, stride, padding):
                return self._gathered(window, stride, padding)
        raise ValueError(f"nothing is known about the reach of {layer}")

    def _gathered(self, window: int, stride: int = 1, padding: int = 0) -> Reach:
        """Before a layer that reads `window` rows for a row, from stride * row - padding on."""
        after = stride * self.after + window - stride - padding
        return Reach(stride * self.before + padding, after, self.scale / stride)

    def _enlarged(self, window: int, stride: int, padding: int = 0) -> Reach:
        """Before a layer that spreads a row over `window` rows, from stride * row - padding on."""
        before = (self.before + window - 1 - padding) // stride
        after = (self.after - 1 + padding) // stride + 1
        return Reach(before, after, self.scale * stride)


def receptive_field(layers: Iterable[nn.Module], multiple: int = 1) -> ReceptiveField:
    """The receptive field of layers that follow each other, shortcuts or not.

    Args:
        layers: see `Reach.through`.
        multiple: of the rows that the layers accept.

    Raises:
        ValueError: a layer is of no kind whose reach is known here.
    """
    return Reach().through(layers).field(multiple)


def _rows(size: Any) -> Any:
    return size[0] if isinstance(size, tuple) else size


def _divides(window: int, stride: int, padding: int) -> bool:
    """Whether rows that are a multiple of the stride are divided by it."""
    return window - stride <= 2 * padding < window
