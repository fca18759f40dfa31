"""Floating point operations of a piece of work, and of them those of one network in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class Operations(TorchDispatchMode):
    """Counts the operations while it is entered.

    torch's own `FlopCounterMode` also follows modules with hooks on their gradients, which a loss
    that calls `autograd.grad` does not bear; the formulas are those of that counter.

    total: products and sums of convolutions and matrix products; what has no such product, such as
        sorting or deformable sampling, counts nothing.
    network: those of a network that is watched, forward and backward.
    """

    def __init__(self) -> None:
        super().__init__()
        self.total = 0
        self.network = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Do the operation, and count it where its formula is known."""
        result = func(*args, **(kwargs or {}))
        if (formula := flop_registry.get(func.overloadpacket)) is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=result)
        return result


@contextmanager
def counted(network: nn.Module) -> Iterator[Operations]:
    """Count the operations inside, and those of a network and of the gradients through it.

    A network's are those of its forward passes, and in a backward pass those of the nodes of the
    graphs that they made: its input needs no gradient, so that each of these nodes is its own.
    """
    begun = 0
    with Operations() as found:

        def begin(*about: Any) -> None:
            nonlocal begun
            begun = found.total

        def end(*about: Any) -> None:
            found.network += found.total - begun

        def forward_end(module: nn.Module, inputs: Any, outputs: Any) -> None:
            end()
            for node in _nodes(outputs if isinstance(outputs, tuple) else (outputs,)):
                node.register_prehook(begin)
                node.register_hook(end)

        hooks = [network.register_forward_pre_hook(begin)]
        hooks.append(network.register_forward_hook(forward_end))
        try:
            yield found
        finally:
            for hook in hooks:
                hook.remove()


def _nodes(outputs: Iterable[Tensor]) -> set[Node]:
    """The nodes of the graph behind some tensors, without its leaves, which compute nothing."""
    found: set[Node] = set()
    waiting = [output.grad_fn for output in outputs]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found and node.next_functions:
            found.add(node)
            waiting += [behind for behind, _ in node.next_functions]
    return found
