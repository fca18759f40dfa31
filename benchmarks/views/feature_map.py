"""Where images lie in a feature space: restored, degraded and clean ones, in two dimensions.

Mei, Patel, Huang: D2SM (ECCV 2022), Fig. 1 and Sec. 4.1: t-SNE (van der Maaten and Hinton 2008) of
500 animal images of ImageNet in ten classes, noisy with sigma 25, restored by FFDNet trained on
Cityscapes, seen by a ResNet101. No code of it was released; its seed, start and perplexity are not
printed. Departures: crops of the table's own test images, which have no classes, and VGG19.

A map of t-SNE keeps neighbours and no distances, and another seed gives another map. So that there
is a number that depends on neither, the distances in the feature space itself are printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.views.channels import channel_values
from benchmarks.views.view import Sight, View
from losses.features import FeatureExtractor, FeatureNetwork

CLEAN, NOISY, LINKS = "clean", "noisy", "to the clean image"

Vectors = NDArray[np.float64]


@dataclass(frozen=True)
class FeatureMap(View):
    """A map of the features of images, each as every network restores it.

    data: a degraded test set. features: one layer, of which the mean over positions is taken.
    perplexity, iterations, seed: of t-SNE, which starts from the principal components.
    """

    data: Any
    features: FeatureNetwork
    perplexity: float
    iterations: int
    seed: int = 0

    @property
    def note(self) -> str:
        """What is shown, in one sentence."""
        return (
            f"t-SNE of {self.features!r}, mean over positions, perplexity "
            f"{float(self.perplexity):g}, seed {int(self.seed)}, started from the principal "
            "components"
        )

    def draw(self, sight: Sight) -> Drawing:
        """One map with a panel per kind, and the mean distance of each from the clean images."""
        vectors = self._vectors(sight)
        places = self._map(np.concatenate(list(vectors.values())))
        n = sight.count(self.data)
        kinds = {label: places[i * n : (i + 1) * n] for i, label in enumerate(vectors)}
        x, y = (Axis(f"t-SNE {k}", bare=True, ends=_ends(places[:, k - 1])) for k in (1, 2))
        clean = _points(CLEAN, kinds.pop(CLEAN))
        panels = [
            Panel(label, x, y, (clean, _points(label, found), _links(found, clean)))
            for label, found in kinds.items()
        ]
        return Drawing(tuple(panels), _numbers(vectors))

    def _vectors(self, sight: Sight) -> dict[str, Vectors]:
        """The features of all images, (n, C), of the clean ones, the noisy, and every network."""
        extractor = self.features.build(sight.resources)
        found: dict[str, list[Vectors]] = {k: [] for k in (CLEAN, NOISY, *sight.labels)}
        for i in range(sight.count(self.data)):
            sample = sight.sample(self.data, i)
            images = {CLEAN: sample["target"], NOISY: sample["input"].clamp(0, 1)}
            images |= {label: sight.restored(label, self.data, i) for label in sight.labels}
            for label, image in images.items():
                found[label].append(mean_features(extractor, image))
        return {label: np.stack(vectors) for label, vectors in found.items()}

    def _map(self, vectors: Vectors) -> Vectors:
        """Places in two dimensions, (n, 2); the same on every call.

        The exact method sums in one order, which the faster approximation does not.
        """
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits

        made = TSNE(
            perplexity=min(float(self.perplexity), (len(vectors) - 1) / 3),
            max_iter=int(self.iterations),
            random_state=int(self.seed),
            init="pca",
            learning_rate="auto",
            method="exact",
        )
        with threadpool_limits(1):
            places: Vectors = made.fit_transform(vectors).astype(np.float64)
        return places


def mean_features(extractor: FeatureExtractor, image: Any) -> Vectors:
    """The mean over positions of the extractor's single layer, (C,) float64.

    Args:
        image: (3, H, W) in [0, 1].
    """
    means: Vectors = channel_values(extractor, image).mean(axis=1)
    return means


def _points(label: str, places: Vectors) -> Series:
    return Series(label, "points", tuple(places[:, 0].tolist()), tuple(places[:, 1].tolist()))


def _links(places: Vectors, clean: Series) -> Series:
    """A line from each image to its clean one."""
    ends = [
        tuple(v for pair in zip(own.tolist(), truth, strict=True) for v in pair)
        for own, truth in zip(places.T, (clean.x, clean.y), strict=True)
    ]
    return Series(LINKS, "links", *ends)


def _ends(values: Vectors) -> tuple[float, float]:
    """A little beyond the least and the greatest, so that no point lies on the frame."""
    low, high = float(values.min()), float(values.max())
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin


def _numbers(vectors: dict[str, Vectors]) -> Numbers:
    """The mean Euclidean distance from the clean image, and as a share of the noisy image's."""
    clean = vectors[CLEAN]
    means = {
        label: float(np.linalg.norm(found - clean, axis=1).mean())
        for label, found in vectors.items()
        if label != CLEAN
    }
    whole = means[NOISY]
    rows = tuple((label, (mean, mean / whole if whole else None)) for label, mean in means.items())
    headers = ("image", "mean feature distance from the clean one", "of the noisy one's")
    return Numbers(headers, (3, 3), rows)
