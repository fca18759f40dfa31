"""JPEG compression; the task is to remove its artefacts.

PDL v1, Sec. 5.6, compresses with quality 20 and names neither encoder nor chroma subsampling. Here
Pillow's encoder (libjpeg-turbo, its default tables) and 4:2:0, the default of both.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from datasets.degradations.degradation import Degradation

Subsampling = Literal["4:4:4", "4:2:2", "4:2:0"]


def jpeg(image: Tensor, quality: int, subsampling: Subsampling = "4:2:0") -> Tensor:
    """The image after compression, in memory; no gradient.

    Args:
        image: (3, H, W) RGB or (1, H, W) grey, in [0, 1] on the CPU; rounded to 8 bit, as a JPEG
            encoder takes it.
        quality: 1..100, of the Independent JPEG Group's scale.
        subsampling: of the chroma planes; a grey image has none.
    Returns:
        float32 of the shape of `image`, multiples of 1/255.
    Raises:
        ValueError: an impossible quality or subsampling, or no image.
    """
    _check(quality, subsampling)
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"jpeg takes one image, (3, H, W) or (1, H, W), not {tuple(image.shape)}")
    pixels = (image.detach() * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    file = io.BytesIO()
    if image.shape[0] == 1:
        Image.fromarray(pixels[..., 0]).save(file, "JPEG", quality=quality)
    else:
        Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling=subsampling)
    planes = np.array(Image.open(file)).reshape(pixels.shape).transpose(2, 0, 1)
    return torch.from_numpy(planes).contiguous().to(torch.float32).div_(255)


def check_quality(quality: int) -> None:
    """Raises ValueError for what is no quality of a JPEG encoder."""
    if not 1 <= quality <= 100 or quality != int(quality):
        raise ValueError(f"quality must be a whole number in 1..100, not {quality!r}")


def _check(quality: int, subsampling: Subsampling) -> None:
    check_quality(quality)
    if subsampling not in get_args(Subsampling):
        known = ", ".join(map(repr, get_args(Subsampling)))
        raise ValueError(f"subsampling must be one of {known}, not {subsampling!r}")


@dataclass(frozen=True)
class JPEGCompressed(Degradation):
    """A data set after JPEG compression.

    data: the clean images.
    quality, subsampling: as for `jpeg`.

    At the defaults the input has a PSNR of 29.36 dB and an MS-SSIM of 0.946 on 12 Kodak originals,
    28.15 and 0.953 on CBSD68; PDL prints 29.54 and 0.953 on the validation images of DIV2K. Without
    chroma subsampling, 29.76 and 28.46 dB.
    """

    quality: int = 20
    subsampling: Subsampling = "4:2:0"

    def __post_init__(self) -> None:
        _check(self.quality, self.subsampling)

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return f"JPEG, quality {self.quality}, {self.subsampling}"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input and target, (3, h, w). Draws nothing."""
        clean = entries["image"]
        return {"input": jpeg(clean, self.quality, self.subsampling), "target": clean}
