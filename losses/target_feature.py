"""L_feat: a second network's features supervise the restoring one's, and the other way round.

Chen et al.: Enhanced Image Restoration via Supervised Target Feature Transfer (STFT), Eq. 4, 5, 11.
No code was released. Two networks are trained side by side; each takes the other's features as
given:

- the restoring network minimises its image loss + lambda_1 * sum_d L(F_gen^d, F_GT^d), Eq. 5: the
  sum is the value of the terms here, lambda_1 their weight in the objective;
- its partner minimises L_1 of its own image + lambda_2 * sum_d L(F_GT^d, F_gen^d), Eq. 11.

The partner of `TargetFeature` is an autoencoder that sees the target itself (Eq. 4); that of
`MutualLearning` (Zhang et al., Deep Mutual Learning, CVPR 2018; STFT, Table 3) is a second restorer
that sees the same input. Both networks take their step from the same batch and the same weights:
what supervises the restorer are the features that the partner had before its own step.

Assumed, for the paper does not say: neither loss has a gradient in the other's network; "L_2" is
the mean squared difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import torch
from torch import Tensor

from losses.feature_distances import check_supervised, over_layers
from losses.l1 import l1
from losses.objective import Resources, Term
from losses.self_trained import SelfTrained


class PartnerLoss(SelfTrained):
    """A built `TargetFeature` or `MutualLearning`: holds the partner and its Adam."""

    def __init__(self, spec: TargetFeature | MutualLearning, resources: Resources):
        super().__init__()
        self.spec = spec
        self.partner = resources.fresh(spec.partner).to(memory_format=torch.channels_last)
        self.trains(spec.lr, halve_every=spec.halve_every)
        self._seen: Sequence[Tensor] | None = None
        self._values: dict[str, Tensor] = {}

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Make one step of the partner, and keep its features of this step for `forward`."""
        self.own_step(lambda: self._partner_loss(target, needs))

    def _partner_loss(self, target: Tensor, needs: dict[str, Tensor]) -> Tensor:
        """Eq. 11, 0-d; `needs` are detached."""
        image, features = self._partner_of(target, needs)
        image_loss = l1(image, target)
        feature_loss = self._compared(features, self._restorers(needs))
        self._seen = tuple(feature.detach() for feature in features)
        self._values = {"L_rec": image_loss.detach()}
        return image_loss + float(self.spec.restraint) * feature_loss

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The sum of Eq. 5 over the supervised layers, 0-d.

        Args:
            pred: not used. target: clean images, (N, C, H, W).
            needs: the restorer's features by name, each (N, C', H', W'), and what the partner sees.
        """
        seen, self._seen = self._seen, None
        if seen is None:  # no step was made for this batch
            with torch.no_grad():
                _, seen = self._partner_of(target, needs)
        return self._compared(self._restorers(needs), seen)

    def numbers(self) -> dict[str, Tensor]:
        """The partner's own image loss, by which one sees that it learns."""
        return self._values

    def _partner_of(
        self, target: Tensor, needs: dict[str, Tensor]
    ) -> tuple[Tensor, Sequence[Tensor]]:
        """The partner's image and its features of a batch."""
        names = getattr(self.partner, "inputs", ("input",))
        image, *features = self.partner(*self.spec.shown(names, target, needs))
        return image, features

    def _restorers(self, needs: dict[str, Tensor]) -> list[Tensor]:
        return [needs[name] for name in self.spec.features]

    def _compared(self, ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> Tensor:
        spec = self.spec
        return over_layers(spec.distance, spec.features, ours, theirs, float(spec.unit))


@dataclass(frozen=True)
class TargetFeature(Term):
    """Features of the target, from an autoencoder that is trained beside, as supervision.

    partner: the declared extractor; its first output is the image, the others its features.
    features: the restorer's outputs that they supervise, in the same order.
    lr: of the extractor's Adam. halve_every: steps after which it is halved; 0 for never.
    restraint: lambda_2, by how much the extractor is drawn to the restorer's features.
    distance: a key of `feature_distances.DISTANCES`.
    unit: what features are divided by before they are compared: 255 for networks that work on grey
        levels 0..255 inside, so that a weight means the same as for images in [0, 1].
    """

    partner: Any
    features: tuple[str, ...]
    lr: float
    halve_every: int = 0
    restraint: float = 0.1
    distance: str = "l2"
    unit: float = 1.0

    symbol: ClassVar[str] = "L_feat"

    def __post_init__(self) -> None:
        check_supervised(self.features, self.distance)
        object.__setattr__(self, "needs", tuple(self.features))

    def build(self, resources: Resources) -> PartnerLoss:
        """Make the loss, with a new partner and its optimiser."""
        return PartnerLoss(self, resources)

    def shown(self, names: Sequence[str], target: Tensor, needs: dict[str, Tensor]) -> list[Tensor]:
        """What the extractor sees: the target, and where it takes a noise level, none.

        Raises:
            ValueError: it takes something else.
        """
        known = {"input": target, "sigma": target.new_zeros(len(target))}
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"an extractor of target features cannot be given {unknown[0]!r}")
        return [known[name] for name in names]

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        """The same term with its schedule in proportion."""
        if not self.halve_every:
            return self
        return replace(self, halve_every=max(1, round(self.halve_every * steps)))


@dataclass(frozen=True)
class MutualLearning(TargetFeature):
    """Features of a second restorer that is trained beside on the same inputs.

    sees: the entries of the batch that the partner takes.
    restraint: 1, so that both networks draw each other alike.
    """

    restraint: float = 1.0
    sees: tuple[str, ...] = ("input",)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "needs", (*self.features, *self.sees))

    def shown(self, names: Sequence[str], target: Tensor, needs: dict[str, Tensor]) -> list[Tensor]:
        """What the restorer sees as well."""
        return [needs[name] for name in self.sees]
