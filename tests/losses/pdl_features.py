"""What the tests of PDL share: features of two images, projections, and POT as the oracle."""

from __future__ import annotations

import ot
import torch
from torch import Tensor

from losses.features import Features
from losses.pdl import PROJECTIONS

NARROW = Features("vgg16", ("relu2_2",), weights="random", width=1 / 8)
SHAPE = (2, 5, 4, 8)
RANDOM = ["R2P", "RPP", "RSP"]
BOTH = [torch.float32, torch.float64]  # packed and plain sort


def random_features(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=dtype)


def feature_pair(*shape: int, dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor]:
    """Features of two images that differ in spread and place."""
    pred = random_features(*shape, dtype=dtype)
    return pred, 1.5 * random_features(*shape, seed=1, dtype=dtype) + 0.2


def gradient(value: Tensor, to: Tensor) -> Tensor:
    return torch.autograd.grad(value, to)[0]


def drawn(name: str, channels: int, factor: int = 1, seed: int = 0) -> Tensor | None:
    draw = PROJECTIONS[name]
    return None if draw is None else draw(channels, factor, torch.Generator().manual_seed(seed))


def moved(features: Tensor) -> Tensor:
    """The same feature vectors at other positions."""
    order = torch.randperm(features[0, 0].numel(), generator=torch.Generator().manual_seed(2))
    return features.flatten(2)[..., order].view_as(features)


def of_pot(pred: Tensor, target: Tensor, p: int) -> Tensor:
    """W_p of each channel of each image, (N, C)."""
    images = zip(pred.flatten(2).mT, target.flatten(2).mT, strict=True)
    return torch.stack([ot.wasserstein_1d(u, v, p=p) for u, v in images]) ** (1 / p)
