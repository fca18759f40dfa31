"""What the tests of the losses share: photographs, and resources in a temporary folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from losses.local_resources import LocalResources


@pytest.fixture
def resources(tmp_path: Path) -> LocalResources:
    return LocalResources(tmp_path)


@pytest.fixture
def save_weights(tmp_path: Path) -> Callable[[str, dict[str, Tensor]], str]:
    """`save_weights("vgg19", state)` puts vgg19-<sha256 digits>.pth before `resources`."""

    def save(stem: str, state: dict[str, Tensor]) -> str:
        path = tmp_path / "unnamed.pth"
        torch.save(state, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return path.rename(tmp_path / f"{stem}-{digest[:8]}.pth").name

    return save


@pytest.fixture(scope="session")
def photographs() -> Tensor:
    """Two 96 x 96 crops of real photographs, (2, 3, 96, 96) in [0, 1]."""
    from skimage import data

    crops = [data.astronaut()[60:156, 170:266], data.coffee()[100:196, 200:296]]
    return torch.stack([torch.from_numpy(c.copy()).permute(2, 0, 1) / 255 for c in crops])


@pytest.fixture(scope="session")
def noisy(photographs: Tensor) -> Tensor:
    """The same with Gaussian noise of sigma 25, unclipped."""
    generator = torch.Generator().manual_seed(0)
    return photographs + 25 / 255 * torch.randn(photographs.shape, generator=generator)


@pytest.fixture
def pair(photographs: Tensor, noisy: Tensor) -> tuple[Tensor, Tensor]:
    """64 x 64 crops of `noisy` and `photographs`, to be changed at will."""
    return noisy[..., :64, :64].clone(), photographs[..., :64, :64].clone()
