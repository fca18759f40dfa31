"""Images made smaller by Pillow's bicubic filter: the small faces of face super-resolution.

Maclory/Deep-Iterative-Collaboration makes its 16x16 faces so of the 128x128 ones, which are 8-bit
images. Like MATLAB's imresize (`datasets.degradations.bicubic`), Pillow takes Keys' kernel with
a = -1/2, stretched when an image is made smaller, and rounds to 8 bit between the two passes;
unlike it, Pillow changes the width first and, at the border, weighs the pixels that there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from datasets.degradations.bicubic import Downscaled
from datasets.degradations.degradation import Degradation
from datasets.face_parts import face_parts
from datasets.geometry import top_left


def pil_bicubic(image: Tensor, height: int, width: int) -> Tensor:
    """The image resized by Pillow's bicubic filter, as an 8-bit image; no gradient.

    Args:
        image: (3, H, W) RGB in [0, 1] on the CPU; rounded to 8 bit, as Pillow takes it.
        height, width: of the result.
    Returns:
        (3, height, width) float32, multiples of 1/255.
    Raises:
        ValueError: no such image.
    """
    if image.ndim != 3 or image.shape[0] != 3:
        raise ValueError(f"pil_bicubic takes one image, (3, H, W), not {tuple(image.shape)}")
    pixels = (image.detach() * 255).round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0)
    whole = Image.fromarray(np.ascontiguousarray(pixels.numpy()))
    small = np.array(whole.resize((width, height), Image.Resampling.BICUBIC))
    return torch.from_numpy(small).permute(2, 0, 1).contiguous().to(torch.float32).div_(255)


@dataclass(frozen=True)
class PILBicubic(Degradation):
    """A data set made smaller by Pillow; the task is super-resolution.

    Sizes, and what becomes of entries beside the image, are as in `Downscaled`: images are cropped
    to a multiple of `scale` from the top left corner, and points are given in pixels of the target.

    data: the high-resolution images.
    scale: by how much each side is divided.
    """

    scale: int = 8

    def __post_init__(self) -> None:
        Downscaled(self.data, self.scale)  # refuses what is no scale

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return f"Pillow bicubic 1/{self.scale}"

    def target_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width cropped to multiples of `scale`.

        Raises:
            DataError: a side of the image is shorter than `scale`.
        """
        return Downscaled(self.data, self.scale).target_size(height, width)

    def sample(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """As of every degradation, of all entries cropped to a multiple of `scale`.

        Raises:
            DataError: a side of the image is shorter than `scale`.
        """
        height, width = self.target_size(*entries["image"].shape[-2:])
        return super().sample(top_left(entries, height, width), generator)

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input (3, h / scale, w / scale) and target (3, h, w). Draws nothing."""
        target = entries["image"]
        height, width = target.shape[-2:]
        small = pil_bicubic(target, height // self.scale, width // self.scale)
        return {"input": small, "target": target}


@dataclass(frozen=True)
class ParsedFaces(PILBicubic):
    """Faces made smaller, with the map of their parts that FSRNet learns beside the image.

    The map is drawn here, of the points that a sample ends up with, and is no entry of the set: a
    flip moves a map's pixels, and would leave a left eye that has become a right one its class.

    data: faces with 68 points, such as CelebA('train').
    """

    makes: ClassVar[tuple[str, ...]] = ("input", "target", "labels")

    def __post_init__(self) -> None:
        super().__post_init__()
        if "points" not in self.data.provides or "labels" in self.data.provides:
            raise ValueError(
                f"{self.data!r} has the entries {', '.join(self.data.provides)}; parts are drawn "
                "of faces that have points and no labels, such as CelebA('train')"
            )

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return f"{super().key}, with parts of the face"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """As of `PILBicubic`, with labels (h, w) int64, 0..9 (`FACE_PARTS`)."""
        made = super().degraded(entries, generator)
        height, width = made["target"].shape[-2:]
        parts = face_parts(entries["points"].numpy(), height, width)
        return made | {"labels": torch.from_numpy(parts).to(torch.int64)}
