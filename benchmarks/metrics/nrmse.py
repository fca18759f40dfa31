"""NRMSE: how far the landmarks that a frozen network finds in the restored face are from the truth.

Ma, Jiang, Rao, Lu, Zhou: Deep Face Super-Resolution with Iterative Collaboration between Attentive
Recovery and Landmark Estimation (CVPR 2020), measured by eval_landmark.py of
Maclory/Deep-Iterative-Collaboration: the root of the mean squared distance of a face's 68
landmarks, in pixels, divided by a size of the true face; then the mean over faces.
The script writes three such sizes, and no source says which of them is printed. All are differences
in x alone. Two are of the eyes, and take numbers that count the landmarks from 1 in an array that
counts from 0, so that they end at the lids and not at the corners:

width: from the leftmost to the rightmost landmark.
outer_eyes: from landmark 37 to 46, counted from 0.
eye_centres: from the middle of 37 and 40 to that of 43 and 46, counted from 0.
inter_ocular: the distance of the outer corners, 36 and 45, in the plane. Not the script's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from benchmarks.metrics.landmarks import centroid_peaks, dic_peaks
from benchmarks.metrics.metric import Metric, check_images

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from losses.objective import Resources

LANDMARKS = 68
DECODERS = {"dic": dic_peaks, "centroid": centroid_peaks}
Normaliser = Literal["eye_centres", "outer_eyes", "width", "inter_ocular"]
NORMALISERS: dict[Normaliser, str] = {
    "eye_centres": "the horizontal distance of the eyes' centres, read off the next landmarks",
    "outer_eyes": "the horizontal distance of the eyes' outer corners, read off the next landmarks",
    "width": "the width of the face's landmarks",
    "inter_ocular": "the distance of the eyes' outer corners",
}


@dataclass(frozen=True)
class NRMSE(Metric):
    """Normalised root mean squared error of landmarks, 0 where all are found.

    aligner: a declared network from faces (N, 3, H, W) to heatmaps (N, 68, h, w), which may give
        further outputs after them. Its `peaks` say how the maps are read, which hangs on how they
        were learnt: "dic", with a landmark at a quarter of its place, or "centroid", centred.
    normaliser: the size of the face by which the error is divided, see above.
    """

    aligner: Any
    normaliser: Normaliser = "eye_centres"

    symbol: ClassVar[str] = "NRMSE"
    digits: ClassVar[int] = 4
    higher_is_better: ClassVar[bool] = False
    needs: ClassVar[tuple[str, ...]] = ("points",)

    def __post_init__(self) -> None:
        if self.normaliser not in NORMALISERS:
            raise ValueError(
                f"normaliser must be one of {', '.join(NORMALISERS)}, not {self.normaliser!r}"
            )

    @property
    def note(self) -> str:
        """The definition in one sentence, for captions."""
        return (
            f"NRMSE of {LANDMARKS} landmarks, each face's divided by "
            f"{NORMALISERS[self.normaliser]}, averaged over faces"
        )

    @property
    def recorded(self) -> NRMSE:
        """The error in pixels and all sizes of the face, by whichever it is divided."""
        return replace(self, normaliser="eye_centres")

    def build(self, resources: Resources) -> Callable[..., dict[str, float]]:
        """The error and the sizes of one face, in pixels; takes `points` (68, 2), x and y.

        Raises:
            ValueError: of the function: not 68 points or maps, some that are not finite, maps of
                other proportions than the face, or a face whose size is not positive.
        """
        find = self.finder(resources)

        def measure(pred: Tensor, target: Tensor, points: Tensor) -> dict[str, float]:
            check_images(pred, target)
            true = points.cpu().double()
            if tuple(true.shape) != (LANDMARKS, 2) or not bool(true.isfinite().all()):
                raise ValueError(
                    f"{self.symbol} takes {LANDMARKS} finite points, x and y each, not these "
                    f"{tuple(true.shape)}: use a data set with landmarks in iBUG order"
                )
            value = {
                "rmse": (find(pred) - true).square().sum(1).mean().sqrt().item(),
                **sizes(true),
            }
            self._relative(value)
            return value

        return measure

    def finder(self, resources: Resources) -> Callable[[Tensor], Tensor]:
        """What finds the landmarks of a face (3, H, W), (68, 2) float64 on the CPU."""
        import torch

        network = resources.frozen(self.aligner)
        peaks = DECODERS[cast(Any, network).peaks]

        def find(face: Tensor) -> Tensor:
            with torch.no_grad():
                maps = network(face.unsqueeze(0).to(resources.device))
            maps = (maps[0] if isinstance(maps, tuple) else maps)[0].cpu().double()
            return peaks(maps, _checked_scale(maps, face))

        return find

    def summary(self, values: Sequence[Any]) -> float:
        """The mean over faces of the error divided by the size.

        Raises:
            ValueError: no face, or one whose size is not positive.
        """
        return super().summary([self._relative(value) for value in values])

    def replicates(self, values: Sequence[Any], counts: np.ndarray) -> np.ndarray:
        """The summary of each resample of the faces, (resamples,) float64."""
        return super().replicates([self._relative(value) for value in values], counts)

    def _relative(self, value: dict[str, float]) -> float:
        """A face's error divided by its size."""
        size = value[self.normaliser]
        if size <= 0:
            raise ValueError(
                f"{self.symbol}: a face's {self.normaliser} is {size:g} pixels; it is in profile "
                "or upside down, or its points are wrong: leave it out, correct its points or "
                "divide by another size"
            )
        return value["rmse"] / size


def sizes(points: Tensor) -> dict[str, float]:
    """The sizes of a face by the names of the normalisers, in the unit of its landmarks.

    Args:
        points: (68, 2), x and y in iBUG order.
    """
    x = [float(value) for value in points[:, 0]]
    corners = points[45] - points[36]
    return {
        "eye_centres": (x[43] + x[46]) / 2 - (x[37] + x[40]) / 2,
        "outer_eyes": x[46] - x[37],
        "width": max(x) - min(x),
        "inter_ocular": math.hypot(float(corners[0]), float(corners[1])),
    }


def _checked_scale(maps: Tensor, image: Tensor) -> float:
    """Pixels of the image per value of the maps, (68, h, w)."""
    height, width = image.shape[1:]
    if maps.ndim != 3 or len(maps) != LANDMARKS or maps.shape[1] * width != maps.shape[2] * height:
        raise ValueError(
            f"the aligner gives {tuple(maps.shape)} for a face of {width}x{height}; expected "
            f"{LANDMARKS} heatmaps of the same proportions"
        )
    if not bool(maps.isfinite().all()):
        raise ValueError("the aligner's heatmaps are not finite: it has diverged, train it again")
    return width / maps.shape[2]
