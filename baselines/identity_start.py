"""start="identity": networks that begin by returning their input, for trainings of minutes.

The layers are the papers'; only their first weights are others.
"""

from __future__ import annotations

from torch import nn

# Share of their weights left to the layers beside those that enlarge an image.
FAINT = 0.01


def check_start(start: str) -> None:
    """Raise ValueError for an unknown way to start."""
    if start not in ("authors", "identity"):
        raise ValueError(f"start must be 'authors' or 'identity', not {start!r}")


def carry(conv: nn.Module, repeats: int) -> None:
    """Make the first 3 * repeats features copies of the first three inputs, `repeats` of each.

    The layer's other features stay as they are. So many successive features become neighbouring
    pixels of one feature by PixelShuffle.
    """
    kernel, bias = conv.get_parameter("weight"), conv.get_parameter("bias")
    kernel[: 3 * repeats], bias[: 3 * repeats] = 0, 0
    for feature in range(3 * repeats):
        kernel[feature, feature // repeats, kernel.shape[2] // 2, kernel.shape[3] // 2] = 1
