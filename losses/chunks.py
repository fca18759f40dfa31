"""Looking at a batch in chunks: what a frozen network computes is there for one chunk at a time.

Chen, Xu, Zhang, Guestrin: Training Deep Nets with Sublinear Memory Cost (2016), Sec. 3: a chunk's
images are kept and its activations dropped, to be computed again when the gradient comes by. Only
for networks that look at each image by itself and draw nothing: frozen ones, in eval mode.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class Looking(nn.Module):
    """A part of an objective that makes much of each image, as frozen networks do, for itself.

    chunk: how many images at a time; 0 for all at once. It changes no value but in its last bits,
        and is no part of a state.
    """

    chunk = 0


def look_in_chunks(objective: nn.Module, chunk: int) -> None:
    """Let everything in a built objective that looks at images see so many at a time.

    Args:
        chunk: 0 for all at once.
    """
    for part in objective.modules():
        if isinstance(part, Looking):
            part.chunk = chunk


def in_chunks(look: Callable[..., Any], chunk: int, *batch: Tensor) -> Any:
    """What `look` gives for a batch, made of what it gives for the batch's chunks.

    Args:
        look: maps the members of `batch` to a tensor, or a dict or tuple of such, a row per image.
        chunk: images at a time; 0, or as many as there are, calls it once and keeps everything.
        batch: tensors of one length, (N, ...) each.
    """
    if not 0 < chunk < len(batch[0]):
        return look(*batch)
    return _joined(_of_chunks(look, chunk, batch))


def mean_in_chunks(loss: Callable[..., Tensor], chunk: int, *batch: Tensor) -> Tensor:
    """A loss of a batch, 0-d, that is the mean of those of its images; as `in_chunks`."""
    count = len(batch[0])
    if not 0 < chunk < count:
        return loss(*batch)
    values = zip(batch[0].split(chunk), _of_chunks(loss, chunk, batch), strict=True)
    return torch.stack([len(part) * value for part, value in values]).sum() / count


def _of_chunks(look: Callable[..., Any], chunk: int, batch: Sequence[Tensor]) -> list[Any]:
    pieces = zip(*(tensor.split(chunk) for tensor in batch), strict=True)
    # Checkpointing does nothing where there is no graph to save.
    return [
        checkpoint(look, *some, use_reentrant=False, preserve_rng_state=False) for some in pieces
    ]


def _joined(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        return {name: _joined([part[name] for part in parts]) for name in first}
    if isinstance(first, tuple):
        return tuple(_joined(same) for same in zip(*parts, strict=True))
    return torch.cat(list(parts))
