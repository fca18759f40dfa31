"""JPEG compression of one plane: the luma of colour images, or grey images as they are.

STFT, Sec. 3.2, compresses "the target images" with quality 10 and 30 and says neither how nor in
which colours it measures. Its baseline, ARCNN, knows the luma alone: the test program of Dong et
al. (2015) takes the Y of MATLAB's rgb2ycbcr and writes that plane as a grey JPEG file, as later
works do that compare with it. Here Pillow is the encoder (libjpeg-turbo, its default tables).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from datasets.degradations.degradation import Degradation
from datasets.degradations.jpeg import check_quality, jpeg
from datasets.images import DataError
from datasets.luma import luma

Plane = Literal["Y (MATLAB)", "gray"]


@dataclass(frozen=True)
class LumaJPEGCompressed(Degradation):
    """A data set as single planes, and these after JPEG compression as grey images.

    data: the clean images.
    quality: 1..100, of the Independent JPEG Group's scale.
    luma: "Y (MATLAB)": Y of every image, 16..235, rounded to 8 bit. "gray": the images have no
        colours, and their grey levels are taken.

    On Classic5, "gray", the input has a PSNR of 27.82 dB at quality 10 and 30.12 at 20, which is
    what papers print that have MATLAB's encoder; on the luma of 18 images of LIVE1, 27.38 dB at
    quality 10 and 31.08 at 30, and of CBSD68 27.73 and 31.18.
    """

    quality: int
    luma: Plane = "Y (MATLAB)"

    def __post_init__(self) -> None:
        check_quality(self.quality)
        if self.luma not in get_args(Plane):
            known = " or ".join(map(repr, get_args(Plane)))
            raise ValueError(f"luma must be {known}, not {self.luma!r}")

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return f"JPEG of {self.luma}, quality {self.quality}"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input and target, (1, h, w) in [0, 1], where 1 is grey level 255. Draws nothing.

        Raises:
            DataError: an image has colours and is to be taken for a grey one.
        """
        plane = self._plane(entries["image"])
        return {"input": jpeg(plane, self.quality), "target": plane}

    def _plane(self, image: Tensor) -> Tensor:
        if self.luma == "Y (MATLAB)":
            return luma(image, "Y (MATLAB)", levels=256)
        if bool((image != image[:1]).any()):
            raise DataError(
                f"an image of {self.data!r} has colours, and so has no grey levels to be "
                "compressed; declare luma='Y (MATLAB)'."
            )
        return image[:1].clone()
