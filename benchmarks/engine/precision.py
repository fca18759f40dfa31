"""How a training step computes: in float32, TF32 or bfloat16, and compiled or as it is written.

What a recipe's `precision` says is of the networks that a step runs: the one that restores and
those that terms look through (every module marked `frozen`). In bfloat16 each of them runs under
torch's autocast, layers that want float32 excepted, and gives float32. All else is computed in
float32 because nothing tells it otherwise: the arithmetic of losses, discriminators, critics and
other networks that a term trains, gradients of weights, optimiser and weights themselves. bfloat16
has float32's range, so no loss is scaled.

TF32 is CUDA's float32 with rounded factors (`losses/exact_products.py`), on a CPU it is float32. It
is allowed in a whole step, for a gradient is computed where no forward is; the products of losses
that cannot do with it forbid it.

A compiled network sums in another order than one that runs layer by layer. So a compiled training
is another run, with bits of its own: the same ones on the same machine with the same number of
threads, torch and compiler, killed and resumed or not. Each shape is compiled by itself, and a
network that would need more versions than torch keeps is refused, because torch would go on
without compiling, from a step that depends on what ran before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.declare.errors import UsageError, one_line
from benchmarks.declare.training import Training
from losses.exact_products import tensor_float32
from losses.objective import Loss


class CompileError(Exception):
    """A network takes more courses than torch compiles."""


class StepArithmetic:
    """The declared arithmetic of one training, to be entered for each of its steps.

    Outside of a step the networks compute as they always do: a probe measures in float32.

    Args:
        network: the one that is trained. objective: its built objective.
    """

    def __init__(self, recipe: Training, network: nn.Module, objective: nn.Module):
        self.tf32 = recipe.precision == "tf32"
        self.forwards: dict[nn.Module, Callable[..., Any]] = {}
        if recipe.compiled:
            self.forwards[network] = _compiled(network.forward)
        if recipe.precision == "bf16":
            for one in (network, *looking(objective)):
                self.forwards[one] = _in_bfloat16(self.forwards.get(one, one.forward))

    @contextmanager
    def step(self) -> Iterator[None]:
        """Compute as declared until the end of the step."""
        with ExitStack() as stack:
            stack.enter_context(tensor_float32(self.tf32))
            for network, forward in self.forwards.items():
                network.forward = forward
                stack.callback(delattr, network, "forward")
                # A network with taps adds their outputs after its forward, in a hook.
                stack.callback(network.register_forward_hook(_widened).remove)
            yield


def looking(objective: nn.Module) -> list[nn.Module]:
    """The outermost modules marked `frozen` that are no losses: what terms look through."""
    if getattr(objective, "frozen", False) and not isinstance(objective, Loss):
        return [objective]
    found = [network for part in objective.children() for network in looking(part)]
    return list(dict.fromkeys(found))  # terms may share one


def check_compiler(device: torch.device) -> None:
    """Compile one operation for the device, as a training would.

    Raises:
        UsageError: it cannot be done here, such as for want of a C++ compiler.
    """
    try:
        torch.compile(torch.sin)(torch.ones(2, device=device))
    except Exception as error:  # of any kind: compilers, headers, and what torch makes of them
        raise UsageError(
            f"--compile: torch cannot compile for {device} here ({one_line(str(error))[:200]}). It "
            "wants a C++ compiler with Python's headers; or leave --compile out"
        ) from error


def _compiled(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward as torch compiles it; from now on, as if nothing had been compiled before."""
    from torch._dynamo import config
    from torch._dynamo.exc import FailOnRecompileLimitHit

    torch.compiler.reset()
    compiled = torch.compile(forward, dynamic=False)

    def run(*inputs: Tensor) -> Any:
        try:
            with config.patch(fail_on_recompile_limit_hit=True):
                return compiled(*inputs)
        except FailOnRecompileLimitHit as error:
            raise CompileError(
                "the network runs in more ways than torch compiles; leave --compile out"
            ) from error

    return run


def _in_bfloat16(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward under autocast, with outputs in float32."""

    def run(*inputs: Tensor) -> Any:
        with torch.autocast(inputs[0].device.type, dtype=torch.bfloat16):
            return _float32(forward(*inputs))

    return run


def _widened(network: nn.Module, inputs: Any, output: Any) -> Any:
    return _float32(output)


def _float32(output: Any) -> Any:
    """What a network returns with bfloat16 widened: a tensor, a dict, or a tuple, perhaps named."""
    if isinstance(output, Tensor):
        return output.float() if output.dtype == torch.bfloat16 else output
    if isinstance(output, dict):
        return {name: _float32(value) for name, value in output.items()}
    if isinstance(output, tuple):
        parts = [_float32(part) for part in output]
        return type(output)(*parts) if hasattr(output, "_fields") else tuple(parts)
    return output
