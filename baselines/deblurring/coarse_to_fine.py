"""The three scales that SRN and DsDeblur go through, coarsest first.

As in jiangsutx/SRN-Deblur and firenxygao/deblur: at each scale the network is given the degraded
image at that scale and its own previous prediction, brought to that scale and cut off from the
gradient; the first prediction is the degraded image itself.
Departure: TensorFlow's old bilinear resizing puts pixel 0 of the small image on pixel 0 of the
large one, so halving takes every other pixel. Here pixel areas coincide, as in every present
library, so halving averages 2x2 pixels, and quartering the middle 2x2 of 4x4.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from baselines.padding import pad_to_multiple

DIVISORS = (4, 2, 1)
# Two strides of 2 at the coarsest of these scales.
MULTIPLE = 16


def coarse_to_fine(
    degraded: Tensor, restore: Callable[[int, Tensor, Tensor], Tensor]
) -> tuple[Tensor, ...]:
    """Restore images at a quarter, at half and at full size, each from the one before.

    Args:
        degraded: (N, C, H, W), any H and W; the last row and column are repeated up to a multiple
            of 16, as the official programs do, and cut off again.
        restore: called with 0, 1, 2 for the coarsest to the finest scale, the degraded image and
            the previous prediction, both at that scale; returns the prediction.
    Returns:
        The predictions, finest first: (N, C, H, W), (N, C, ceil(H/2), ceil(W/2)),
        (N, C, ceil(H/4), ceil(W/4)).
    """
    height, width = degraded.shape[-2:]
    x = pad_to_multiple(degraded, MULTIPLE, mode="replicate")
    pred = x
    preds = []
    for scale, divisor in enumerate(DIVISORS):
        size = (x.shape[-2] // divisor, x.shape[-1] // divisor)
        pred = restore(scale, _resized(x, size), _resized(pred.detach(), size))
        preds.append(pred[..., : -(-height // divisor), : -(-width // divisor)])
    return tuple(reversed(preds))


class HalvingConv(nn.Conv2d):
    """Convolution with stride 2 that pads as TensorFlow's SAME: the odd pixel after the image."""

    def __init__(self, features_in: int, features: int, kernel: int):
        super().__init__(features_in, features, kernel, stride=2)
        self.before, self.after = (kernel - 2) // 2, (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H/2, W/2); H and W even."""
        return super().forward(F.pad(x, (self.before, self.after, self.before, self.after)))


def xavier_uniform(module: nn.Module) -> None:
    """Give a convolution Xavier-uniform weights and zero biases; both papers do, for `apply`."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)  # type: ignore[arg-type]


def weaken(module: nn.Module, gain: float) -> None:
    """Multiply a layer's weights, or those of all layers in a module, but no biases."""
    for name, parameter in module.named_parameters():
        if name.split(".")[-1] == "weight":
            parameter.data.mul_(gain)


def _resized(images: Tensor, size: tuple[int, int]) -> Tensor:
    if images.shape[-2:] == size:
        return images
    return F.interpolate(images, size=size, mode="bilinear", align_corners=False, antialias=False)
