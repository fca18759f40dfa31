"""Data as it is: undegraded images for reference rows, images with their labels for segmenters."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from datasets.degradations.degradation import Degradation


@dataclass(frozen=True)
class Clean(Degradation):
    """Input and target are the image itself: what a judge says of undegraded images."""

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return "clean"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input and target, both the image (3, h, w). Draws nothing."""
        return {"input": entries["image"], "target": entries["image"]}


@dataclass(frozen=True)
class Labelled(Degradation):
    """The image as input, its train ids as target: trains a segmenter."""

    def __post_init__(self) -> None:
        if "labels" not in self.data.provides:
            raise ValueError(
                f"{self.data!r} has no labels; a segmenter trains on a labelled set such as "
                "Cityscapes('train') or StreetScenes('train', ...)"
            )

    @property
    def takes(self) -> tuple[str, ...]:
        """The image and its labels."""
        return ("image", "labels")

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return "labelled"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input (3, h, w) in [0, 1]; target (h, w) int64, 0..18 or 255. Draws nothing."""
        return {"input": entries["image"], "target": entries["labels"]}
