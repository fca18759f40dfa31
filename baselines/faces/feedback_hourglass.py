"""The hourglass that looks at each step's face in DICNet and remembers what it saw.

Ma, Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with Iterative Collaboration between Attentive
Recovery and Landmark Estimation (CVPR 2020), Sec. 3.3. Official code:
Maclory/Deep-Iterative-Collaboration, whose state-dict keys are kept. 11,999,172 parameters with 256
features; a stacked hourglass's blocks (`baselines/judges/hourglass.py`) without any normalisation.
Half of the features at its end are the maps', the other half are handed to the next step.
Initialisation: PyTorch's. The authors begin with weights of their own, which their program loads
over He's; left at these, blocks without normalisation multiply the variance by four or more each.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.judges.hourglass import LANDMARKS, Hourglass, Residual, pointwise, stem
from baselines.released import check_state, read_checkpoint


class FeedbackHourglass(nn.Module):
    """Finds a face's landmarks, given what the step before has left.

    A part of DICNet; by itself it is what a file's weights are of.

    Args:
        width: features of the maps, and as many of the memory; a multiple of 8.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred", "memory")
    revision: ClassVar[int] = 1

    def __init__(self, width: int = 256):
        super().__init__()
        self.width = width
        self.pre_conv_block = stem(width, normalised=False)
        self.compress_in = nn.Conv2d(2 * width, 2 * width, 1)
        self.hg = Hourglass(2 * width, normalised=False)
        self.hg_conv_out = nn.Sequential(
            Residual(width, width, normalised=False),
            pointwise(width, normalised=False),
            nn.Conv2d(width, LANDMARKS, 1),
        )

    def forward(self, faces: Tensor, memory: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Find landmarks.

        Args:
            faces: (N, 3, H, W), RGB about its mean; H and W multiples of 64.
            memory: of the step before, (N, width, H / 4, W / 4); the first step's own features
                take its place.
        Returns:
            Heatmaps, (N, 68, H / 4, W / 4), and the memory for the next step.
        """
        x = self.pre_conv_block(faces)  # (N, width, H / 4, W / 4)
        x = self.compress_in(torch.cat((x, x if memory is None else memory), dim=1))
        maps, memory = self.hg(x).split(self.width, dim=1)
        return self.hg_conv_out(maps), memory

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in the authors' `FB_HG_68_CelebA.pth`.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network.
        """
        state = read_checkpoint(path)
        with torch.device("meta"):
            like = FeedbackHourglass()
        check_state(state, like, path, "FB_HG_68", "a feedback hourglass of 256 features")
        return state
