"""STFT: denoising (1c), and where the features come from (3)."""

from __future__ import annotations

from typing import Any

from baselines.denoising.dncnn import DnCNN
from baselines.denoising.ffdnet import FFDNet
from baselines.pass_through import PassThrough
from benchmarks.declare.protocol import Protocol
from benchmarks.declare.runs import Network, network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Row
from benchmarks.papers.stft.protocol import (
    COLOUR,
    EVERYWHERE,
    LUMA,
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
from datasets.degradations.noise import Noisy
from datasets.folders import CBSD68, Kodak24, McMaster
from losses.feature_distillation import FeatureDistillation
from losses.target_feature import MutualLearning

STEPS = paper(500_000, "Table 1 (c)")
PROTOCOL = Protocol(training=None, evaluation=LUMA)


def dncnn(depth: int, *after: int, **arguments: Any) -> Network:
    """DnCNN that hands out what the ReLUs after these convolutions give, counted from one."""
    places = (f"model.{3 * k - 2 if k > 1 else 1}" for k in after)
    return network(DnCNN, depth=depth, **arguments).tapped(*places)


def ffdnet(depth: int, *after: int) -> Network:
    """FFDNet likewise; it has no normalisation between a convolution and its ReLU."""
    return network(FFDNet, depth=depth).tapped(*(f"model.{2 * k - 1}" for k in after))


DNCNN17 = dncnn(17, 4, 8, 12, 16)
DNCNN29 = dncnn(29, 7, 14, 21, 28)
FFDNET = ffdnet(12, 3, 6, 9)

DNCNN_RATE = cited(1e-3, "Zhang et al. 2017, cszn/DnCNN: Adam, 1e-3 at first")
FFDNET_RATE = cited(1e-3, "Zhang et al. 2018 (FFDNet), Sec. IV-A: Adam, 1e-3 at first")

OF_DNCNN = target_feature(DNCNN17, dncnn(9, 2, 4, 6, 8, residual=False), DNCNN_RATE)
OF_FFDNET = target_feature(FFDNET, ffdnet(7, 2, 4, 6), FFDNET_RATE)


def noisy(sigma: float, rate: float) -> dict[str, Any]:
    """What the rows of one noise level have in common: test and training data, and recipe."""
    level = paper(sigma, "3.2")
    sets = {"Kodak24": Kodak24(), "BSD68": CBSD68(), "McMaster": McMaster()}
    columns = psnr_on({name: Noisy(data, level) for name, data in sets.items()})
    return {
        "columns": columns,
        "train": Noisy(PHOTOGRAPHS, level),
        "recipe": training(rate, columns[0], LUMA, STEPS),
    }


ASSUMED = (
    assumed(
        "networks are trained for one noise level, FFDNet too",
        "'gaussian noise of level 25 and 50 respectively' (3.2) speaks of all images alike",
    ),
    assumed("noise is neither clipped nor quantised", "as DnCNN's and FFDNet's authors have it"),
    assumed(
        "Kodak24 is the 500x500 crops of FFDNet's authors",
        "the paper follows 'their settings' (3.2) and cites the originals",
    ),
    assumed("an extractor that takes a noise level is told zero", "its input is the clean image"),
    *EVERYWHERE,
)

# fmt: off
DENOISERS = {
    "DnCNN sigma=25":  pair(DNCNN17, paper(1, "3.2") * OF_DNCNN, "33.50 32.32 33.83", "**33.66** **32.47** **34.06**", **noisy(25, DNCNN_RATE)),
    "DnCNN sigma=50":  pair(DNCNN17, paper(1, "3.2") * OF_DNCNN, "29.35 28.07 28.64", "**29.44** **28.14** **28.79**", **noisy(50, DNCNN_RATE)),
    "FFDNet sigma=25": pair(FFDNET, paper(1, "3.2") * OF_FFDNET, "33.32 32.07 33.53", "**33.46** **32.18** **33.67**", **noisy(25, FFDNET_RATE)),
    "FFDNet sigma=50": pair(FFDNET, paper(1, "3.2") * OF_FFDNET, "29.72 28.37 28.99", "**29.80** **28.51** **29.07**", **noisy(50, FFDNET_RATE)),
}

# Table 3 has DnCNN with sigma 25; its first two rows are those of Table 1 (c) once more.
SIGMA25 = noisy(25, DNCNN_RATE)
SAME = assumed(1.0, "of mutual learning and distillation the paper prints no weight: that of L_feat")
PEER = MutualLearning(DNCNN17, DNCNN17.taps, lr=DNCNN_RATE, halve_every=OF_DNCNN.halve_every)
TEACHER = Row("DnCNN29", DNCNN29, PIXELS, "33.68 32.45 34.07", **SIGMA25)
TAUGHT = FeatureDistillation(TEACHER, DNCNN17.taps)

TRANSFERS = {
    "Baseline (DnCNN17)":      [Row("", DNCNN17, PIXELS, "33.50 32.32 33.83", **SIGMA25)],
    "Target Feature Transfer": [Row("", DNCNN17, PIXELS + paper(1, "3.2") * OF_DNCNN, "**33.66** **32.46** **34.06**", **SIGMA25)],
    "Mutual Learning":         [Row("", DNCNN17, PIXELS + SAME * PEER, "33.48 32.31 33.84", **SIGMA25)],
    "Feature Distillation": [
        TEACHER,
        Row("DnCNN17", DNCNN17, PIXELS + SAME * TAUGHT, "33.50 32.30 33.90", **SIGMA25),
    ],
}
# fmt: on

NOISY25 = unrestored("noisy input, sigma=25", PassThrough, SIGMA25["columns"])
NOISY50 = unrestored("noisy input, sigma=50", PassThrough, noisy(50, DNCNN_RATE)["columns"])

TABLE1C = paired_table(
    name="stft_table1c",
    source="STFT, Table 1 (c)",
    caption="Denoising",
    protocol=PROTOCOL,
    columns=SIGMA25["columns"],
    references=(NOISY25, NOISY50, *besides(DENOISERS, COLOUR)),
    assumptions=ASSUMED,
    groups=DENOISERS,
)

TABLE3 = stft_table(
    name="stft_table3",
    source="STFT, Table 3",
    caption="Three ways to transfer features to DnCNN, sigma 25",
    protocol=PROTOCOL,
    columns=SIGMA25["columns"],
    rank_within="column",
    headers=("Method", "Network"),
    references=(NOISY25, *besides(TRANSFERS, COLOUR)),
    assumptions=(
        assumed("layers of DnCNN29 are mapped to those of DnCNN17 in their order", "not said"),
        assumed("the teacher does not learn on", "'first train a teacher ... then distill' (3.3)"),
        *ASSUMED,
    ),
    groups=TRANSFERS,
)
