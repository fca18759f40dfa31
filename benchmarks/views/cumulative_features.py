"""Cumulative distributions of feature values: of restored images, and of the clean one.

Delbracio, Talebi, Milanfar: Projected Distribution Loss (2021), Fig. 3; no code was released. The
paper shows a few channels of VGG features for a network trained with the L1 norm of features, one
trained with its own loss, and the ground truth; image, layer and channels are not printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.views.channels import Samples, alive, channel_values, extremes
from benchmarks.views.distributions import wasserstein_of_samples
from benchmarks.views.view import Sight, View
from losses.features import FeatureNetwork

CLEAN = "clean image"
INPUT = "degraded input"


@dataclass(frozen=True)
class CumulativeFeatures(View):
    """Cumulative distributions of single channels over one image.

    data: a degraded test set; image: the number of the image that is restored.
    features: one layer.
    levels: at how many equal steps of probability a distribution is drawn.
    """

    data: Any
    image: int
    features: FeatureNetwork
    levels: int

    def __post_init__(self) -> None:
        if self.levels < 2:
            raise ValueError(f"a distribution is drawn at 2 levels or more, not {self.levels}")

    @property
    def note(self) -> str:
        """What is shown, in one sentence."""
        return f"{self.features!r} of image {int(self.image)}, restored, degraded and clean"

    def draw(self, sight: Sight) -> Drawing:
        """One panel per channel, and the distances from the clean image."""
        sample = sight.sample(self.data, int(self.image))
        extractor = self.features.build(sight.resources)
        clean = channel_values(extractor, sample["target"])
        images = {
            label: sight.restored(label, self.data, int(self.image)) for label in sight.labels
        }
        found = {label: channel_values(extractor, image) for label, image in images.items()}
        degraded = channel_values(extractor, sample["input"].clamp(0, 1))
        channels = alive(clean, degraded)
        moved = _upper_half(channels, _distances(degraded, clean, channels))
        shown = extremes(list(moved), list(moved.values()))
        lines = {CLEAN: clean, **found}
        panels = tuple(self._panel(c, lines) for c in shown)
        return Drawing(
            panels,
            _numbers({**found, INPUT: degraded}, clean, shown, channels),
            across=len(panels) or 1,
            notes=(
                f"Of the half of {len(channels)} varying channels whose distribution the "
                "degradation moves most, by the Wasserstein distance of input and clean image: the "
                "least, the middle and the greatest. No trained network has a say in the choice.",
            ),
        )

    def _panel(self, c: int, lines: dict[str, Samples]) -> Panel:
        levels = np.linspace(0, 1, int(self.levels))
        series = tuple(
            Series(
                label,
                "line",
                tuple(np.quantile(values[c], levels).tolist()),
                tuple(levels.tolist()),
            )
            for label, values in lines.items()
        )
        return Panel(f"channel {c}", Axis("feature value"), Axis("share of positions"), series)


def _upper_half(channels: list[int], distances: list[float]) -> dict[int, float]:
    """The channels with the greater half of the distances, with these; the lower number first."""
    order = sorted(zip(channels, distances, strict=True), key=lambda pair: -pair[1])
    return dict(sorted(order[: -(-len(order) // 2)]))


def _distances(found: Samples, clean: Samples, channels: list[int]) -> list[float]:
    return [wasserstein_of_samples(found[c], clean[c]) for c in channels]


def _numbers(
    found: dict[str, Samples], clean: Samples, shown: list[int], channels: list[int]
) -> Numbers:
    """The Wasserstein distance from the clean image: of each shown channel, and on average."""
    rows = []
    for label, values in found.items():
        every = _distances(values, clean, channels)
        mean = float(np.mean(every)) if every else None
        rows.append((label, (*_distances(values, clean, shown), mean)))
    headers = ("W_1 from the clean image", *(f"channel {c}" for c in shown), "mean of all channels")
    return Numbers(headers, (3,) * (len(shown) + 1), tuple(rows))
