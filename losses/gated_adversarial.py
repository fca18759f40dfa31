"""L_GAN with URDGN's margins: whichever of the two networks is far ahead waits for the other.

Yu, Porikli: Ultra-Resolving Face Images by Discriminative Generative Networks (ECCV 2016).
Official code: XinYuANU/URDGN (Torch7), adverserial_xin_v1_D_revise.lua:
- the errors of a step are the discriminator's cross-entropies on real and on restored images of
  its batch, before it learns from them;
- it makes no step where either of them is below 0.3;
- the restoring network makes none, not for its pixel loss either, where either is above 0.7;
- where that would hold both, it holds none.

The authors train both networks with RMSprop, alpha = 0.9.
Departures: their discriminator sees one half of the batch real and the other half restored, here
all images are seen both ways; their loss is the mean over both halves, here the sum of two means is
twice as large, which RMSprop divides out again; their learning rate begins with 30 smaller steps
and falls by a hundredth in each epoch, here the discriminator's is constant.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from losses.adversarial import Adversarial, AdversarialLoss, discriminator_errors
from losses.objective import Loss, Resources

MARGINS = (0.3, 0.7)


def held(errors: tuple[float, float], margins: tuple[float, float]) -> tuple[bool, bool]:
    """Whether the discriminator makes no step, and whether the restoring network makes none.

    Args:
        errors: the discriminator's on real and on restored images.
        margins: it is ahead where either error is below the first, and behind where either is
            above the second. Of the one, it waits; of the other, the network; of both, nobody.
    """
    ahead, behind = min(errors) < margins[0], max(errors) > margins[1]
    return ahead and not behind, behind and not ahead


class GatedAdversarialLoss(AdversarialLoss):
    """A built `GatedAdversarial`; who waits is found anew in each step, so that nothing lasts."""

    def __init__(self, spec: GatedAdversarial, resources: Resources):
        super().__init__(spec, resources)
        self.margins = (float(spec.margins[0]), float(spec.margins[1]))
        if spec.rms is not None:
            self.trains(spec.lr, rms=spec.rms)
        self._network_rests = False
        self._errors: dict[str, Tensor] = {}

    def own_loss(self, real: Tensor, fake: Tensor) -> Tensor | None:
        """The sum of both errors, 0-d; None where the discriminator is ahead."""
        of_real, of_fake = discriminator_errors(real, fake)
        self._errors = {"real": of_real.detach(), "fake": of_fake.detach()}
        errors = (float(self._errors["real"]), float(self._errors["fake"]))
        waits, self._network_rests = held(errors, self.margins)
        return None if waits else of_real + of_fake

    def rests(self) -> bool:
        """Whether the discriminator is behind."""
        return self._network_rests

    def numbers(self) -> dict[str, Tensor]:
        """The errors that decide who waits."""
        return self._errors


@dataclass(frozen=True)
class GatedAdversarial(Adversarial):
    """A GAN's loss for `pred`, in whose game the stronger side waits.

    margins: errors of the discriminator between which both sides make their steps, see `held`.
    rms: alpha of an RMSprop that trains the discriminator in the place of Adam.
    """

    margins: tuple[float, float] = MARGINS
    rms: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self.margins
        if not 0 <= low < high:
            raise ValueError(f"margins must be two errors, the smaller first, not {self.margins}")

    def build(self, resources: Resources) -> Loss:
        """Make the loss, with a new discriminator and its optimiser."""
        return GatedAdversarialLoss(self, resources)
