"""Pairs of photographs: the degraded image was taken, not computed.

Dehazing sets photograph one scene in haze and without; other sets do so with rain, blur or noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from datasets.degradations.degradation import Degradation
from datasets.images import KINDS


@dataclass(frozen=True)
class Photographed(Degradation):
    """A data set whose images were photographed twice; the task is to get from one to the other.

    data: pairs; "image" is the target.
    input: the entry that is the other photograph of the scene, such as "hazy".
    """

    input: str = "hazy"

    def __post_init__(self) -> None:
        others = [n for n in self.data.provides if KINDS.get(n) == "photograph" and n != "image"]
        if self.input not in others:
            raise ValueError(
                f"{self.data!r} has no second photograph {self.input!r} of its scenes, but "
                f"{', '.join(map(repr, others)) or 'none at all'}; name another, or take pairs"
            )

    @property
    def takes(self) -> tuple[str, ...]:
        """Both photographs."""
        return ("image", self.input)

    @property
    def key(self) -> str:
        """Names the degradation without its data."""
        return f"photographed, {self.input}"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """input, the other photograph, and target, the image, both (3, h, w). Draws nothing."""
        return {"input": entries[self.input], "target": entries["image"]}
