"""What losses ask of the two images that they compare."""

from __future__ import annotations

from torch import Tensor


def check_same_shape(pred: Tensor, target: Tensor) -> None:
    """Raises ValueError where shapes differ; broadcasting would hide a wrong crop."""
    if pred.shape != target.shape:
        raise ValueError(
            f"pred is {tuple(pred.shape)} but target {tuple(target.shape)}; crop or convert one"
        )
