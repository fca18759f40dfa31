"""Floating point operations of a piece of work, and of them those of one network in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
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

    A network's gradients are the last ones of a backward pass, since it came first: they begin when
    the gradient of one of its outputs is there, and nothing else comes after them.
    """
    begun = 0
    first_gradient: list[int] = []
    with Operations() as found:

        def begin(module: nn.Module, inputs: Any) -> None:
            nonlocal begun
            begun = found.total

        def end(module: nn.Module, inputs: Any, outputs: Any) -> None:
            found.network += found.total - begun
            for output in outputs if isinstance(outputs, tuple) else (outputs,):
                if output.requires_grad:
                    output.register_hook(arrived)

        def arrived(gradient: Tensor) -> None:
            first_gradient.append(found.total)

        hooks = [network.register_forward_pre_hook(begin), network.register_forward_hook(end)]
        try:
            yield found
        finally:
            for hook in hooks:
                hook.remove()
    if first_gradient:
        found.network += found.total - first_gradient[0]
