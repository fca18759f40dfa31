"""STFT: JPEG artifact removal (2)."""

from __future__ import annotations

from typing import Any

from baselines.jpeg.arcnn import ARCNN
from baselines.pass_through import PassThrough
from benchmarks.declare.protocol import Protocol
from benchmarks.declare.runs import network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.papers.stft.protocol import (
    EVERYWHERE,
    LUMA,
    PHOTOGRAPHS,
    besides,
    pair,
    paired_table,
    psnr_on,
    target_feature,
    training,
    unrestored,
)
from datasets.degradations.luma_jpeg import LumaJPEGCompressed
from datasets.folders import LIVE1, BSDS500Val

STEPS = paper(200_000, "Table 2")
RATE = cited(5e-4, "yjn870/ARCNN-pytorch, main.py: with Adam; the authors' own program takes SGD")
ARCNN_LUMA = network(ARCNN).tapped("model.1", "model.3", "model.5")
OF_ARCNN = target_feature(ARCNN_LUMA, ARCNN_LUMA, RATE)
WEIGHT = assumed(1.0, "of ARCNN the paper prints no lambda_1; it is 1 for EDSR, DnCNN and FFDNet")


def compressed(quality: int) -> dict[str, Any]:
    """What the rows of one quality have in common: test and training data, and recipe."""
    level = paper(quality, "3.2")
    sets = {"Live1": LIVE1(), "BSD500 val.": BSDS500Val()}
    columns = psnr_on({name: LumaJPEGCompressed(data, level) for name, data in sets.items()})
    return {
        "columns": columns,
        "train": LumaJPEGCompressed(PHOTOGRAPHS, level),
        "recipe": training(RATE, columns[0], LUMA, STEPS),
    }


# fmt: off
DEBLOCKERS = {
    "ARCNN q=10": pair(ARCNN_LUMA, WEIGHT * OF_ARCNN, "29.32 28.95", "**29.41** **29.02**", **compressed(10)),
    "ARCNN q=30": pair(ARCNN_LUMA, WEIGHT * OF_ARCNN, "32.80 32.24", "**32.91** **32.32**", **compressed(30)),
}
# fmt: on

TABLE2 = paired_table(
    name="stft_table2",
    source="STFT, Table 2",
    caption="JPEG artifact removal",
    protocol=Protocol(training=None, evaluation=LUMA),
    columns=compressed(10)["columns"],
    references=(
        *(
            unrestored(f"compressed input, q={q}", PassThrough, compressed(q)["columns"])
            for q in (10, 30)
        ),
        *besides(DEBLOCKERS, colour=None),
    ),
    assumptions=(
        assumed(
            "ARCNN restores luma, compressed as a grey image",
            "so its authors have it, and 29.32 and 32.80 dB on Live1 are near their 28.96 and 32.67",
        ),
        assumed(
            "ARCNN's extractor is ARCNN itself", "with three hidden layers nothing is repeated"
        ),
        *EVERYWHERE,
    ),
    groups=DEBLOCKERS,
)
