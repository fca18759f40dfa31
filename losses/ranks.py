"""One training shared by several processes, its *ranks*: what is whose, and what they exchange.

Rank r of W has the images r, r + W, ... of each batch. It restores these alone; what it restored is
gathered, so that the objective sees the whole batch, in its usual order, on every rank: sets,
queues, discriminators, random draws and all that is counted or averaged are right because they are
those of one process. Inside an objective, what is much work for each image is shared again: each
rank makes it of its own images and gathers what the others found. What is gathered carries a graph
for the own rows only. So the gradient of the objective for the own rows is complete, that for the
others is neither complete nor used, and the sum over the ranks of what the own rows leave in the
network is the gradient of the whole batch.

Nothing is sent while gradients are computed: torch may order that as it likes, while all ranks must
send the same things in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


class RankLost(Exception):  # noqa: N818 - no failure of what this process computes
    """Another process of this training is gone, and with it what it knew."""


@dataclass(frozen=True)
class Ranks:
    """The processes that make a training together, as this one sees them.

    Every method that sends must be called by all of them, in the same order. One process alone has
    everything, sends nothing and is given back what it gave.

    rank: which of them this one is, from 0. world: how many they are.
    """

    rank: int = 0
    world: int = 1

    @property
    def share(self) -> slice:
        """Which members of a batch are this rank's."""
        return slice(self.rank, None, self.world)

    def own(self, batch: Tensor) -> Tensor:
        """The rows of a batch, (N, ...), that are this rank's, (N / world, ...)."""
        return batch[self.share] if self.world > 1 else batch

    def each(self, own: Tensor) -> list[Tensor]:
        """What every rank gives, tensors of one shape, in their order; its own with its graph."""
        if self.world == 1:
            return [own]
        given = own.detach().contiguous()
        found = [torch.empty_like(given) for _ in range(self.world)]
        with _answered():
            dist.all_gather(found, given)
        found[self.rank] = own
        return found

    def whole(self, own: Tensor) -> Tensor:
        """A batch, (N, ...), of the rows that every rank has, (N / world, ...); see `own`."""
        if self.world == 1:
            return own
        batch = torch.stack(self.each(own), dim=1).flatten(0, 1)
        # Convolutions are faster with channels last: what came so stays so.
        last = own.dim() == 4 and own.is_contiguous(memory_format=torch.channels_last)
        return batch.contiguous(memory_format=torch.channels_last) if last else batch

    def mean(self, own: Tensor) -> Tensor:
        """The mean of what every rank gives, of its shape."""
        return own if self.world == 1 else torch.stack(self.each(own)).mean(0)

    def sum(self, own: Tensor) -> Tensor:
        """The sum of what every rank gives, of its shape."""
        return own if self.world == 1 else torch.stack(self.each(own)).sum(0)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Put into each tensor its sum over the ranks, without a graph, in one message."""
        if self.world > 1:
            flat = _flat(tensors)
            with _answered():
                dist.all_reduce(flat)
            _unflatten(flat, tensors)

    def follow_first(self, tensors: Sequence[Tensor]) -> None:
        """Put into each tensor what the first rank has in it, in one message."""
        if self.world > 1 and tensors:
            flat = _flat(tensors)
            with _answered():
                dist.broadcast(flat, 0)
            _unflatten(flat, tensors)

    def any(self, said: bool) -> bool:
        """Whether one of the ranks says so."""
        if self.world == 1:
            return said
        flag = torch.tensor(int(said))
        with _answered():
            dist.all_reduce(flag, dist.ReduceOp.MAX)
        return bool(flag)

    def first(self, content: bytes) -> bytes:
        """What the first rank gives; what the others give is not looked at."""
        if self.world == 1:
            return content
        size = torch.tensor(len(content))
        with _answered():
            dist.broadcast(size, 0)
        if not size:
            return b""
        sent = torch.frombuffer(bytearray(content or int(size)), dtype=torch.uint8)
        with _answered():
            dist.broadcast(sent, 0)
        return sent.numpy().tobytes()


ALONE = Ranks()


@contextmanager
def _answered() -> Iterator[None]:
    """What goes wrong while something is sent is that somebody does not answer.

    Raises:
        RankLost: such as where another process was killed.
    """
    try:
        yield
    except RuntimeError as error:
        reason = (str(error).splitlines() or [""])[0]
        raise RankLost(f"another process of this training is gone ({reason})") from error


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def _unflatten(flat: Tensor, tensors: Sequence[Tensor]) -> None:
    parts = flat.split([tensor.numel() for tensor in tensors])
    with torch.no_grad():
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))
