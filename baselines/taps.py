"""Features inside a network as outputs of its own, for losses that supervise them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


def tapped(network: nn.Module, paths: tuple[str, ...]) -> nn.Module:
    """The network itself, which from now on gives the outputs of some of its layers besides.

    Weights, state-dict keys and results stay what they were. `forward` returns a tuple: what it
    returned before, then one tensor per path; `network.outputs` names them by their paths.

    Args:
        paths: names of submodules, as `named_modules` has them, such as "model.7". Each must be
            called once, and give one tensor.

    Raises:
        ValueError: there is no such submodule, or one is named twice.
    """
    known = dict(network.named_modules())
    for path in paths:
        if path not in known or not path:
            raise ValueError(f"{type(network).__name__} has no layer {path!r} to take features of")
    if len(set(paths)) < len(paths):
        raise ValueError(f"a layer is named twice in {', '.join(paths)}")
    seen: dict[str, Tensor] = {}

    def keep(path: str) -> Any:
        def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
            seen[path] = output

        return hook

    def with_features(module: nn.Module, inputs: Any, output: Any) -> tuple[Any, ...]:
        # Taken out, or the last batch's features would stay in memory.
        features = tuple(seen.pop(path) for path in paths)
        return (*(output if isinstance(output, tuple) else (output,)), *features)

    for path in paths:
        known[path].register_forward_hook(keep(path))
    network.register_forward_hook(with_features)
    network.outputs = (*getattr(network, "outputs", ("pred",)), *paths)  # type: ignore[assignment]
    return network
