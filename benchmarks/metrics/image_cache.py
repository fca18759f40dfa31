"""What a metric made of an image, kept while other methods are compared with the same image.

A table scores each of its methods on the same ground truth, method after method. What a network
makes of the ground truth is the same each time; it is kept here by content, for the life of the
process and in bounded memory.

Every method goes through the test set in the same order. A cache that dropped the least recently
used entry would, for a set that does not fit, drop each entry just before it is needed; here what
came first stays, and is dropped only after it was not asked for a long while.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

Tensors = tuple["Tensor", ...]


class ImageCache:
    """Tensors made from an image, by the digests of maker and image.

    limit: the most bytes that are held.
    patience: an entry may be dropped for another after this many questions for others. More than
        a test set has images, so that a set larger than the memory keeps its first images there.
    """

    def __init__(self, limit: int, patience: int = 1000):
        self.limit = limit
        self.patience = patience
        self.held = 0  # bytes
        self._asked = 0
        self._entries: OrderedDict[str, tuple[int, Tensors]] = OrderedDict()  # by last use

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, image: Tensor, maker: str, make: Callable[[], Tensors]) -> Tensors:
        """What `make()` returns, or returned for the same content of `image`.

        Args:
            image: any tensor; one that is not in the CPU's memory is not remembered, because a
                GPU's memory belongs to the training and its networks outrun the digest.
            maker: tells apart what is made from the same image; see `digest_of_weights`.
        """
        if image.device.type != "cpu":
            return make()
        self._asked += 1
        key = f"{maker} {_digest_of(image)}"
        if key in self._entries:
            made = self._entries.pop(key)[1]
            self._entries[key] = (self._asked, made)
            return made
        made = make()
        self._keep(key, made)
        return made

    def _keep(self, key: str, made: Tensors) -> None:
        size = _bytes(made)
        while self.held + size > self.limit and self._entries:
            oldest, (last, dropped) = next(iter(self._entries.items()))
            if self._asked - last <= self.patience:
                return
            del self._entries[oldest]
            self.held -= _bytes(dropped)
        if self.held + size <= self.limit:
            self._entries[key] = (self._asked, made)
            self.held += size


# With LPIPS's alex trunk: 800 images of 256 x 256 pixels, or 18 of 2040 x 1356.
GROUND_TRUTHS = ImageCache(limit=2 * 2**30)


def digest_of_weights(network: nn.Module) -> str:
    """The sha256 of everything in a network's state, names included."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(f"{name} {_digest_of(tensor)} ".encode())
    return digest.hexdigest()


def _digest_of(tensor: Tensor) -> str:
    """The sha256 of a tensor's type, shape and content."""
    digest = hashlib.sha256(f"{tensor.dtype} {tuple(tensor.shape)} ".encode())
    digest.update(tensor.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()


def _bytes(tensors: Tensors) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
