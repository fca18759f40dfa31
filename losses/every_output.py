"""A term that is applied to several outputs of a network, each compared with the same target.

Recurrent networks give an image per step, and the papers' pixel terms are of all of them: Ma,
Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with Iterative Collaboration between Attentive
Recovery and Landmark Estimation (CVPR 2020) sums L_1 over four steps, Chen, Tai, Liu, Shen, Yang:
FSRNet (CVPR 2018) L_2 over the coarse and the final image. Every output weighs one. Outputs are as
large as the target; for smaller ones see `losses.scales`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

from torch import Tensor, nn

from losses.objective import Loss, Resources, Term


class EveryOutputLoss(Loss):
    """A built `EveryOutput`: the term, built for each output.

    What a term has of its own, a queue or a discriminator, is thus of one output, and makes one
    step per step of the network.
    """

    def __init__(self, spec: EveryOutput, resources: Resources):
        super().__init__()
        self.spec = spec
        self.names = ("pred", *spec.outputs)
        self.losses = nn.ModuleList(spec.term.build(resources) for _ in self.names)

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Prepare a step of every output's loss."""
        own = self._own(needs)
        for name, loss in self._by_name():
            loss.before(needs.get(name, pred), target, **own)

    def numbers(self) -> dict[str, Tensor]:
        """What the losses show, by the names of output and number."""
        return {
            f"{name} {key}": number
            for name, loss in self._by_name()
            for key, number in loss.numbers().items()
        }

    def rests(self) -> bool:
        """Whether one of the losses wants the network to make no step."""
        return any(loss.rests() for _, loss in self._by_name())

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The term's values for all outputs, summed, 0-d.

        Args:
            pred, target: what the term takes.
            needs: the other outputs, of the shape of `pred`, and what the term needs.
        """
        own, total = self._own(needs), pred.new_zeros(())
        for name, loss in self._by_name():
            total = total + loss(needs.get(name, pred), target, **own)
        return total

    def _by_name(self) -> Iterator[tuple[str, Loss]]:
        """The outputs' names, of which `pred` is none of the needs, and their losses."""
        return zip(self.names, cast(list[Loss], list(self.losses)), strict=True)

    def _own(self, needs: dict[str, Tensor]) -> dict[str, Tensor]:
        return {name: needs[name] for name in self.spec.term.needs}


@dataclass(frozen=True)
class EveryOutput(Term):
    """A term's value for `pred` and for each of `outputs`, summed.

    term: what is applied; a term that compares no images but, such as features, its needs has the
        same value for each.
    outputs: of the network, besides its first one.
    """

    term: Term
    outputs: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.outputs or "pred" in self.outputs or len(set(self.outputs)) < len(self.outputs):
            raise ValueError(
                "outputs must be one or more besides 'pred', which is always compared, each once, "
                f"not {self.outputs!r}"
            )
        # An instance bears the name of its term, and takes what that takes.
        object.__setattr__(self, "symbol", self.term.symbol)
        needs = dict.fromkeys((*self.outputs, *self.term.needs))
        object.__setattr__(self, "needs", tuple(needs))

    def build(self, resources: Resources) -> Loss:
        """Make the loss, with the term built once per output."""
        return EveryOutputLoss(self, resources)

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        """The same outputs, with the term's own sizes scaled."""
        return replace(self, term=self.term.scaled(crop, batch, steps))
