"""Products of float32 in float32: whether CUDA may take TF32 for it, and what may not be rounded.

TF32 is a mode of NVIDIA's tensor cores: float32 whose factors are rounded to 10 bits in products of
matrices and in convolutions. torch allows it in convolutions unless it is told otherwise. On a CPU
it is float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def tensor_float32(allowed: bool) -> Iterator[None]:
    """Let CUDA take TF32 for float32, or forbid it; on a CPU neither changes anything."""
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = allowed
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before


@contextmanager
def exact_products(device: torch.device) -> Iterator[None]:
    """Multiply in the precision of the factors, whatever the caller lets networks do.

    For losses whose products become small differences, such as cosines of nearly equal features.
    """
    with torch.autocast(device.type, enabled=False), tensor_float32(False):
        yield
