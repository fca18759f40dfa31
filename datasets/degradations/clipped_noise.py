"""Gaussian noise as an 8-bit camera or file would show it: clipped to [0, 1].

PDL v1, Sec. 5.3, denoises sigma = 100 and prints 10.49 dB for the noisy images. Noise of that sigma
has 8.13 dB; only clipping brings it to the printed level. Whether the networks saw clipped images
too is not said; here they do.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from datasets.degradations.noise import Noisy


@dataclass(frozen=True)
class ClippedNoise(Noisy):
    """A data set under Gaussian noise, clipped to [0, 1] and not quantised.

    `data` and `sigma` are those of `Noisy`, and so are the entries of a sample, but for the input.

    At sigma 100 the input has a PSNR of 10.22 dB on 12 Kodak originals, 10.36 on CBSD68, and 10.39
    and 10.42 on parts of B100 and Urban100; PDL prints 10.49 on the validation images of DIV2K.
    """

    @property
    def key(self) -> str:
        """Names the degradation without its data; test noise is drawn from it."""
        return f"clipped {super().key}"

    def degraded(self, entries: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """As of `Noisy`, with the input clipped; the noise of one generator is the same."""
        made = super().degraded(entries, generator)
        return made | {"input": made["input"].clamp(0, 1)}
