"""What the tests of the networks share. This file's folder is importable: see network_checks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

pytest.register_assert_rewrite("network_checks")


@pytest.fixture(scope="session")
def photograph() -> Tensor:
    """A face and its background, (1, 3, 96, 96) in [0, 1]."""
    from skimage import data

    crop = data.astronaut()[60:156, 170:266]
    return torch.from_numpy(crop.copy()).permute(2, 0, 1)[None] / 255
