"""AR-CNN: four convolutions that remove the artefacts of JPEG compression.

Dong, Deng, Loy, Tang: Compression Artifacts Reduction by a Deep Convolutional Network (ICCV 2015).
STFT cites Yu, Dong, Loy, Tang: Deep Convolution Networks for Compression Artifacts Reduction
(arXiv 1608.02778), which goes on from it, and calls its network ARCNN. 64 kernels of 9x9, 32 of
7x7, 16 of 1x1, and 5x5 for the output, each padded to keep the size; no shortcut past them.
106,561 parameters on luma, for which the authors made it, 117,731 on RGB, as in
yjn870/ARCNN-pytorch, a port that has PReLU in the place of ReLU (one slope each).
Initialisation: normal weights of deviation 0.001, as in that port, and zero biases, which Caffe,
the authors' program, gives layers that ask for no other. A fresh network then answers about 1e-8
for an image in [0, 1], and its first layers have next to no gradient: after 300 steps (batches of
8x32x32 at quality 10, Adam, learning rate 1e-3) it is still 3.6 dB below its input. A training of
minutes needs start="identity", which after these steps is 0.2 dB above it. Adam's first steps throw
it back all the same, the more so the larger the features that do not carry the image: theirs are
half of He's weights.
"""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.identity_start import FAINT, check_start
from baselines.receptive_field import ReceptiveField, receptive_field

WIDTHS = (64, 32, 16)
KERNELS = (9, 7, 1, 5)
DEVIATION = 0.001
# Gain of start="identity", on He's weights.
GAIN = 0.5
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "prelu": nn.PReLU}


class ARCNN(nn.Module):
    """Predicts the image before its compression. Blind: it is not told the quality.

    Args:
        channels: 1 for luma, 3 for colour.
        activation: "relu", or "prelu" with one slope for each layer.
        start: initialisation. "authors": normal, deviation 0.001. "identity": the fresh network
            nearly returns its input (negative values as 0), for trainings too short to find even
            that; the layers are the same.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    def __init__(self, channels: int = 1, activation: str = "relu", start: str = "authors"):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be 'relu' or 'prelu', not {activation!r}")
        check_start(start)
        layers: list[nn.Module] = []
        sizes = zip(pairwise((channels, *WIDTHS, channels)), KERNELS, strict=True)
        for (features_in, features), kernel in sizes:
            conv = nn.Conv2d(features_in, features, kernel, padding=kernel // 2)
            nn.init.normal_(conv.weight, std=DEVIATION)
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
            layers += [conv, ACTIVATIONS[activation]()]
        self.model = nn.Sequential(*layers[:-1])
        if start == "identity":
            self._start_from_identity(channels)

    @property
    def receptive_field(self) -> ReceptiveField:
        """That of the convolutions."""
        return receptive_field(self.model)

    def forward(self, compressed: Tensor) -> Tensor:
        """Restore (N, C, H, W), any H and W, to the same shape."""
        return self.model(compressed)

    @torch.no_grad()
    def _start_from_identity(self, channels: int) -> None:
        """Let the first features carry the image; the activations pass what is not negative."""
        *hidden, last = (layer.get_parameter("weight") for layer in list(self.model)[::2])
        for weight in hidden:
            nn.init.kaiming_normal_(weight).mul_(GAIN)
            nn.init.dirac_(weight[:channels])
        nn.init.kaiming_normal_(last).mul_(FAINT)
        nn.init.dirac_(last[:, :channels])
