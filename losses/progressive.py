"""A term for a network that grows: the target in the size of `pred`, and a weight for each size.

Kim, Kim, Kwon, Kim: Progressive Face Super-Resolution via Attention to Facial Landmark (BMVC 2019)
train at 32x32, 64x64 and 128x128 in turn, against targets that are halved one after the other, and
with other weights in each stage. Their code halves 8-bit images with Pillow's bilinear filter; here
the filter is the same (antialiased, two pixels wide to either side) and nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from torch import Tensor
from torch.nn import functional as F

from losses.objective import Loss, Resources, Term

POINTS = "points"


def halved(images: Tensor, side: int) -> Tensor:
    """Images halved, with an antialiased bilinear filter, until they are `side` pixels wide.

    Args:
        images: (N, C, H, W).
    Returns:
        (N, C, H / 2^k, W / 2^k), or `images` themselves where they are so wide.

    Raises:
        ValueError: halving does not lead there.
    """
    height, width = images.shape[-2:]
    while images.shape[-1] > side and not any(size % 2 for size in images.shape[-2:]):
        size = [half // 2 for half in images.shape[-2:]]
        images = F.interpolate(images, size=size, mode="bilinear", antialias=True)
    if images.shape[-1] != side:
        raise ValueError(
            f"a target of {height}x{width} cannot be halved until it is {side} wide: pred has "
            "to be as wide as the target, or a half, a quarter, ... of it"
        )
    return images


class ProgressiveLoss(Loss):
    """A built `Progressive`: holds the loss of its term."""

    def __init__(self, spec: Progressive, resources: Resources):
        super().__init__()
        self.weights = {int(side): float(weight) for side, weight in dict(spec.pairs).items()}
        self.inner = spec.term.build(resources)

    def numbers(self) -> dict[str, Tensor]:
        """What the log shows of the term."""
        return self.inner.numbers()

    def before(self, pred: Tensor, target: Tensor, **needs: Tensor) -> None:
        """Give the term's own trainable part its step, unless the term weighs nothing."""
        if self._weight(pred):
            resized, given = _resized(pred, target, needs)
            self.inner.before(pred, resized, **given)

    def rests(self) -> bool:
        """Whether the term wants the network to make no step."""
        return self.inner.rests()

    def forward(self, pred: Tensor, target: Tensor, **needs: Tensor) -> Tensor:
        """The term times the weight of the size of `pred`, 0-d.

        Where that weight is 0 nothing is computed; the gradient is zero.
        """
        weight = self._weight(pred)
        if not weight:
            return 0 * pred.mean()
        resized, given = _resized(pred, target, needs)
        return weight * self.inner(pred, resized, **given)

    def _weight(self, pred: Tensor) -> float:
        side = pred.shape[-1]
        if side not in self.weights:
            raise ValueError(
                f"a prediction {side} pixels wide has no weight: give one for it beside those for "
                f"{', '.join(map(str, self.weights))}"
            )
        return self.weights[side]


@dataclass(frozen=True)
class Progressive(Term):
    """A term against the target in the size of `pred`, times a weight for that size.

    pairs: the width of `pred` in pixels and the weight, for each width that a training meets; a
        dict from one to the other becomes a tuple of them. 0 computes nothing of the term.

    Of what the term needs besides, `points` are in pixels of the target and are brought to those of
    `pred`; the rest is handed on as it is.
    """

    term: Term
    pairs: Mapping[int, float] | tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        if isinstance(self.pairs, Mapping):
            object.__setattr__(self, "pairs", tuple(sorted(self.pairs.items())))
        if not self.pairs or len(dict(self.pairs)) < len(self.pairs):
            raise ValueError(f"every width has one weight, and one has to: not {self.pairs!r}")
        # An instance bears the name of its term, and takes what that takes.
        object.__setattr__(self, "symbol", self.term.symbol)
        object.__setattr__(self, "needs", self.term.needs)

    def build(self, resources: Resources) -> Loss:
        """Make the loss, with that of the term."""
        return ProgressiveLoss(self, resources)

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        """The same for smaller images: widths and the term's own sizes follow."""
        term, pairs = self.term.scaled(crop, batch, steps), self.pairs
        if crop != 1:
            pairs = tuple((int(side * crop), weight) for side, weight in dict(pairs).items())
        return Progressive(term, pairs)


def _resized(
    pred: Tensor, target: Tensor, needs: dict[str, Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    """The target and what is given besides, in the size of `pred`."""
    share = pred.shape[-1] / target.shape[-1]
    if POINTS in needs:
        needs = {**needs, POINTS: (needs[POINTS] + 0.5) * share - 0.5}
    return halved(target, pred.shape[-1]), needs
