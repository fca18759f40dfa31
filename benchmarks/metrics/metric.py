"""What a metric is: a value per image, a summary over images, and how the number is printed.

Rendering a table takes only `summary`, `replicates` and the class attributes, so a metric's module
imports neither torch nor the judging library until `build`, and numpy only to resample.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from losses.objective import Resources


@dataclass(frozen=True)
class Metric:
    """A column of a table, as declared; its repr is part of a score's identity.

    symbol: the papers' name of the metric.
    unit: printed in captions; empty for a pure number.
    digits: decimal places where a column does not say otherwise.
    higher_is_better: the direction of ranks and arrows.
    needs: entries of the batch that the metric takes besides `pred` and `target`.
    of_pixels: whether it compares pixels, and so follows the evaluation's colour and border; others
        take the whole image in RGB.
    revision: raised when the behaviour is changed on purpose.
    """

    symbol: ClassVar[str]
    unit: ClassVar[str] = ""
    digits: ClassVar[int]
    higher_is_better: ClassVar[bool]
    needs: ClassVar[tuple[str, ...]] = ()
    of_pixels: ClassVar[bool] = False
    revision: ClassVar[int] = 1

    @property
    def smallest_side(self) -> int:
        """Pixels that the shorter side of an image must have, without the border."""
        return 1

    @property
    def note(self) -> str:
        """The definition in one sentence, for captions."""
        raise NotImplementedError

    @property
    def recorded(self) -> Metric:
        """The metric that the values of images are of: this one, but for choices of `summary`.

        Metrics that differ in their summary alone share what is stored, and its identity.
        """
        return self

    def build(self, resources: Resources) -> Callable[..., Any]:
        """The function `(pred, target, **needs) -> value` of one image.

        It takes `pred` and `target` as (3, H, W) float32 RGB in [0, 1], or (1, H, W) luma if it is
        `of_pixels`, clamped and rounded by the protocol, and the entries that `needs` names without
        their batch axis. The value can be written as JSON (no NaN, no infinity) and is what the
        store keeps.
        """
        raise NotImplementedError

    def summary(self, values: Sequence[Any]) -> float:
        """The number of a table cell from the values of all images; here their mean.

        The sum is exact before it is rounded, so the order of the images does not matter.

        Raises:
            ValueError: `values` is empty.
        """
        if not values:
            raise ValueError(f"{self.symbol} of no image: evaluate at least one")
        return math.fsum(values) / len(values)

    def replicates(self, values: Sequence[Any], counts: np.ndarray) -> np.ndarray:
        """The summary of each resample of the images; here their weighted mean.

        Args:
            values: finite, one per image.
            counts: how often each image is drawn, (resamples, n) of integers, each row sums to n.

        Returns:
            (resamples,) float64, equal to `summary` of the drawn values up to rounding.
        """
        import numpy as np

        replicates: np.ndarray = counts @ np.asarray(values, np.float64) / len(values)
        return replicates


def check_images(pred: Tensor, target: Tensor) -> None:
    """Refuse what would give a wrong number without an error.

    Raises:
        ValueError: not (C, H, W), unequal shapes, not finite, or outside [0, 1].
    """
    if pred.ndim != 3 or pred.shape != target.shape:
        raise ValueError(
            "a metric takes one image and its target, (C, H, W) each, "
            f"not {tuple(pred.shape)} and {tuple(target.shape)}"
        )
    for name, image in (("pred", pred), ("target", target)):
        # Of a NaN both are NaN. `isfinite` would hold a copy of the photograph.
        low, high = map(float, image.aminmax())
        if not (math.isfinite(low) and math.isfinite(high)):
            raise ValueError(f"{name} has values that are not finite: the network has diverged")
        if low < 0 or high > 1:
            raise ValueError(f"{name} spans [{low:g}, {high:g}]; clamp it to [0, 1] first")
