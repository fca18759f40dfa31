"""The luma of an image, on which some papers train and measure; there are two in use.

Both take ITU-R BT.601's weights. MATLAB's rgb2ycbcr has footroom and headroom (16 to 235), Pillow's
`convert("L")`, as libjpeg, the full range: a PSNR on the former is 20 log10(255 / 219) = 1.32 dB
higher for the same error.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

Luma = Literal["Y (MATLAB)", "Y (Pillow)"]

# Weights of R, G and B in grey levels per grey level, and the level of black.
_WEIGHTS: dict[Luma, tuple[tuple[float, float, float], float]] = {
    "Y (MATLAB)": ((65.481 / 255, 128.553 / 255, 24.966 / 255), 16.0),
    "Y (Pillow)": ((19595 / 65536, 38470 / 65536, 7471 / 65536), 0.0),
}


def luma(image: Tensor, kind: Luma, levels: int = 0) -> Tensor:
    """The luma of an RGB image.

    Args:
        image: (3, H, W) in [0, 1].
        kind: "Y (MATLAB)" or "Y (Pillow)".
        levels: 256 rounds to whole grey levels, halves up, as both programs do with 8-bit images;
            0 does not round, as MATLAB with an image of doubles.

    Returns:
        (1, H, W) in [0, 1], where 1 is grey level 255.

    Raises:
        ValueError: the image has not three channels, or there is no such luma.
    """
    if kind not in _WEIGHTS:
        known = ", ".join(map(repr, get_args(Luma)))
        raise ValueError(f"a luma is one of {known}, not {kind!r}")
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"luma is taken of an RGB image (3, H, W), not of {tuple(image.shape)}")
    weights, black = _WEIGHTS[kind]
    red, green, blue = (image.double() * 255).unbind(0)  # float32 would move ties
    grey = weights[0] * red + weights[1] * green + weights[2] * blue + black
    if levels:
        grey = torch.floor(grey * (levels - 1) / 255 + 0.5) * 255 / (levels - 1)
    return (grey / 255).to(image.dtype)[None]
