"""Objectives as the papers write them: `L1() + 0.01 * PDL()` is a flat list of (weight, term).

A *term* is a frozen dataclass: its constructor stores what a paper declares and nothing else, so
importing a table loads no network. `build` turns it into a *loss*, the module that trains.
The repr of an objective is readable, and it is what the identity of a run is made from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

import torch
from torch import Tensor, nn


class Resources(Protocol):
    """What a term may ask for while it is built; the engine or `LocalResources` provides it."""

    @property
    def device(self) -> torch.device:
        """Where networks and losses live."""
        ...

    def weights_file(self, name: str, sha256: str) -> Path:
        """The path of a released file, checked by the first digits of its sha256.

        If it is not there, an error says where to put it.
        """
        ...

    def frozen(self, network: Any) -> nn.Module:
        """A declared network with its weights, in eval mode, no parameter requiring gradients."""
        ...

    def fresh(self, network: Any) -> nn.Module:
        """A declared network, newly initialised, for a term that trains it itself."""
        ...


class Loss(nn.Module):
    """A built term. Subclasses hold networks and queues; plain losses wrap one function."""

    def __init__(self, function: Callable[..., Tensor] | None = None):
        super().__init__()
        self.function = function

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Prepare a step; called once in each, before the objective, with a detached `pred`.

        A term with a trainable part of its own (a discriminator) makes its step here.
        """

    def rests(self) -> bool:
        """Whether the restoring network makes no step of this one; asked after `before`."""
        return False

    def numbers(self) -> dict[str, Tensor]:
        """What the log shows beside the value, 0-d each, by name; none for most."""
        return {}

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The loss, 0-d; lower is better. `needs` are the batch entries that the term names."""
        if self.function is None:
            raise NotImplementedError
        return self.function(pred, target, **needs)


@dataclass(frozen=True)
class Term:
    """One addend of an objective, declared and not yet built.

    symbol: the papers' name of the term, under which it is logged.
    needs: entries of the batch, or outputs of the network, that the loss takes besides
        `pred` and `target`; checked when the table is declared.
    revision: raised when the behaviour is changed on purpose; part of every run's identity.
    """

    symbol: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    revision: ClassVar[int] = 1

    def build(self, resources: Resources) -> Loss:
        """Make the module that computes the term, on `resources.device`."""
        raise NotImplementedError

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        """The same term for crops, batches and trainings that are smaller by these factors.

        A term with sizes in pixels, samples or steps (a window, a queue, a schedule of its own)
        declares here how they shrink.
        """
        return self

    def __add__(self, other: Term | Objective) -> Objective:
        return Objective(((1.0, self),)) + other

    def __rmul__(self, weight: float) -> Objective:
        return Objective(((weight, self),))


@dataclass(frozen=True)
class Objective:
    """A weighted sum of terms; `+` concatenates, `float *` scales."""

    terms: tuple[tuple[float, Term], ...]

    def __add__(self, other: Term | Objective) -> Objective:
        if isinstance(other, Term):
            other = Objective(((1.0, other),))
        if not isinstance(other, Objective):
            return NotImplemented
        return Objective(self.terms + other.terms)

    def __rmul__(self, weight: float) -> Objective:
        # Times one is left out: a weight may carry its source, which a product would lose.
        return Objective(tuple((weight if w == 1 else weight * w, t) for w, t in self.terms))

    def __repr__(self) -> str:
        # `2 * L1()` and `2.0 * L1()` are one objective and must have one identity.
        return " + ".join(repr(t) if w == 1 else f"{float(w)!r} * {t!r}" for w, t in self.terms)

    @property
    def needs(self) -> tuple[str, ...]:
        """What the terms take besides `pred` and `target`, each once."""
        return tuple(dict.fromkeys(name for _, term in self.terms for name in term.needs))

    @property
    def names(self) -> tuple[str, ...]:
        """One name per term for the log: its symbol, numbered where a symbol occurs twice."""
        symbols = [term.symbol for _, term in self.terms]
        return tuple(
            s if symbols.count(s) == 1 else f"{s} ({symbols[:i].count(s) + 1})"
            for i, s in enumerate(symbols)
        )

    def build(self, resources: Resources) -> WeightedSum:
        """Make the module that computes the sum, with every term built."""
        return WeightedSum(self, resources)


class WeightedSum(nn.Module):
    """A built objective: the sum of its losses.

    Zero-weight terms are kept and computed: a sweep that starts at 0 logs the same columns.
    """

    def __init__(self, objective: Objective, resources: Resources):
        super().__init__()
        self.objective = objective
        self.losses = nn.ModuleList([term.build(resources) for _, term in objective.terms])

    def before(self, pred: Tensor, target: Tensor, entries: dict[str, Tensor]) -> None:
        """Give each term's own trainable part its step; `pred` is detached here."""
        pred = pred.detach()
        for (_, term), loss in zip(self.objective.terms, self.losses, strict=True):
            needs = {name: entries[name].detach() for name in term.needs}
            cast(Loss, loss).before(pred, target, **needs)

    def rests(self) -> bool:
        """Whether a term wants the restoring network's weights to stay as they are in this step."""
        return any(cast(Loss, loss).rests() for loss in self.losses)

    def forward(
        self, pred: Tensor, target: Tensor, entries: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum, 0-d, and each term's unweighted, detached value by name.

        Args:
            pred, target: images, (N, C, H, W), or what the terms take.
            entries: what the terms need besides, see `Objective.needs`.
        """
        total = pred.new_zeros(())
        values: dict[str, Tensor] = {}
        parts = zip(self.objective.terms, self.objective.names, self.losses, strict=True)
        for (weight, term), name, loss in parts:
            value = loss(pred, target, **{need: entries[need] for need in term.needs})
            values[name] = value.detach()
            values |= {f"{name} {key}": n for key, n in cast(Loss, loss).numbers().items()}
            total = total + float(weight) * value
        return total, values

    def learned_state(self) -> dict[str, Any]:
        """What training changes: the state without the networks marked `frozen`.

        A VGG would add 80 MB of constants to every checkpoint.
        """
        constant = self._frozen_prefixes()
        return {k: v for k, v in self.state_dict().items() if not k.startswith(constant)}

    def load_learned_state(self, state: dict[str, Any]) -> None:
        """Restore what `learned_state` returned.

        Raises:
            RuntimeError: it belongs to another objective.
        """
        missing, unexpected = self.load_state_dict(state, strict=False)
        missing = [key for key in missing if not key.startswith(self._frozen_prefixes())]
        if missing or unexpected:
            raise RuntimeError(f"the state lacks {missing} and has unexpected {unexpected}")

    def _frozen_prefixes(self) -> tuple[str, ...]:
        # A module that several terms share is saved under each of its names.
        modules = self.named_modules(remove_duplicate=False)
        return tuple(f"{name}." for name, module in modules if getattr(module, "frozen", False))
