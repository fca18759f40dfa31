"""STFT: dehazing (1b)."""

from __future__ import annotations

from typing import Any

from baselines.dehazing.aod_net import AODNet
from baselines.dehazing.ppdn import PPDN
from baselines.pass_through import PassThrough
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.runs import network
from benchmarks.declare.sources import assumed, paper
from benchmarks.papers.stft.protocol import (
    EVERYWHERE,
    besides,
    pair,
    paired_table,
    psnr_on,
    target_feature,
    training,
    unrestored,
)
from datasets.degradations.photographed import Photographed
from datasets.nyu_haze import NYU2Haze

RGB = Evaluation(
    colour=assumed("RGB", "the paper does not say; AOD-Net's and PPDN's authors measure colour"),
    levels=assumed(256, "the paper does not say; results are images"),
)
PROTOCOL = Protocol(training=None, evaluation=RGB)
TRAIN = Photographed(NYU2Haze("train"))
COLUMNS = psnr_on({"NYU2": Photographed(NYU2Haze("test"))})
STEPS = assumed(500_000, "printed for the other tasks of Table 1; none is printed for dehazing")

AOD = network(AODNet).tapped("x1", "x2", "x3", "x4")
AOD_RATE = assumed(1e-3, "'according to the corresponding papers' (3.1): Li et al. 2017, of SGD")
OF_AOD = target_feature(AOD, network(AODNet, formula=False).tapped(*AOD.taps), AOD_RATE)

PPDN_RATE = assumed(2e-4, "hezhangsprinter/DCPDN, train.py: PPDN's authors printed none")
DECODER = ("res32", "res42", "res52", "res62", "res72")
PYRAMID = network(PPDN).tapped(*DECODER)
OF_PPDN = target_feature(PYRAMID, network(PPDN, residuals=1).tapped(*DECODER), PPDN_RATE)


def hazy(rate: float) -> dict[str, Any]:
    """What the rows of a network have in common: data and recipe."""
    return {
        "columns": COLUMNS,
        "train": TRAIN,
        "recipe": training(rate, COLUMNS[0], RGB, STEPS),
    }


# fmt: off
DEHAZERS = {
    "AOD (< 10K parameters)":  pair(AOD, paper(100, "3.2") * OF_AOD, "20.088", "**20.238**", **hazy(AOD_RATE)),
    "PPDN (> 30M parameters)": pair(PYRAMID, paper(1, "3.2") * OF_PPDN, "29.707", "**29.923**", **hazy(PPDN_RATE)),
}
# fmt: on

TABLE1B = paired_table(
    name="stft_table1b",
    source="STFT, Table 1 (b)",
    caption="Dehazing",
    protocol=PROTOCOL,
    columns=COLUMNS,
    references=(unrestored("hazy input", PassThrough, COLUMNS), *besides(DEHAZERS, None)),
    assumptions=(
        assumed(
            "the extractor of AOD predicts the image from its last convolution",
            "with AOD's formula a clean input is its own output for nothing, whatever the features",
        ),
        *EVERYWHERE,
    ),
    groups=DEHAZERS,
)
