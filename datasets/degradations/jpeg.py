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
        image: (3, H, W) RGB in [0, 1] on the CPU; rounded to 8 bit, as a JPEG encoder takes it.
        quality: 1..100, of the Independent JPEG Group's scale.
        subsampling: of the chroma planes.
    Returns:
        (3, H, W) float32, multiples of 1/255.
    Raises:
        ValueError: an impossible quality or subsampling, or no colour image.
    """
    _check(quality, subsampling)
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"jpeg takes one image (3, H, W), not {tuple(image.shape)}")
    grey_levels = (image.detach() * 255).round().clamp(0, 255).to(torch.uint8)
    file = io.BytesIO()
    Image.fromarray(grey_levels.permute(1, 2, 0).contiguous().numpy()).save(
        file, "JPEG", quality=quality, subsampling=subsampling
    )
    planes = np.array(Image.open(file)).transpose(2, 0, 1)
    return torch.from_numpy(planes).contiguous().to(torch.float32).div_(255)


def _check(quality: int, subsampling: Subsampling) -> None:
    if not 1 <= quality <= 100 or quality != int(quality):
        raise ValueError(f"quality must be a whole number in 1..100, not {quality!r}")
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
