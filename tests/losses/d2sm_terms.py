"""What the tests of D2SM share: terms for small images, and the samples that they compare."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from losses.d2sm import D2SM, D2SMLoss
from losses.features import Features

FEATURES = Features("vgg19", ("conv5_4",), weights="random", width=1 / 16)
# Nine windows per 64 x 64 image, live samples of one image plus eleven from the queue.
INTERNAL = D2SM(FEATURES, window=32, stride=16, queue=20, crop=64, batch=2)
WHOLE = replace(INTERNAL, window=None, stride=None, queue=6)
KINDS = ["kl", "inverse_kl", "jeffreys"]


def rows_of(loss: D2SMLoss, images: Tensor) -> Tensor:
    """Features of some images, one row each."""
    return loss.features(images)["conv5_4"].flatten(1)


def cut(image: Tensor) -> Tensor:
    """The nine windows of a 64 x 64 image, (9, 3, 32, 32)."""
    corners = [(top, left) for top in (0, 16, 32) for left in (0, 16, 32)]
    return torch.stack([image[:, t : t + 32, s : s + 32] for t, s in corners])
