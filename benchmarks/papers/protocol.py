"""How far the evaluation alone moves PSNR and SSIM, on D2SM's test images; a table of our own.

D2SM prints how it was trained and little of how it was measured: the border and the rounding are in
the released programs, the size of the images is in doubt, and the mean is one of two. Here a released
network takes the place of the paper's, so that nothing is trained, and one choice is changed at a
time. Where a choice moves the numbers by more than the paper's methods are apart, theirs and ours
are comparable only if both made it alike.
"""

from __future__ import annotations

from dataclasses import replace

from baselines.denoising.ffdnet import FFDNet
from benchmarks.claims.paper import Paper
from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.released import FFDNET_COLOUR
from benchmarks.declare.sources import paper
from benchmarks.declare.table import Row, Table
from benchmarks.metrics.psnr import PSNR, PooledPSNR
from benchmarks.metrics.ssim import SSIM
from benchmarks.papers.d2sm.denoising import DENOISING, TABLE1
from datasets.cityscapes import Cityscapes
from datasets.degradations.noise import Noisy

DECLARED = DENOISING.evaluation
AS_DECLARED = "as declared"
WHOLE, HALVED = Cityscapes("val"), Cityscapes("val", scale=2)
NO_POOLED_SSIM = Unmeasured("SSIM", SSIM.digits, SSIM.higher_is_better)


def measured_on(images: Cityscapes, *metrics: PSNR | SSIM | Unmeasured) -> tuple[Column, ...]:
    """The metrics at each noise level of D2SM's Table 1."""
    return tuple(
        Column(metric, Noisy(images, paper(sigma, "4.1")), f"sigma={sigma}")
        for sigma in (25, 35, 50)
        for metric in metrics
    )


def choices(images: Cityscapes) -> list[Row]:
    """A row for what is declared and one for each choice that is made otherwise."""

    def row(label: str, evaluation: Evaluation, *metrics: PSNR | SSIM | Unmeasured) -> Row:
        columns = measured_on(images, *(metrics or (PSNR(), SSIM())))
        return Row(
            label, FFDNet, None, "- - " * 3,
            released=FFDNET_COLOUR, evaluation=evaluation, columns=columns,
        )  # fmt: skip

    return [
        row(AS_DECLARED, DECLARED),
        row("no border", replace(DECLARED, border=0)),
        row("border of 8", replace(DECLARED, border=8)),
        row("not rounded to 8 bit", replace(DECLARED, levels=0)),
        row("luma, MATLAB", replace(DECLARED, colour="Y (MATLAB)")),
        row("luma, Pillow", replace(DECLARED, colour="Y (Pillow)")),
        row("mean over squared errors", DECLARED, PooledPSNR(), NO_POOLED_SSIM),
    ]


COLUMNS = measured_on(WHOLE, PSNR(), SSIM())
TABLE = Table(
    name="protocol",
    source="D2SM, Table 1's evaluation",
    caption="How far one choice moves the numbers of released FFDNet; a table of our own",
    protocol=Protocol(training=None, evaluation=DECLARED),
    columns=COLUMNS,
    groups={"whole images": choices(WHOLE), "halved images": choices(HALVED)},
    headers=("Images", "Evaluation"),
    base=AS_DECLARED,
    spreads=TABLE1.spread([column.name for column in COLUMNS]),
    released=True,
    notes=(
        "FFDNet's released weights never saw Cityscapes. The spread of the paper's rows is over all "
        "methods and backbones of its Table 1.",
    ),
)

PAPER = Paper(name="Protocol", tables=(TABLE,))
