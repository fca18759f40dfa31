"""PDL's Figure 2: what is constant is, what grows does, and channels are held against SciPy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wasserstein_distance
from sights import RESOURCES, MadeSight, photograph

from benchmarks.papers.pdl.figures import FIGURE2
from benchmarks.views.channels import channel_values
from benchmarks.views.shifted_histograms import HIGH, LOW, ShiftedHistograms
from datasets.degradations.bicubic import Downscaled, imresize
from datasets.embedded.photographs import Photographs
from losses.features import Features

VIEW = ShiftedHistograms(
    base=(1, 2, 1),
    shifts=(3, 5, 9),
    eps=1e-12,
    data=Downscaled(Photographs("val"), scale=4),
    image=0,
    features=Features("vgg16", ("relu2_2",), weights="random", width=1 / 8),
    bins=16,
    share=0.5,
)


@pytest.fixture(scope="module")
def sight() -> MadeSight:
    image = photograph(0)
    return MadeSight([imresize(image, 0.25)], [image])


def test_divergences_are_constant_and_wasserstein_is_the_shift(sight: MadeSight) -> None:
    kl, js, w = VIEW.draw(sight).panels[0].series
    assert w.y == pytest.approx((3, 5, 9))
    assert js.y == pytest.approx((math.log(2),) * 3)
    assert np.ptp(kl.y) == pytest.approx(0, abs=1e-9)
    entropy = -(0.25 * math.log(0.25) * 2 + 0.5 * math.log(0.5))
    assert kl.y[0] == pytest.approx(-math.log(1e-12) - entropy, rel=1e-6)


def test_a_shift_within_the_support_is_refused() -> None:
    with pytest.raises(ValueError, match="where the supports are disjoint, at 3 bins"):
        replace(VIEW, shifts=(2, 3))


def test_channels_have_the_distances_that_are_written_on_them(sight: MadeSight) -> None:
    drawing = VIEW.draw(sight)
    extractor = VIEW.features.build(RESOURCES)
    low = imresize(sight.inputs[0], 4).clamp(0, 1)
    a, b = (channel_values(extractor, image) for image in (low, sight.targets[0]))
    assert [panel.title[:3] for panel in drawing.panels] == ["(a)", "(c)", "(d)", "(e)"]
    found = []
    for panel, (label, (wd, kld)) in zip(drawing.panels[1:], drawing.numbers.rows, strict=True):
        c = int(panel.title.split()[-1])
        assert label == panel.title
        assert wd == pytest.approx(wasserstein_distance(a[c], b[c]), rel=1e-9)
        assert panel.words == (f"wd {wd:.2f}", f"KLD {kld:.2f}")
        counts = {
            s.name: np.histogram(v[c], s.x)[0] for s, v in zip(panel.series, (a, b), strict=True)
        }
        for series in panel.series:
            assert np.array(series.y) * a.shape[1] == pytest.approx(counts[series.name])
        found.append(wd)
    assert [s.name for s in drawing.panels[1].series] == [LOW, HIGH]
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_the_paper_s_numbers_stand_beside() -> None:
    grid = FIGURE2.printed()
    assert [[cell.paper for cell in row.cells] for row in grid.rows] == [
        ["0.10", "0.07"], ["0.92", "0.07"], ["1.21", "0.06"],
    ]  # fmt: skip
    assert (grid.name, grid.title) == ("pdl_figure2", FIGURE2.caption)
