"""D2SM's Figure 1: distances by hand, points in their kinds, and the same map twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sights import RESOURCES, MadeSight, photograph

from benchmarks.views.feature_map import CLEAN, LINKS, NOISY, FeatureMap, mean_features
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from losses.features import Features

VIEW = FeatureMap(
    data=Noisy(Photographs("val"), sigma=25),
    features=Features("vgg19", ("conv3_2",), weights="random", width=1 / 8),
    perplexity=5.0,
    iterations=300,
)
N = 8


@pytest.fixture(scope="module")
def sight() -> MadeSight:
    generator = torch.Generator().manual_seed(3)
    targets = [photograph(i) for i in range(N)]
    inputs = [t + 0.3 * torch.randn(t.shape, generator=generator) for t in targets]
    return MadeSight(inputs, targets, {"perfect": lambda x, y: y, "half": lambda x, y: (x + y) / 2})


def test_distances_are_those_of_the_features(sight: MadeSight) -> None:
    rows = dict(VIEW.draw(sight).numbers.rows)
    extractor = VIEW.features.build(RESOURCES)

    def features(image: torch.Tensor) -> np.ndarray:
        found = extractor(image.clamp(0, 1)[None])["conv3_2"][0]
        return found.flatten(1).double().mean(1).numpy()  # type: ignore[no-any-return]

    pairs = zip(sight.inputs, sight.targets, strict=True)
    apart = [np.sqrt(((features(x) - features(y)) ** 2).sum()) for x, y in pairs]
    assert rows[NOISY] == (pytest.approx(np.mean(apart)), 1.0)
    assert rows["perfect"] == (0.0, 0.0)
    assert 0 < rows["half"][1] < 1  # type: ignore[operator]
    assert mean_features(extractor, sight.targets[0]) == pytest.approx(features(sight.targets[0]))


def test_the_map_is_the_same_on_every_call_and_another_of_other_features(sight: MadeSight) -> None:
    first = VIEW.draw(sight)
    assert VIEW.draw(sight) == first
    other = replace(VIEW, features=replace(VIEW.features, seed=1)).draw(sight)
    assert other.panels[0].series[0] != first.panels[0].series[0]


def test_every_image_is_a_point_of_its_kind_and_lines_lead_to_the_clean_one(
    sight: MadeSight,
) -> None:
    panels = VIEW.draw(sight).panels
    assert [panel.title for panel in panels] == [NOISY, "perfect", "half"]
    assert len({(panel.x, panel.y) for panel in panels}) == 1
    for panel in panels:
        clean, own, links = panel.series
        assert (clean, own.name, links.name) == (panels[0].series[0], panel.title, LINKS)
        assert links.x[::2] + links.y[::2] == own.x + own.y
        assert links.x[1::2] + links.y[1::2] == clean.x + clean.y
        assert len(own.x) == N
        low, high = panel.x.ends
        assert low < min(own.x + clean.x) <= max(own.x + clean.x) < high


def test_what_is_equal_lies_together_and_what_is_not_apart(sight: MadeSight) -> None:
    panels = VIEW.draw(sight).panels
    places = {s.name: np.array([s.x, s.y]) for panel in panels for s in panel.series[:2]}
    equal = np.linalg.norm(places["perfect"] - places[CLEAN], axis=0)
    noisy = np.linalg.norm(places[NOISY] - places[CLEAN], axis=0)
    assert equal.mean() < 0.5 * noisy.mean()
