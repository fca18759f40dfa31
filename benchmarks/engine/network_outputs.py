"""What training and evaluation share: running a network on a batch, and seeds for a purpose."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from torch import Tensor, nn


def child_seed(seed: int, *path: int) -> int:
    """An independent seed for a purpose, the same on every machine."""
    return int(np.random.SeedSequence([seed, *path]).generate_state(1)[0])


def network_outputs(network: nn.Module, entries: dict[str, Tensor]) -> dict[str, Tensor]:
    """Run a network on the batch entries that it names; returns its outputs by name."""
    inputs, names = cast(Any, network).inputs, cast(Any, network).outputs
    result = network(*(entries[name] for name in inputs))
    return dict(zip(names, result if isinstance(result, tuple) else (result,), strict=True))
