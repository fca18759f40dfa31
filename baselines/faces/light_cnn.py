"""LightCNN-9's features: what DICGAN compares of two faces, and what its discriminator is made of.

Wu, He, Sun, Tan: A Light CNN for Deep Face Representation with Noisy Labels (2018), Table 2: nine
convolutions that give the larger of two features each (max-feature-map). Official code:
AlfredXiangWu/LightCNN, whose released weights are for grey images. Ma, Jiang, Rao, Lu, Zhou: Deep
Face Super-Resolution with Iterative Collaboration between Attentive Recovery and Landmark
Estimation (CVPR 2020) take the layers before the fully connected ones, for RGB, with weights of
their own: Maclory/Deep-Iterative-Collaboration, LightCNN_feature.pth, whose names are kept.
1,290,848 parameters. The file is on the authors' drive and was not seen: names and shapes are those
of the class that reads it.
Images less the mean of CelebA's colours go in, as there.
Initialisation: He et al.'s, as that code has it for its discriminator of the same layers.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn

from baselines.he_weights import he_weights
from baselines.released import check_state, read_checkpoint

# Of CelebA's red, green and blue, of 1.
MEAN = (0.509, 0.424, 0.378)
WIDTH = 48


class MaxFeatureMap(nn.Module):
    """The larger of two features, of which the layer in `filter` gives twice as many."""

    def __init__(self, layer: nn.Conv2d | nn.Linear):
        super().__init__()
        self.filter = layer

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, ...) to half as many features as the layer gives."""
        first, second = self.filter(x).chunk(2, dim=1)
        return torch.maximum(first, second)


def max_of_convolutions(features_in: int, features: int, side: int) -> MaxFeatureMap:
    """The larger of two convolutions each, which keep the size."""
    return MaxFeatureMap(nn.Conv2d(features_in, 2 * features, side, padding=side // 2))


class Group(nn.Module):
    """A 1x1 layer that keeps the number of features, and a 3x3 one that changes it."""

    def __init__(self, features_in: int, features: int):
        super().__init__()
        self.conv_a = max_of_convolutions(features_in, features_in, 1)
        self.conv = max_of_convolutions(features_in, features, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, features_in, H, W) to (N, features, H, W)."""
        return self.conv(self.conv_a(x))


class LightCNN(nn.Module):
    """Maps faces to features at a sixteenth of the size.

    Args:
        width: features of the first layer; the others have 2, 4, 8/3 and 8/3 times as many.
    """

    inputs: ClassVar[tuple[str, ...]] = ("input",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)
    revision: ClassVar[int] = 1

    mean: Tensor

    def __init__(self, width: int = WIDTH):
        super().__init__()
        self.features_out = 8 * width // 3
        self.features = nn.Sequential(
            max_of_convolutions(3, width, 5),
            _halved(),
            Group(width, 2 * width),
            _halved(),
            Group(2 * width, 4 * width),
            _halved(),
            Group(4 * width, self.features_out),
            Group(self.features_out, self.features_out),
            _halved(),
        )
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.apply(he_weights)

    def forward(self, images: Tensor) -> Tensor:
        """Give the features of faces.

        Args:
            images: (N, 3, H, W), RGB in [0, 1], of any size; the suite's are 128x128.
        Returns:
            Features, (N, 128, H/16, W/16), what was begun counted whole.
        """
        return self.features(images - self.mean)

    @staticmethod
    def released_state(path: Path) -> dict[str, Tensor]:
        """The state dict in `LightCNN_feature.pth`, without layers after the features, if any.

        Raises:
            FileNotFoundError: no such file.
            ValueError: the file is damaged or holds another network, such as that for grey images.
        """
        state = read_checkpoint(path)
        features = {key: value for key, value in state.items() if key.startswith("features.")}
        with torch.device("meta"):
            like = LightCNN()
        check_state(features, like, path, "LightCNN-9 for RGB", "that of DIC")
        return features


def _halved() -> nn.MaxPool2d:
    return nn.MaxPool2d(2, ceil_mode=True)
