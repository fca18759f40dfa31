"""L_GAN: a discriminator learns to tell restored images from clean ones, the network to fool it.

Goodfellow et al.: Generative Adversarial Nets (2014), Eq. 1 and the remark below it (Sec. 3).
- The discriminator minimises -log D(target) - log(1 - D(pred)), both as means over its outputs.
- "non_saturating": the network minimises -log D(pred), which the authors recommend and
  public restoration codes use.
- "minimax": the network minimises log(1 - D(pred)), the game of Eq. 1, and the one whose value at
  the optimal discriminator D2SM quotes as its Eq. 11. D2SM does not say which it trained.

Isola et al.: Image-to-Image Translation with Conditional Adversarial Networks (2017), Eq. 1: a
discriminator that is shown the degraded image too judges whether the two belong together. One that
gives a map of logits has the mean of its pixels' cross-entropies.

The discriminator is the term's own: see `losses.self_trained`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F

from losses.objective import Loss, Resources, Term
from losses.self_trained import SelfTrained

KINDS = ("non_saturating", "minimax")


def discriminator_errors(real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    """Binary cross-entropies with real as 1 and fake as 0, 0-d each; log 2 where it cannot tell.

    Args:
        real, fake: logits of the discriminator, any shape (one per image or one per patch).
    """
    return F.softplus(-real).mean(), F.softplus(fake).mean()


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """The sum of both errors, 0-d; 2 log 2 for one that cannot tell.

    Args:
        real, fake: as in `discriminator_errors`.
    """
    of_real, of_fake = discriminator_errors(real, fake)
    return of_real + of_fake


def generator_loss(fake: Tensor, kind: str = "non_saturating") -> Tensor:
    """What the restoring network minimises, 0-d.

    Args:
        fake: logits of the discriminator for restored images, any shape.
        kind: "non_saturating", -log D, positive; or "minimax", log(1 - D), negative.
    """
    return F.softplus(-fake).mean() if kind == "non_saturating" else -F.softplus(fake).mean()


class AdversarialLoss(SelfTrained):
    """A built `Adversarial`: holds the discriminator and its Adam."""

    def __init__(self, spec: Adversarial, resources: Resources):
        super().__init__()
        self.kind = spec.kind
        self.beside = spec.needs
        self.discriminator = resources.fresh(spec.discriminator).to(resources.device)
        self.trains(spec.lr, spec.betas)

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Make one step of the discriminator; real and fake images go through it as two batches."""
        real, fake = target.detach(), pred.detach()
        beside = self._beside(needs)
        self.own_step(
            lambda: self.own_loss(
                self.discriminator(real, *beside), self.discriminator(fake, *beside)
            )
        )

    def own_loss(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """What the discriminator minimises for its logits, 0-d; None for no step."""
        return discriminator_loss(real, fake)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """What the network minimises, 0-d. `pred`: images, (N, 3, H, W); `target` is not used."""
        return generator_loss(self.discriminator(pred, *self._beside(needs)), self.kind)

    def _beside(self, needs: dict[str, Tensor]) -> list[Tensor]:
        """What the discriminator is shown with the image, in its order."""
        return [needs[name].detach() for name in self.beside]


@dataclass(frozen=True)
class Adversarial(Term):
    """A GAN's loss for `pred`, with a discriminator that the term trains itself.

    discriminator: a declared network that maps images (N, 3, H, W) to logits of any shape. The
        first of its `inputs` is the image that it judges; others are entries of the batch that a
        conditional one is shown beside it, such as "input".
    lr, betas: settings of the discriminator's Adam, constant over the run.
    kind: "non_saturating" or "minimax", see `generator_loss`.
    """

    discriminator: Any
    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    kind: str = "non_saturating"

    symbol: ClassVar[str] = "L_GAN"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")
        _, *beside = getattr(self.discriminator, "inputs", ("pred",))
        object.__setattr__(self, "needs", tuple(beside))

    def build(self, resources: Resources) -> Loss:
        """Make the loss, with a new discriminator and its optimiser."""
        return AdversarialLoss(self, resources)
