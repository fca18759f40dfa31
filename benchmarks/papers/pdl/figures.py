"""PDL: the figures with distributions of features (2 and 3), and the numbers that one prints."""

from __future__ import annotations

from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.figure import Figure
from benchmarks.declare.sources import assumed
from benchmarks.declare.table import Table
from benchmarks.papers.pdl.denoising import NOISY, TABLE2
from benchmarks.papers.pdl.objectives import FEATURES
from benchmarks.papers.pdl.protocol import one
from benchmarks.papers.pdl.super_resolution import SMALL
from benchmarks.views.cumulative_features import CumulativeFeatures
from benchmarks.views.shifted_histograms import ShiftedHistograms

FIRST_IMAGE = assumed(0, "the paper does not say which image; the first of the validation set")

# fmt: off
FIGURE2_NUMBERS = Table(
    name="pdl_figure2",
    source="PDL v2, Fig. 2",
    caption="Distances between the distributions of three VGG16 features",
    columns=(
        Column(Unmeasured("wd", digits=2, higher_is_better=None)),
        Column(Unmeasured("kld", digits=2, higher_is_better=None)),
    ),
    headers=("Panel", ""),
    bold_known=False,
    groups={
        "c": one(None, None, ".10 .07"),
        "d": one(None, None, ".92 .07"),
        "e": one(None, None, "1.21 .06"),
    },
)
# fmt: on

FIGURE2 = Figure(
    name="pdl_figure2",
    source="PDL v2, Fig. 2",
    caption="Distances between distributions: of a shifted histogram, and of VGG16 features",
    prints=FIGURE2_NUMBERS,
    view=ShiftedHistograms(
        base=assumed((1, 3, 6, 8, 8, 6, 3, 1), "'a base discrete distribution', not printed"),
        shifts=assumed(
            tuple(range(8, 65, 4)),
            "not printed; the divergences are constant only where the supports are disjoint",
        ),
        eps=assumed(1e-12, "not printed; without it disjoint supports are infinitely far apart"),
        data=SMALL,
        image=FIRST_IMAGE,
        features=FEATURES,
        bins=assumed(32, "not printed"),
        share=assumed(
            0.1, "the three of the paper have one KLD (.07, .07, .06); how they were found is open"
        ),
    ),
    notes=(
        "The paper's own numbers are of another image, other channels and perhaps another layer: "
        "what can be held against them is that wd differs by an order of magnitude where kld does "
        "not. Panel (b) is lost from the available text.",
        "KLD is that of the low-resolution from the high-resolution image, sum p log(p / q) with p "
        "the latter's.",
    ),
)

FIGURE3 = Figure(
    name="pdl_figure3",
    source="PDL v2, Fig. 3",
    caption="Cumulative distributions of VGG features of restored images",
    rows={
        "L1": (TABLE2, "L1", "0.010"),
        "PDL": (TABLE2, "PDL", "0.010"),
    },
    view=CumulativeFeatures(
        data=NOISY,
        image=FIRST_IMAGE,
        features=FEATURES,
        levels=assumed(201, "how finely the lines are drawn"),
    ),
    assumptions=(
        assumed(
            "the trainings are Table II's with the weight 0.010",
            "the paper does not say which it shows; the largest weight that both losses have there",
        ),
    ),
    notes=(
        "The paper calls its own loss here 'the sliced-Wasserstein distance'; Table II's, whose "
        "projections are the channels themselves, is shown.",
    ),
)
