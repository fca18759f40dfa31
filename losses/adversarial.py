"""L_GAN: a discriminator learns to tell restored images from clean ones, the network to fool it.

Goodfellow et al.: Generative Adversarial Nets (2014), Eq. 1 and the remark below it (Sec. 3).
- The discriminator minimises -log D(target) - log(1 - D(pred)), both as means over its outputs.
- "non_saturating": the network minimises -log D(pred), which the authors recommend and
  public restoration codes use.
- "minimax": the network minimises log(1 - D(pred)), the game of Eq. 1, and the one whose value at
  the optimal discriminator D2SM quotes as its Eq. 11. D2SM does not say which it trained.

The discriminator belongs to the term: it makes one Adam step per step of the network, in `before`,
on the same batch, and travels with its optimiser in the term's `state_dict`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from losses.objective import Loss, Resources, Term

KINDS = ("non_saturating", "minimax")


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy with real as 1 and fake as 0, 0-d; 2 log 2 for one that cannot tell.

    Args:
        real, fake: logits of the discriminator, any shape (one per image or one per patch).
    """
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Tensor, kind: str = "non_saturating") -> Tensor:
    """What the restoring network minimises, 0-d.

    Args:
        fake: logits of the discriminator for restored images, any shape.
        kind: "non_saturating", -log D, positive; or "minimax", log(1 - D), negative.
    """
    return F.softplus(-fake).mean() if kind == "non_saturating" else -F.softplus(fake).mean()


class AdversarialLoss(Loss):
    """A built `Adversarial`: holds the discriminator and its Adam.

    Its parameters require gradients only inside `before`, so that the network's step neither
    computes nor leaves any in them.
    """

    def __init__(self, spec: Adversarial, resources: Resources):
        super().__init__()
        self.kind = spec.kind
        self.discriminator = resources.fresh(spec.discriminator).to(resources.device)
        self.optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=float(spec.lr), betas=spec.betas
        )
        self.discriminator.requires_grad_(False)

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Make one step of the discriminator; real and fake images go through it as two batches."""
        self.discriminator.requires_grad_(True)
        real = self.discriminator(target.detach())
        fake = self.discriminator(pred.detach())
        self.optimizer.zero_grad()
        discriminator_loss(real, fake).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.discriminator.requires_grad_(False)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """What the network minimises, 0-d. `pred`: images, (N, 3, H, W); `target` is not used."""
        return generator_loss(self.discriminator(pred), self.kind)

    def get_extra_state(self) -> dict[str, Any]:
        """The optimiser's state, which modules do not save by themselves."""
        return self.optimizer.state_dict()

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore the optimiser from a copy: Adam would else write into the caller's tensors."""
        self.optimizer.load_state_dict(copy.deepcopy(state))


@dataclass(frozen=True)
class Adversarial(Term):
    """A GAN's loss for `pred`, with a discriminator that the term trains itself.

    discriminator: a declared network that maps images (N, 3, H, W) to logits of any shape.
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

    def build(self, resources: Resources) -> Loss:
        """Make the loss, with a new discriminator and its optimiser."""
        return AdversarialLoss(self, resources)
