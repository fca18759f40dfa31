"""PDL's Figure 3: quantiles, distances, and a choice of channels that no network sways."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance
from sights import RESOURCES, MadeSight, photograph

from benchmarks.views.channels import channel_values
from benchmarks.views.cumulative_features import CLEAN, INPUT, CumulativeFeatures
from datasets.degradations.noise import Noisy
from datasets.embedded.photographs import Photographs
from losses.features import Features

VIEW = CumulativeFeatures(
    data=Noisy(Photographs("val"), sigma=25),
    image=0,
    features=Features("vgg16", ("relu2_2",), weights="random", width=1 / 8),
    levels=11,
)
NOISE = 0.2 * torch.randn(3, 48, 48, generator=torch.Generator().manual_seed(1))
TARGET = photograph(0)


def sight(**networks: object) -> MadeSight:
    shown = networks or {"perfect": lambda x, y: y, "half": lambda x, y: (x + y) / 2}
    return MadeSight([TARGET + NOISE], [TARGET], shown)


def test_a_perfect_network_has_the_distribution_of_the_clean_image() -> None:
    drawing = VIEW.draw(sight())
    for panel in drawing.panels:
        lines = {series.name: series for series in panel.series}
        assert list(lines) == [CLEAN, "perfect", "half"]
        assert lines["perfect"].x == lines[CLEAN].x
        assert lines["half"].x != lines[CLEAN].x
    numbers = dict(drawing.numbers.rows)
    assert numbers["perfect"] == (0.0,) * 4
    assert 0 < numbers["half"][-1] < numbers[INPUT][-1]  # type: ignore[operator]


def test_lines_are_quantiles_and_numbers_scipys() -> None:
    drawing = VIEW.draw(sight())
    extractor = VIEW.features.build(RESOURCES)
    halved = ((TARGET + NOISE + TARGET) / 2).clamp(0, 1)
    clean, half = (channel_values(extractor, image) for image in (TARGET, halved))
    for panel, distance in zip(drawing.panels, dict(drawing.numbers.rows)["half"], strict=False):
        c = int(panel.title.split()[-1])
        line = panel.series[-1]
        assert line.y == pytest.approx(np.linspace(0, 1, 11))
        assert line.x == pytest.approx(np.quantile(half[c], np.linspace(0, 1, 11)))
        assert distance == pytest.approx(wasserstein_distance(half[c], clean[c]), rel=1e-9)


def test_channels_are_chosen_by_the_input_alone() -> None:
    some = VIEW.draw(sight(a=lambda x, y: x))
    other = VIEW.draw(sight(a=lambda x, y: 1 - y))
    assert [p.title for p in some.panels] == [p.title for p in other.panels]
    *shown, mean = dict(some.numbers.rows)[INPUT]
    assert shown == sorted(shown)  # type: ignore[type-var]
    extractor = VIEW.features.build(RESOURCES)
    noisy, clean = (channel_values(extractor, x.clamp(0, 1)) for x in (TARGET + NOISE, TARGET))
    every = [wasserstein_distance(a, b) for a, b in zip(noisy, clean, strict=True)]
    varying = [d for d, a, b in zip(every, noisy, clean, strict=True) if np.ptp(a) * np.ptp(b) > 0]
    assert mean == pytest.approx(np.mean(varying))
    upper = sorted(varying)[len(varying) // 2 :]
    assert shown == pytest.approx([upper[0], upper[(len(upper) - 1) // 2], upper[-1]])


def test_one_level_is_no_distribution() -> None:
    with pytest.raises(ValueError, match="2 levels or more, not 1"):
        replace(VIEW, levels=1)
