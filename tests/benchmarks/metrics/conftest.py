"""What the tests of the metrics share: a photograph with noise, and resources without a store."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn


class GivenNetwork:
    """Resources whose networks are given ready made."""

    device = torch.device("cpu")

    def frozen(self, network: Any) -> nn.Module:
        return network.eval()


@pytest.fixture
def resources() -> GivenNetwork:
    return GivenNetwork()


@pytest.fixture(scope="session")
def photograph() -> Tensor:
    """A 120x160 piece of scikit-image's astronaut, (3, 120, 160) in [0, 1]."""
    from skimage.data import astronaut

    piece = torch.from_numpy(astronaut()[20:140, 150:310].copy())
    return piece.permute(2, 0, 1).float() / 255


@pytest.fixture(scope="session")
def noisy(photograph: Tensor) -> Tensor:
    noise = torch.randn(photograph.shape, generator=torch.Generator().manual_seed(0))
    return ((photograph + 25 / 255 * noise).clamp(0, 1) * 255).round() / 255
