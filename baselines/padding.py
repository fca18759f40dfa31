"""Bringing images to the sizes that a network with strides accepts."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def pad_to_multiple(images: Tensor, multiple: int, mode: str = "reflect", least: int = 0) -> Tensor:
    """Extend images at the bottom and the right, so that cropping to `[..., :H, :W]` undoes it.

    Args:
        images: (N, C, H, W).
        multiple: both sides of the result are multiples of it.
        mode: "reflect" continues noise as noise; "replicate" repeats the last row and column.
            An image too small to be reflected so far is replicated.
        least: both sides of the result are at least this multiple.
    Returns:
        (N, C, H', W') with H <= H' < H + multiple, or H' = least; `images` itself where nothing is
        missing.
    """
    height, width = images.shape[-2:]
    down = max(-height % multiple, least - height)
    right = max(-width % multiple, least - width)
    if not down and not right:
        return images
    if down >= height or right >= width:
        mode = "replicate"
    return F.pad(images, (0, right, 0, down), mode=mode)
