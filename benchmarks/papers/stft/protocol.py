"""How STFT trains and measures; no code was released.

The rows of a block are one network, trained without and with target features, which the paper
prints side by side. It prints the best average PSNR that a training reaches on the test images
(captions of Tables 1 and 2); what the last step gives stands beside, in lines of our own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from benchmarks.declare.column import Column
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Reference, Row, Table, name_of
from benchmarks.declare.training import Adam, Best, EveryStep, Training
from benchmarks.metrics.psnr import PSNR
from datasets.div2k import DIV2K
from datasets.flickr2k import Flickr2K
from datasets.together import Together
from losses.l1 import L1
from losses.objective import Objective
from losses.target_feature import TargetFeature

PHOTOGRAPHS = Together(
    (
        DIV2K("train"),
        Flickr2K(
            first=assumed(2500, "the paper takes 2500 of 2650 (Sec. 3.1) and does not say which")
        ),
    )
)

LUMA = Evaluation(
    colour=assumed(
        "Y (MATLAB)",
        "the paper does not say. ARCNN's numbers are those of luma; DnCNN's and FFDNet's are 0.4 to "
        "2.3 dB above what their authors print for colour, and luma is above colour",
    ),
    levels=assumed(256, "the paper does not say; results are images"),
)
COLOUR = replace(LUMA, colour="RGB")
LUMA_ENLARGED = replace(
    LUMA, border=cited(4, "yulunzhang/RCAN, Evaluate_PSNR_SSIM.m: as many pixels as the scale")
)

COLOUR_ENLARGED = replace(LUMA_ENLARGED, colour="RGB")

HALVED = paper(150_000, "3.1")
PIXELS = 1.0 * L1()  # 3.1: "L_1 loss as the image reconstruction loss"


def training(lr: float, chosen: Column, evaluation: Evaluation, steps: int) -> Training:
    """The recipe of all networks but for the rate, which is that of their own authors.

    Args:
        chosen: the column whose PSNR chooses the checkpoint; evaluation: how.
        steps: of the table.
    """
    return Training(
        steps=steps,
        batch=paper(16, "3.1"),
        crop=paper(96, "3.1"),
        optimizer=Adam(lr=lr, betas=paper((0.9, 0.999), "3.1")),
        schedule=EveryStep(every=HALVED, gamma=paper(0.5, "3.1")),
        augment=assumed("rotate", "'random rotation' (3.1): by right angles, each as likely"),
        keep=Best(
            chosen.metric,
            chosen.data,
            every=assumed(5000, "the paper does not say how often it looks"),
            evaluation=evaluation,
        ),
    )


def psnr_on(sets: dict[str, Any]) -> tuple[Column, ...]:
    """PSNR on each degraded test set; the paper names the metric in its captions alone."""
    return tuple(Column(PSNR(), data, name, label="") for name, data in sets.items())


def pair(model: Network, feature: Objective, pixel: str, feat: str, **settings: Any) -> list[Row]:
    """A network trained with the pixel loss, and with target features besides."""
    return [
        Row("L_pixel", model, PIXELS, pixel, **settings),
        Row("+ L_feat", model, PIXELS + feature, feat, **settings),
    ]


def besides(groups: dict[str, list[Row]], colour: Evaluation | None) -> tuple[Reference, ...]:
    """Lines of our own: every row after its last step, and with its PSNR on RGB.

    Args:
        colour: how the latter is measured; None where the images have no colour.
    """
    found = []
    for group, rows in groups.items():
        for row in rows:
            name, unprinted = name_of(group, row), replace(row, printed="- " * len(row.numbers))
            last = replace(unprinted, last_step=True)
            found.append(Reference(f"{name}, last step", row=last, of=name))
            if colour is not None:
                in_colour = replace(unprinted, evaluation=colour)
                found.append(Reference(f"{name}, in RGB", row=in_colour, of=name))
    return tuple(found)


def unrestored(label: str, model: type[nn.Module], columns: tuple[Column, ...]) -> Reference:
    """What the degraded input of some columns scores."""
    row = Row(label, model, None, "- " * len(columns), role="input", columns=columns)
    return Reference(label, row=row)


def target_feature(
    restorer: Network, extractor: Network, lr: float, unit: float = 1.0
) -> TargetFeature:
    """L_feat for all layers that the restorer hands out, from an extractor with as many."""
    return TargetFeature(
        extractor,
        restorer.taps,
        lr=lr,
        halve_every=HALVED,
        restraint=paper(0.1, "2.4, lambda_2"),
        unit=unit,
    )


# Choices that stand in no declaration, for the ledger.
EVERYWHERE = (
    assumed(
        "an extractor has the restorer's layers with about half of the repeated ones cut off",
        "'cutting off repeatedly stacked layers ... while reserving the ones selected' (2.2); how "
        "many, and which layers are supervised, is not said",
    ),
    assumed(
        "features are compared behind their activation, by the mean squared difference",
        "'L_2 loss as the feature transfer loss' (3.1); a norm would need another weight",
    ),
    assumed(
        "each network takes the other's features as given",
        "'work as supervision signals' (2.4), as in mutual learning",
    ),
    assumed("extractors have the rate of their restorer", "3.1 speaks of both in one sentence"),
    assumed(
        "the checkpoint is chosen on the first test set of the table",
        "'the best average PSNR on benchmark': whether each set has its own is not said",
    ),
)

stft_table = partial(
    Table,
    from_scratch=True,
    assumptions=EVERYWHERE,
    notes=(
        "The paper chooses checkpoints on the test images, and so do the rows with its numbers. "
        "Lines called 'last step' are the same trainings without that choice.",
    ),
)
paired_table = partial(
    stft_table, rank_within="group", layout="paired", headers=("Network", "Training")
)
