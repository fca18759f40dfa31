"""L_Asymmetric: CBDNet's loss of the estimated noise level.

Guo, Yan, Zhang, Zuo, Zhang: Toward Convolutional Blind Denoising of Real Photographs (2019),
Sec. 3.3: sum of |alpha - 1[est - truth < 0]| (est - truth)^2. A denoiser suffers more from a noise
level that is too low than from one that is too high, so with alpha < 0.5 an under-estimate costs
1 - alpha and an over-estimate alpha.

Departures: the mean instead of the sum, as in IDKiro/CBDNet-pytorch, so that the weight 0.5 does
not depend on the crop. That port has the indicator the other way round (1[truth < est]) and
penalises over-estimates; here the paper's direction. Under white Gaussian noise the true
map is the constant sigma / 255.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from losses.objective import Loss, Resources, Term


def asymmetric(noise_level: Tensor, sigma: Tensor, alpha: float = 0.3) -> Tensor:
    """Mean squared error of a noise map, under-estimates weighted 1 - alpha, others alpha; 0-d.

    Args:
        noise_level: estimated standard deviation per pixel, image range [0, 1], (N, C, H, W).
        sigma: true standard deviation per image in 0..255, (N,).
        alpha: the weight of over-estimates, in (0, 0.5).
    """
    error = noise_level - sigma.detach().view(-1, 1, 1, 1) / 255
    weight = (alpha - (error < 0).to(error.dtype)).abs()
    return (weight * error.square()).mean()


class AsymmetricLoss(Loss):
    """A built `Asymmetric`; reads the entries `noise_level` and `sigma`."""

    def __init__(self, alpha: float):
        super().__init__()
        self.alpha = alpha

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The loss of `noise_level` against `sigma`, 0-d; `pred` and `target` are not used."""
        return asymmetric(needs["noise_level"], needs["sigma"], self.alpha)


@dataclass(frozen=True)
class Asymmetric(Term):
    """CBDNet's loss of the estimated noise level.

    alpha: the weight of over-estimates; 0.3 in the paper.
    """

    alpha: float = 0.3

    symbol: ClassVar[str] = "L_Asymmetric"
    needs: ClassVar[tuple[str, ...]] = ("noise_level", "sigma")

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            raise ValueError(f"alpha must lie between 0 and 0.5, not {self.alpha!r}")

    def build(self, resources: Resources) -> Loss:
        """Make the loss, which has no state."""
        return AsymmetricLoss(float(self.alpha))
