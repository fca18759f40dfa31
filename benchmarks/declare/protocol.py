"""What a table's networks are trained by and how their outputs are measured, as declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

from torch import Tensor

from benchmarks.declare.training import Training
from datasets.luma import Luma, luma

Colour = Literal["RGB", "Y (MATLAB)", "Y (Pillow)"]


@dataclass(frozen=True)
class Evaluation:
    """What happens to a network's output before it is measured.

    Colour and border are those of metrics of pixels. Metrics that look through a network take the
    whole image in RGB, and so do those that need labels or points of it.

    colour: "RGB", all three channels together, or one of the two lumas, see `datasets.luma`. Images
        of one channel are measured as they are: the data is luma, or grey, already.
    levels: 256 rounds the clamped output, and a luma, to 8 bit as an image file would; 0 measures
        floats.
    border: pixels left out at each side.
    """

    colour: Colour = "RGB"
    levels: int = 256
    border: int = 0

    def __post_init__(self) -> None:
        if self.colour not in get_args(Colour):
            known = ", ".join(map(repr, get_args(Colour)))
            raise ValueError(f"colour must be one of {known}, not {self.colour!r}")
        if self.levels not in (0, 256) or self.border < 0:
            raise ValueError(
                f"levels must be 0 or 256 and border at least 0, not {self.levels!r} and "
                f"{self.border!r}"
            )

    def prepare(self, image: Tensor) -> Tensor:
        """(C, H, W) in any range -> clamped to [0, 1] and rounded as declared, border kept."""
        image = image.clamp(0, 1)
        if self.levels:
            top = self.levels - 1
            image.mul_(top).round_().div_(top)
        return image

    def pixels(self, image: Tensor) -> Tensor:
        """What metrics of pixels measure of an image: without the border, and in colour or luma.

        Args:
            image: (3, H, W) in [0, 1], or (1, H, W).

        Returns:
            (3, h, w), or (1, h, w) of a luma and of an image of one channel.

        Raises:
            ValueError: nothing of the image lies within the border.
        """
        height, width = image.shape[-2:]
        b = self.border
        if min(height, width) <= 2 * b:
            raise ValueError(
                f"a border of {b} pixels leaves nothing of an image of {width}x{height}: test on "
                "larger images"
            )
        image = image[..., b : height - b, b : width - b]
        if self.colour == "RGB" or len(image) == 1:
            return image
        return luma(image, cast(Luma, str(self.colour)), self.levels)

    def __str__(self) -> str:
        rounding = f"rounded to {self.levels} levels" if self.levels else "not rounded"
        border = (
            f"border {self.border} left out of metrics of pixels" if self.border else "whole image"
        )
        return f"{self.colour}, clamped to [0, 1], {rounding}, {border}"


@dataclass(frozen=True)
class Protocol:
    """A table's training recipe and its evaluation."""

    training: Training | None
    evaluation: Evaluation = Evaluation()
