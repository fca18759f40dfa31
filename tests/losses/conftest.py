"""What the tests of the losses share: photographs and a stand-in for the engine's resources."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn


class LocalResources:
    """Resources that live in a temporary folder, on the CPU.

    `frozen` and `fresh` take a module, which they return, or anything that makes one when called.
    """

    def __init__(self, folder: Path):
        self.device = torch.device("cpu")
        self.folder = folder

    def weights_file(self, name: str, sha256: str) -> Path:
        path = self.folder / name
        if not path.exists():
            raise FileNotFoundError(f"put {name} into {self.folder}")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if not digest.startswith(sha256):
            raise ValueError(f"{name} has sha256 {digest}, expected {sha256}...")
        return path

    def frozen(self, network: Any) -> nn.Module:
        return self.fresh(network).eval().requires_grad_(False)

    def fresh(self, network: Any) -> nn.Module:
        return network if isinstance(network, nn.Module) else network()


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
