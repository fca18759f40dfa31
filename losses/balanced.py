"""A term weighed by measurement: its gradient is so many times as large as that of other terms.

A printed weight belongs to the features that it was chosen for. With other features the same number
means another pull, and what carries over is how strongly the term pulls beside the rest of its
objective. So the weight is measured where the training begins, by a rule that is declared:

    weight = share * mean_t |grad L_others| / mean_t |grad L_term|

with the Euclidean norms of the gradients for the restored images of a batch, averaged over the
first steps. During these steps the averages are those so far; then the weight stays. A step in
which the term has no gradient, such as the first of one that compares a batch of two with a queue
that is still empty, counts in neither average.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from losses.objective import Loss, Objective, Resources, Term, WeightedSum

WEIGHT = "weight"  # under which name the log has it, after the term's


class BalancedLoss(Loss):
    """A built `Balanced`; the sums behind the weight last in the objective's state."""

    others_norm: Tensor
    own_norm: Tensor
    measured: Tensor

    def __init__(self, spec: Balanced, resources: Resources):
        super().__init__()
        self.spec = spec
        self.inner = spec.term.build(resources)
        self.others: WeightedSum = spec.others.build(resources)
        for name in ("others_norm", "own_norm", "measured"):
            empty = torch.zeros((), dtype=torch.float64, device=resources.device)
            self.register_buffer(name, empty)

    @property
    def weight(self) -> Tensor:
        """The weight so far, 0-d float64; zero before the term has shown a gradient."""
        ratio = self.others_norm / self.own_norm.clamp_min(torch.finfo(torch.float64).tiny)
        return float(self.spec.share) * ratio

    def numbers(self) -> dict[str, Tensor]:
        """The weight, for the log."""
        return {WEIGHT: self.weight}

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Give the term's own trainable part its step."""
        self.inner.before(pred, target, **self._own(needs))

    def rests(self) -> bool:
        """As the term has it."""
        return self.inner.rests()

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The weighed term, 0-d; measures while it trains and its first steps last.

        Raises:
            ValueError: the term has no gradient in any of them, so that no weight balances it.
        """
        value = self.inner(pred, target, **self._own(needs))
        if self.training and torch.is_grad_enabled() and self.measured < self.spec.steps:
            own = _gradient_norm(value, pred)
            self.measured += 1
            if own > 0:
                others, _ = self.others(pred, target, needs)
                self.others_norm += _gradient_norm(others, pred)
                self.own_norm += own
            elif own == 0 and self.own_norm == 0 and self.measured == self.spec.steps:
                raise ValueError(
                    f"{self.spec.symbol} has no gradient beside {self.spec.others!r}: no weight "
                    "gives it one"
                )
        return self.weight.to(value.dtype) * value

    def _own(self, needs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: needs[name] for name in self.spec.term.needs}


@dataclass(frozen=True)
class Balanced(Term):
    """A term that pulls `share` times as strongly as other terms where the training begins.

    others: the terms that it is weighed against, with their weights; they are not added.
    steps: how many first steps are averaged; at the very first one a queue is still empty, and a
        single batch of crops is a matter of luck.
    """

    term: Term
    others: Objective
    share: float = 1.0
    steps: int = 16

    def __post_init__(self) -> None:
        if not self.share > 0:
            raise ValueError(f"share must be > 0, not {self.share!r}")
        if self.steps < 1:
            raise ValueError(f"steps must be at least 1, not {self.steps!r}")
        # An instance bears the name of its term, and takes what both sides take.
        object.__setattr__(self, "symbol", self.term.symbol)
        needs = dict.fromkeys((*self.term.needs, *self.others.needs))
        object.__setattr__(self, "needs", tuple(needs))

    def build(self, resources: Resources) -> Loss:
        """Make the loss, with the term and those that it is weighed against."""
        return BalancedLoss(self, resources)

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        """The same rule for a term with its own sizes scaled."""
        term = self.term.scaled(crop, batch, steps)
        return Balanced(term, self.others, self.share, self.steps)


def unweighed(term: Term) -> Term:
    """The term that is weighed by a rule, or the term itself."""
    return term.term if isinstance(term, Balanced) else term


def _gradient_norm(value: Tensor, pred: Tensor) -> Any:
    """The Euclidean norm of the gradient of a 0-d value for `pred`, 0-d float64."""
    (gradient,) = torch.autograd.grad(value, pred, retain_graph=True)
    return torch.linalg.vector_norm(gradient.double())
