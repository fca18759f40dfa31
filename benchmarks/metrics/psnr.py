"""Peak signal-to-noise ratio, judged by scikit-image.

10 log10(1 / MSE) for a peak of 1, the mean squared error taken over all pixels and all channels
together, per image and in float64. Papers that crop a border or use luma get other
numbers (0.1 to 2 dB); the protocol record of a table says what was cropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from benchmarks.metrics.metric import Metric, check_images
from benchmarks.metrics.strips import mean_of_strips

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from losses.objective import Resources


@dataclass(frozen=True)
class PSNR(Metric):
    """PSNR in dB of RGB images, or of their luma.

    Identical images have an infinite PSNR, which JSON cannot hold: the value of such an image is
    None, and the mean over images that include one is infinite.
    """

    symbol: ClassVar[str] = "PSNR"
    unit: ClassVar[str] = "dB"
    digits: ClassVar[int] = 2
    higher_is_better: ClassVar[bool] = True
    of_pixels: ClassVar[bool] = True

    @property
    def note(self) -> str:
        """The definition in one sentence, for captions."""
        return (
            "PSNR in dB for a peak of 1 and the mean squared error over all pixels and "
            "channels of an image, averaged over images"
        )

    def build(self, resources: Resources) -> Callable[..., float | None]:
        """PSNR of one image, None where the images are equal."""
        import numpy as np
        from skimage.metrics import mean_squared_error

        def squared_error(pred: Tensor, target: Tensor) -> float:
            a, b = target.double().cpu().numpy(), pred.double().cpu().numpy()
            return float(mean_squared_error(a, b))

        def psnr(pred: Tensor, target: Tensor) -> float | None:
            check_images(pred, target)
            error = mean_of_strips(squared_error, pred, target)
            return float(10 * np.log10(1 / error)) if error else None

        return psnr

    def summary(self, values: Sequence[Any]) -> float:
        """The mean in dB over images; infinite as soon as one image is restored exactly."""
        return super().summary([math.inf if value is None else value for value in values])

    def replicates(self, values: Sequence[Any], counts: np.ndarray) -> np.ndarray:
        """The mean in dB of each resample; infinite where one of its images is exact."""
        exact = [value is None for value in values]
        replicates = super().replicates([value or 0.0 for value in values], counts)
        replicates[counts[:, exact].any(axis=1)] = math.inf
        return replicates


@dataclass(frozen=True)
class PooledPSNR(PSNR):
    """PSNR in dB of the mean squared error of all images; at most the mean of their PSNRs.

    Some programs average errors and take the logarithm once. What an image is worth in it is its
    own PSNR, so that both are taken from the same records.
    """

    @property
    def note(self) -> str:
        """The definition in one sentence, for captions."""
        return (
            "PSNR in dB for a peak of 1 and the mean squared error over all pixels and "
            "channels of an image, averaged over images before the logarithm is taken"
        )

    @property
    def recorded(self) -> PSNR:
        """The PSNRs of images."""
        return PSNR()

    def summary(self, values: Sequence[Any]) -> float:
        """PSNR of the mean error; infinite only where every image is restored exactly."""
        error = Metric.summary(self, [_error(value) for value in values])
        return -10 * math.log10(error) if error else math.inf

    def replicates(self, values: Sequence[Any], counts: np.ndarray) -> np.ndarray:
        """PSNR of the mean error of each resample."""
        import numpy as np

        errors = Metric.replicates(self, [_error(value) for value in values], counts)
        with np.errstate(divide="ignore"):
            decibels: np.ndarray = -10 * np.log10(errors)
        return decibels


def _error(decibels: float | None) -> float:
    """The mean squared error of an image with that PSNR; 0 of one that is exact."""
    return 0.0 if decibels is None else 10 ** (-decibels / 10)
