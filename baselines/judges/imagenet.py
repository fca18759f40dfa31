"""The normalisation that networks trained on ImageNet expect."""

from __future__ import annotations

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class ImageNetNormalisation(nn.Module):
    """Brings RGB in [0, 1] to ImageNet's mean 0 and deviation 1; leaves no trace in state dicts."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images, (N, 3, H, W)."""
        return (images - self.mean) / self.std
