"""STFT: super-resolution (1a), and distances between features (Figure 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from baselines.super_resolution.autoencoders import EDSRAutoencoder, RCANAutoencoder
from baselines.super_resolution.bicubic import Bicubic
from baselines.super_resolution.edsr import EDSR
from baselines.super_resolution.rcan import RCAN
from benchmarks.declare.protocol import Protocol
from benchmarks.declare.runs import network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Row
from benchmarks.grid.gain_bars import GainBars
from benchmarks.papers.stft.protocol import (
    COLOUR_ENLARGED,
    EVERYWHERE,
    LUMA_ENLARGED,
    PHOTOGRAPHS,
    PIXELS,
    besides,
    pair,
    paired_table,
    psnr_on,
    stft_table,
    target_feature,
    training,
    unrestored,
)
from datasets.degradations.blind_downscaled import BlindDownscaled
from datasets.folders import BSD100, Set5, Set14, Urban100

RATE = cited(1e-4, "the networks' authors: EDSR-PyTorch's and RCAN's default")
GROUPS = ("body.0", "body.1", "body.2", "body.3")

# The trunk's output and that of the layers that enlarge; of RCAN every group's.
EDSR16 = network(EDSR, blocks=paper(16, "3.2"), width=paper(64, "3.2")).tapped("body", "tail.0")
RCAN45 = network(RCAN, groups=paper(4, "3.2"), blocks=paper(5, "3.2")).tapped(*GROUPS)

EDSR_EXTRACTOR = network(EDSRAutoencoder, blocks=8).tapped("body", "tail.0")
RCAN_EXTRACTOR = network(RCANAutoencoder, groups=4, blocks=2).tapped(*GROUPS)
UNIT = assumed(
    255.0,
    "features are compared as if images were in [0, 1]: in the grey levels that EDSR and RCAN take "
    "inside, a weight of 50 would leave nothing to the pixels",
)
OF_EDSR = target_feature(EDSR16, EDSR_EXTRACTOR, RATE, UNIT)
OF_RCAN = target_feature(RCAN45, RCAN_EXTRACTOR, RATE, UNIT)

TESTS = {"Set5": Set5(), "Set14": Set14(), "B100": BSD100(), "Urban100": Urban100()}
COLUMNS = psnr_on(
    {name: BlindDownscaled(data, scale=paper(4, "3.2")) for name, data in TESTS.items()}
)
COMMON: dict[str, Any] = {
    "train": BlindDownscaled(PHOTOGRAPHS, scale=paper(4, "3.2")),
    "recipe": training(RATE, COLUMNS[0], LUMA_ENLARGED, paper(500_000, "Table 1 (a)")),
}
PROTOCOL = Protocol(training=None, evaluation=LUMA_ENLARGED)
ENLARGED = unrestored("bicubic", Bicubic, COLUMNS)
ASSUMED = (
    assumed(
        "blur is isotropic, of 0.2 to 4 pixels, noise has sigma 0 to 25",
        "'additional unknown noise and blur' (3.2), and no more",
    ),
    assumed(
        "an extractor sees the target with its 4x4 blocks as channels, and enlarges as its restorer",
        "it must not downsample (2.2), while the restorers' features have the small image's size",
    ),
    *EVERYWHERE,
)

# fmt: off
RESTORERS = {
    "EDSR": pair(EDSR16, paper(1, "3.2") * OF_EDSR, "27.10 25.31 25.09 22.85", "**27.18** **25.41** **25.16** **22.94**", **COMMON),
    "RCAN": pair(RCAN45, paper(50, "3.2") * OF_RCAN, "27.16 25.36 25.14 22.98", "**27.27** **25.47** **25.19** **23.05**", **COMMON),
}
# fmt: on

TABLE1A = paired_table(
    name="stft_table1a",
    source="STFT, Table 1 (a)",
    caption="Super-resolution x4 with unknown noise and blur",
    protocol=PROTOCOL,
    columns=COLUMNS,
    references=(ENLARGED, *besides(RESTORERS, COLOUR_ENLARGED)),
    assumptions=ASSUMED,
    groups=RESTORERS,
)

# The figure prints no numbers; "we conduct three repeated experiment" for each distance.
DISTANCES = {
    "L_2": "l2",
    "L_1": "l1",
    "focal": "focal",
    "inner product": "inner_products",
    "KL": "kl",
    "MMD": "mmd",
}
SAME = assumed(50.0, "of Figure 4 the paper prints no weights: that of RCAN in Table 1 (a)")
FIGURE4 = stft_table(
    name="stft_figure4",
    source="STFT, Fig. 4",
    caption="Six distances between features, super-resolution x4 with RCAN",
    protocol=PROTOCOL,
    columns=COLUMNS,
    rank_within="group",
    headers=("Network", "Distance"),
    references=(ENLARGED,),
    assumptions=ASSUMED,
    seeds=paper(3, "3.3, Fig. 4: 'three repeated experiment'"),
    drawing=GainBars("L_pixel", unit="dB"),
    groups={
        "RCAN": [
            Row("L_pixel", RCAN45, PIXELS, "- - - -", **COMMON),
            *(
                Row(
                    name,
                    RCAN45,
                    PIXELS + SAME * replace(OF_RCAN, distance=key),
                    "- - - -",
                    **COMMON,
                )
                for name, key in DISTANCES.items()
            ),
        ]
    },
)
