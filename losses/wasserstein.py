"""L_GAN with a critic: the distance between real and restored images in the eyes of a smooth judge.

Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville: Improved Training of Wasserstein GANs (2017), Eq. 3
and Algorithm 1; Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs for Improved Quality,
Stability, and Variation (ICLR 2018): the drift (Appendix A.1), and slopes other than 1.
- The critic D minimises mean D(pred) - mean D(target) + penalty * P + drift * mean D(target)^2 with
  P = mean (|grad D(x)| / slope - 1)^2, the gradient for each x = e * target + (1 - e) * pred, and
  e drawn from [0, 1] once per image.
- The network minimises -mean D(pred).

A critic that compares the images of its batch (PFSR's does) has all their gradients in those of the
sum of its values, as in the public codes. The critic is the term's own: see `losses.self_trained`.
It makes one step per step of the network, before it and on the same images; PFSR's code makes it
after it, on images of the network that has learned already.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from losses.adversarial import Adversarial
from losses.objective import Loss, Resources, Term
from losses.same_shape import check_same_shape
from losses.self_trained import SelfTrained


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], images: Tensor, slope: float = 1.0
) -> Tensor:
    """How far the critic's slope at each image is from the wanted one, 0-d, as a mean of squares.

    Args:
        critic: maps images to values of any shape.
        images: (N, C, H, W), between real and restored ones.
        slope: the wanted Euclidean norm of the gradient for an image, per unit of the images.
    """
    images = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(images).sum(), images, create_graph=True)
    return (torch.linalg.vector_norm(gradient.flatten(1), dim=1) / slope - 1).square().mean()


class WassersteinLoss(SelfTrained):
    """A built `Wasserstein`: holds the critic, its Adam, and where between images it looks."""

    def __init__(self, spec: Wasserstein, resources: Resources):
        super().__init__()
        self.spec = spec
        self.critic = resources.fresh(spec.discriminator).to(resources.device)
        # On the CPU whatever the device is, so that a seed means the same factors everywhere.
        self.draws = torch.Generator().manual_seed(int(spec.seed))
        self.trains(spec.lr, spec.betas)

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Make one step of the critic.

        Raises:
            ValueError: the images are not of one shape.
        """
        check_same_shape(pred, target)
        real, fake = target.detach(), pred.detach()
        share = torch.rand(len(real), 1, 1, 1, generator=self.draws).to(real)
        between = share * real + (1 - share) * fake
        critic = self._critic(needs)

        def loss() -> Tensor:
            values = critic(real)
            distance = values.mean() - critic(fake).mean()
            penalty = gradient_penalty(critic, between, float(self.spec.slope))
            drift = float(self.spec.drift) * values.square().mean()
            return float(self.spec.penalty) * penalty + drift - distance

        self.own_step(loss)

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """What the network minimises, 0-d. `pred`: images, (N, 3, H, W); `target` is not used."""
        return -self._critic(needs)(pred).mean()

    def _critic(self, needs: dict[str, Tensor]) -> Callable[[Tensor], Tensor]:
        """The critic as a function of images, beside what it is shown with them."""
        beside = [needs[name].detach() for name in self.spec.needs]
        return lambda images: self.critic(images, *beside)

    def get_extra_state(self) -> dict[str, Any]:
        """As of other terms that train a network, and the state of the random factors."""
        return {**super().get_extra_state(), "draws": self.draws.get_state()}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_extra_state` returned."""
        super().set_extra_state(state)
        self.draws.set_state(state["draws"].cpu())


@dataclass(frozen=True)
class Wasserstein(Term):
    """A Wasserstein GAN's loss for `pred`, with a critic that the term trains itself.

    discriminator: a declared network that maps images (N, 3, H, W) to values of any shape; what it
        is shown beside them as with `Adversarial`.
    lr, betas: settings of the critic's Adam, constant over the run.
    penalty, drift: weights of the gradient penalty and of the square of the values of real images.
    slope: the slope that the penalty asks for, in values per unit of images in [0, 1]. The authors
        of a critic that sees images in [-1, 1] ask for 1 there, which is 2 here.
    """

    discriminator: Any
    lr: float = 1e-3
    betas: tuple[float, float] = (0.0, 0.99)
    penalty: float = 10.0
    drift: float = 1e-3
    slope: float = 1.0
    seed: int = 0

    symbol: ClassVar[str] = "L_GAN"

    def __post_init__(self) -> None:
        if not self.slope > 0:
            raise ValueError(f"slope must be > 0, not {self.slope!r}")
        object.__setattr__(self, "needs", Adversarial(self.discriminator, self.lr).needs)

    def build(self, resources: Resources) -> Loss:
        """Make the loss, with a new critic and its optimiser."""
        return WassersteinLoss(self, resources)
