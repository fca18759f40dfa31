"""Data as it is: undegraded images for reference rows, images with their labels for segmenters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from datasets.images import DataSet


@dataclass(frozen=True)
class Clean:
    """Input and target are the image itself: what a judge says of undegraded images."""

    data: DataSet

    key: ClassVar[str] = "clean"
    revision: ClassVar[int] = 1

    @property
    def provides(self) -> tuple[str, ...]:
        """Entries of a sample."""
        entries = ("input", "target")
        return (*entries, "labels") if self.data.provides_labels else entries

    def sample(
        self, clean: Tensor, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """input and target, both `clean` (3, h, w); labels (h, w) if given. Draws nothing."""
        entries = {"input": clean, "target": clean}
        return entries if labels is None else entries | {"labels": labels}


@dataclass(frozen=True)
class Labelled:
    """The image as input, its train ids as target: trains a segmenter."""

    data: DataSet

    key: ClassVar[str] = "labelled"
    provides: ClassVar[tuple[str, ...]] = ("input", "target")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if not self.data.provides_labels:
            raise ValueError(
                f"{self.data!r} has no labels; a segmenter trains on a labelled set such as "
                "Cityscapes('train') or StreetScenes('train', ...)"
            )

    def sample(
        self, clean: Tensor, generator: torch.Generator, labels: Tensor | None = None
    ) -> dict[str, Tensor]:
        """input (3, h, w) in [0, 1]; target (h, w) int64, 0..18 or 255. Draws nothing."""
        if labels is None:
            raise ValueError("Labelled.sample needs the labels of the image")
        return {"input": clean, "target": labels}
