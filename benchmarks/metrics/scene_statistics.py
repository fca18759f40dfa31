"""The 36 natural scene statistics of image blocks that NIQE is made of.

Mittal, Soundararajan, Bovik: Making a "Completely Blind" Image Quality Analyzer (2013), Eq. 1 to 8,
after the authors' MATLAB program (utlive/niqe), which decides where the paper is silent: grey
levels as MATLAB's rgb2gray gives them, rounded to 8 bit; blocks of 96 x 96 without overlap; a 7 x 7
window of sigma 7/6 with the border repeated; a block's neighbours taken around its edge; half the
size by MATLAB's antialiased bicubic imresize; shapes from a table of 9801.

Departure: in a window without any texture the deviation from the mean is exactly 0 here. In MATLAB
it is rounding noise, which an image with large saturated parts turns into another number.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

BLOCK = 96
RGB2GRAY = (0.298936021293775, 0.587043074451121, 0.114020904255103)  # MATLAB's digits


def grey_levels(image: Tensor) -> Tensor:
    """MATLAB's rgb2gray of an 8-bit image: (C, H, W) in [0, 1] -> (H, W) float64, 0..255."""
    levels = (image.double().cpu() * 255).round()
    if len(levels) == 1:
        return levels[0]
    return (levels * levels.new_tensor(RGB2GRAY)[:, None, None]).sum(0).round()


def block_features(grey: Tensor) -> tuple[Tensor, Tensor]:
    """The statistics of each block at full and at half size.

    Args:
        grey: (H, W) float64, 0..255; rows and columns that fill no block are left out.

    Returns:
        Features (blocks, 36), with NaN where a block has no texture, and the sharpness (blocks,),
        the mean of the local standard deviation.
    """
    rows, columns = grey.shape[0] // BLOCK, grey.shape[1] // BLOCK
    grey = grey[: rows * BLOCK, : columns * BLOCK]
    full, deviation = _normalised(grey)
    half, _ = _normalised(half_size(grey))
    scales = [_statistics(_blocks(full, BLOCK)), _statistics(_blocks(half, BLOCK // 2))]
    return torch.cat(scales, 1), _blocks(deviation, BLOCK).mean((1, 2))


def half_size(grey: Tensor) -> Tensor:
    """MATLAB's imresize(grey, 0.5): (H, W) with even sides -> (H / 2, W / 2).

    torch's kernel is MATLAB's, but at the border torch rescales what is left of the kernel where
    MATLAB mirrors the image.
    """

    def mirrored(n: int) -> Tensor:
        inside = torch.arange(n)
        return torch.cat([inside[:8].flip(0), inside, inside[-8:].flip(0)])

    padded = grey[mirrored(grey.shape[0])][:, mirrored(grey.shape[1])]
    half = interpolate(padded[None, None], scale_factor=0.5, mode="bicubic", antialias=True)
    return half[0, 0, 4:-4, 4:-4]


def _normalised(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Locally normalised levels by Eq. 1, and the local standard deviation, (H, W) each."""
    offsets = torch.arange(-3, 4, dtype=torch.float64)
    line = torch.exp(-(offsets**2) / (2 * (7 / 6) ** 2))
    line = line / line.sum()

    def blurred(x: Tensor) -> Tensor:
        x = pad(x[None, None], (3, 3, 3, 3), mode="replicate")
        return conv2d(conv2d(x, line.view(1, 1, 7, 1)), line.view(1, 1, 1, 7))[0, 0]

    mean = blurred(grey)
    difference = grey - mean
    # One level's difference, weighed by the window's corner, is 1e-4: below is rounding.
    difference[difference.abs() < 1e-9] = 0
    deviation = (blurred(grey**2) - mean**2).abs().sqrt()
    return difference / (deviation + 1), deviation


def _blocks(x: Tensor, size: int) -> Tensor:
    """Cut a plane into blocks, (H, W) -> (blocks, size, size), row by row."""
    return x.unfold(0, size, size).unfold(1, size, size).flatten(0, 1)


def _statistics(blocks: Tensor) -> Tensor:
    """The 18 features of each block by Eq. 3 to 8, (blocks, size, size) -> (blocks, 18)."""
    shape, left, right = _generalised_gaussian(blocks.flatten(1))
    features = [shape, (left + right) / 2]
    for shift in ((0, 1), (1, 0), (1, 1), (1, -1)):
        products = blocks * blocks.roll(shift, (1, 2))
        shape, left, right = _generalised_gaussian(products.flatten(1))
        mean = (right - left) * _gamma_ratio(2 / shape, 1 / shape)
        features += [shape, mean, left, right]
    return torch.stack(features, 1)


def _generalised_gaussian(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Shape and the two scales of an asymmetric generalised Gaussian, by its moments.

    Args:
        x: (blocks, samples).

    Returns:
        (blocks,) each. A scale is NaN where no sample has its sign, and the shape is then 0.2, the
        table's first, as in the authors' program.
    """
    shapes = torch.arange(200, 10001, dtype=torch.float64) / 1000
    ratios = _gamma_ratio(2 / shapes, 1 / shapes) * _gamma_ratio(2 / shapes, 3 / shapes)

    def spread(side: Tensor) -> Tensor:
        return ((x * side).square().sum(1) / side.sum(1)).sqrt()  # 0 / 0 is NaN

    left, right = spread(x < 0), spread(x > 0)
    skew = left / right
    ratio = x.abs().mean(1).square() / x.square().mean(1)
    ratio = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1).square()
    nearest = (ratios - ratio[:, None]).square().argmin(1)
    shape = shapes[nearest.where(ratio.isfinite(), 0)]
    scale = _gamma_ratio(1 / shape, 3 / shape).sqrt()
    return shape, left * scale, right * scale


def _gamma_ratio(a: Tensor, b: Tensor) -> Tensor:
    return torch.exp(torch.lgamma(a) - torch.lgamma(b))
