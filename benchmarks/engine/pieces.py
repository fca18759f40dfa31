"""A batch restored piece by piece, so that the network's graph exists for one piece at a time.

First the pieces are restored without a graph; the objective sees the whole batch and leaves its
gradient with respect to each output there. Then every piece is restored once more, from the random
numbers of the first time, and its share of these gradients goes through it. By the chain rule the
sum is the gradient of the whole, for any objective and any number of outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase

from benchmarks.declare.errors import UsageError
from benchmarks.engine.network_outputs import network_outputs


def check_pieces(network: nn.Module, name: str, batch: int) -> None:
    """Whether a network restores an image the same, and learns the same, whatever is beside it.

    Args:
        name: of the network, for the message. batch: of the training, likewise.

    Raises:
        UsageError: a layer in training mode normalises over the batch, or remembers averages of it.
    """
    for layer, module in network.named_modules():
        if isinstance(module, _NormBase) and _looks_at_the_batch(module):
            raise UsageError(
                f"{name} cannot be trained in pieces: {layer}, a {type(module).__name__}, learns "
                f"from all images of a step together; leave --micro-batch out, or give at least "
                f"the batch, {batch}"
            )


def _looks_at_the_batch(layer: _NormBase) -> bool:
    """Batch normalisation does unless it uses what it has learnt; others only to learn averages."""
    by_batch = isinstance(layer, _BatchNorm)
    return layer.training if layer.track_running_stats else by_batch


def outputs_in_pieces(
    network: nn.Module, entries: dict[str, Tensor], size: int, needed: Collection[str]
) -> tuple[dict[str, Tensor], Callable[[], None]]:
    """The outputs of a network for a batch, and what brings their gradients to its parameters.

    Args:
        entries: of the batch, those that the network takes among them, (N, ...) each.
        size: images per piece; 0, or N and more, makes one plain pass with its graph, after which
            there is nothing left to bring.
        needed: the outputs that are looked at. The others are left out where there are pieces.

    Returns:
        The outputs by name; and a function to be called once, after `backward` has reached them. It
        leaves torch's generators as they are.

    Raises:
        UsageError: an output has no row per image; told at the first piece.
    """
    inputs = {name: entries[name] for name in cast(Any, network).inputs}
    first = next(iter(inputs.values()))
    if not 0 < size < len(first):
        return network_outputs(network, entries), lambda: None
    device = first.device
    taken = {name: values.split(size) for name, values in inputs.items()}
    pieces = [dict(zip(taken, some, strict=True)) for some in zip(*taken.values(), strict=True)]
    states, parts = [], []
    with torch.no_grad():
        for piece in pieces:
            states.append(_Generators(device))
            parts.append(_restored(network, piece, needed))
    outputs = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    del parts
    for output in outputs.values():
        output.requires_grad_(output.is_floating_point())

    def bring() -> None:
        found = {name: output.grad for name, output in outputs.items()}
        gradients = {name: g.split(size) for name, g in found.items() if g is not None}
        now = _Generators(device)
        for k, (piece, state) in enumerate(zip(pieces, states, strict=True)):
            state.set()
            restored = _restored(network, piece, gradients)
            asked = [name for name, output in restored.items() if output.requires_grad]
            torch.autograd.backward(
                [restored[name] for name in asked], [gradients[name][k] for name in asked]
            )
        now.set()

    return outputs, bring


def _restored(
    network: nn.Module, piece: dict[str, Tensor], needed: Collection[str]
) -> dict[str, Tensor]:
    """The needed outputs of a piece."""
    count = len(next(iter(piece.values())))
    outputs = {k: v for k, v in network_outputs(network, piece).items() if k in needed}
    for name, output in outputs.items():
        if not output.dim() or len(output) != count:
            raise UsageError(
                f"{type(network).__name__} cannot be trained in pieces: its output {name!r} has "
                f"no row per image, but the shape {tuple(output.shape)} for {count}; leave "
                "--micro-batch out"
            )
    return outputs


class _Generators:
    """The state of the generators from which a network may draw, when this is made."""

    def __init__(self, device: torch.device):
        self.cuda = device if device.type == "cuda" else None
        self.state = torch.get_rng_state()
        self.cuda_state = None if self.cuda is None else torch.cuda.get_rng_state(self.cuda)

    def set(self) -> None:
        """Let the next numbers be those that came next then."""
        torch.set_rng_state(self.state)
        if self.cuda is not None and self.cuda_state is not None:
            torch.cuda.set_rng_state(self.cuda_state, self.cuda)
