"""Three distances between distributions: a histogram that is shifted, and features of two images.

Delbracio, Talebi, Milanfar: Projected Distribution Loss (2021), Fig. 2; no code was released. The
paper's (a) says that the Kullback-Leibler and Jensen-Shannon divergences stay constant while the
Wasserstein distance grows; this holds once the supports are disjoint, where the sweep begins. Its
(c) to (e) print wd and kld of three channels of VGG16; layer, bins, image and channels are not
printed. (b) is lost from the available text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.views.channels import alive, channel_values, extremes, nearest
from benchmarks.views.distributions import (
    common_histograms,
    jensen_shannon,
    kullback_leibler,
    wasserstein,
    wasserstein_of_samples,
)
from benchmarks.views.view import Sight, View
from datasets.degradations.bicubic import imresize
from losses.features import FeatureNetwork

LOW, HIGH = "low resolution", "high resolution"


@dataclass(frozen=True)
class ShiftedHistograms(View):
    """Distances of a shifted histogram, and of features of a low- and a high-resolution image.

    base: heights of the histogram that is shifted. shifts: by how many bins.
    eps: what is added to every share for the Kullback-Leibler divergence.
    data: a `Downscaled` test set; image: the number of the image that is taken.
    features: one layer; bins: of its histograms, over the range of both images.
    share: how many of the channels, those with a Kullback-Leibler divergence nearest to the
        median, the shown ones are taken from: those with the least, the middle and the greatest
        Wasserstein distance.
    """

    base: tuple[float, ...]
    shifts: tuple[int, ...]
    eps: float
    data: Any
    image: int
    features: FeatureNetwork
    bins: int
    share: float

    def __post_init__(self) -> None:
        if min(self.shifts, default=0) < len(self.base):
            raise ValueError(
                f"shifts begin where the supports are disjoint, at {len(self.base)} bins: with "
                "less the divergences grow as well"
            )

    @property
    def note(self) -> str:
        """What is shown, in one sentence."""
        return (
            f"{self.features!r} of image {int(self.image)}, made {self.data.scale} times smaller "
            "and larger again, and of the image itself"
        )

    def draw(self, sight: Sight) -> Drawing:
        """Panel (a), and one per channel."""
        sample = sight.sample(self.data, int(self.image))
        low = imresize(sample["input"], self.data.scale).clamp(0, 1)
        extractor = self.features.build(sight.resources)
        ours = channel_values(extractor, low), channel_values(extractor, sample["target"])
        chosen, total = self._channels(*ours)
        panels, rows = [self._shifted()], []
        for name, c in zip("cde", chosen, strict=False):
            panel, numbers = self._channel(name, c, ours[0][c], ours[1][c])
            panels.append(panel)
            rows.append((f"({name}) channel {c}", numbers))
        headers = ("Channel", "wd, features' unit", "KLD, nats")
        notes = (
            f"Of {total} channels that vary in both images, the shown ones have the least, the "
            "middle and the greatest Wasserstein distance among the "
            f"{float(self.share):.0%} (three at least) whose Kullback-Leibler divergence is "
            "nearest to the median.",
        )
        return Drawing(tuple(panels), Numbers(headers, (3, 3), tuple(rows)), notes=notes)

    def _shifted(self) -> Panel:
        """The three distances between the histogram and its shifted copies."""
        base = np.asarray(self.base, np.float64)
        shifts = [int(shift) for shift in self.shifts]
        room = len(base) + max(shifts)
        still = np.pad(base, (0, room - len(base)))
        moved = [np.pad(base, (shift, room - len(base) - shift)) for shift in shifts]
        measures = {
            "KL, nats": [kullback_leibler(still, one, float(self.eps)) for one in moved],
            "Jensen-Shannon, nats": [jensen_shannon(still, one) for one in moved],
            "Wasserstein, bins": [wasserstein(still, one) for one in moved],
        }
        x = tuple(map(float, shifts))
        return Panel(
            "(a) a histogram, shifted",
            Axis("shift, bins"),
            Axis("distance, nats or bins", log=True),
            tuple(Series(name, "line", x, tuple(y)) for name, y in measures.items()),
        )

    def _channels(self, low: Any, high: Any) -> tuple[list[int], int]:
        """The shown channels, and among how many they were chosen."""
        channels = alive(low, high)
        divergences = [self._divergence(low[c], high[c]) for c in channels]
        alike = nearest(channels, divergences, float(self.share)) if channels else []
        distances = [wasserstein_of_samples(low[c], high[c]) for c in alike]
        return extremes(alike, distances), len(channels)

    def _divergence(self, low: Any, high: Any) -> float:
        _, p, q = common_histograms(low, high, int(self.bins))
        return kullback_leibler(q, p, float(self.eps))

    def _channel(self, name: str, c: int, low: Any, high: Any) -> tuple[Panel, tuple[float, float]]:
        """The two histograms of a channel, and their distances."""
        edges, *shares = common_histograms(low, high, int(self.bins))
        distance, divergence = wasserstein_of_samples(low, high), self._divergence(low, high)
        series = tuple(
            Series(label, "steps", tuple(edges.tolist()), tuple(heights.tolist()))
            for label, heights in zip((LOW, HIGH), shares, strict=True)
        )
        words = (f"wd {distance:.2f}", f"KLD {divergence:.2f}")
        x, y = Axis("feature value"), Axis("share of positions", log=True)
        return Panel(f"({name}) channel {c}", x, y, series, words), (distance, divergence)
