"""TF32, a mode of NVIDIA's tensor cores, on or off.

It is float32 whose factors are rounded to 10 bits in products of matrices and in convolutions.
torch allows it in convolutions unless it is told otherwise; here float32 is float32, in training
and wherever something is measured.
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
