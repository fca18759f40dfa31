"""How PDL trains and measures, in both versions of its paper; no code was released.

Formulae and some numbers are lost from the available text of version 2; what version 1 prints is
then taken from there. Version 1's tables have an aggregated score (Eq. 7) in the place of NIQE and
FID, and else the same networks. The best numbers are set in bold in both, which both texts lost.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import nn

from baselines.pass_through import PassThrough
from benchmarks.declare.column import Column, Derived
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.runs import Fixed, Network, network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Reference, Row, Table
from benchmarks.declare.training import Adam, Training
from benchmarks.metrics.fid import FID
from benchmarks.metrics.lpips import LPIPS
from benchmarks.metrics.ms_ssim import MSSSIM
from benchmarks.metrics.niqe import NIQE
from benchmarks.metrics.psnr import PSNR
from datasets.crops import RandomCrops
from datasets.div2k import DIV2K
from losses.objective import Objective, Term

HEADERS = ("Perceptual loss", "Weight")

TRAINING = Training(
    steps=paper(1_000_000, "version 1, Sec. 5"),
    batch=paper(8, "version 1, Sec. 5"),
    crop=paper(256, "version 1, Sec. 5"),
    optimizer=Adam(
        lr=cited(
            1e-3,
            "Kingma and Ba 2015, Algorithm 1: the paper takes Adam's 'default parameters' (version "
            "1, Sec. 5); SRN's authors take 1e-4",
        ),
        betas=cited((0.9, 0.999), "Kingma and Ba 2015, Algorithm 1, as the rate"),
    ),
    augment=assumed("none", "the paper speaks of crops and of nothing else"),
)
PROTOCOL = Protocol(
    training=TRAINING,
    evaluation=Evaluation(
        colour=assumed("RGB", "the paper does not say; the metrics' own default"),
        levels=assumed(256, "the paper does not say; results are shown as images"),
        border=assumed(0, "the paper does not speak of a border"),
    ),
)

CROPS = RandomCrops(
    DIV2K("train"),
    count=paper(200_000, "version 1, Sec. 5"),
    size=paper(256, "version 1, Sec. 5"),
)
VALID = DIV2K("valid")


def quality(test: Any) -> tuple[Column, ...]:
    """The five metrics of version 2 on a test set."""
    niqe = NIQE(
        assumed(
            "live",
            "'using Matlab-niqe' (version 2, Sec. 5.2): its authors' program is MATLAB, and so is "
            "MATLAB's own function, which has other parameters; the first are public",
        )
    )
    return (*full_reference(test), Column(niqe, test), Column(FID(), test))


def full_reference(test: Any, ms_ssim: str | None = None) -> tuple[Column, ...]:
    """PSNR, MS-SSIM and LPIPS on a test set; ms_ssim: its heading where it is misprinted."""
    lpips = LPIPS(net=assumed("alex", "the default of the package, whose version is 0.1"))
    return (Column(PSNR(), test), Column(MSSSIM(), test, label=ms_ssim), Column(lpips, test))


SCORE = Column(Derived("Score", digits=3, higher_is_better=True))  # of version 1


def one(
    model: type[nn.Module] | Network | None,
    objective: Objective | Term | None,
    numbers: str,
    **changes: Any,
) -> list[Row]:
    """A block of a single row."""
    return [Row("", model, objective, numbers, **changes)]


def sweep(
    model: type[nn.Module] | Network, pixel: Term, term: Term, numbers: dict[str, str], where: str
) -> list[Row]:
    """A block of one loss with several weights, which the paper prints in the table `where`."""
    return [
        Row(weight, model, pixel + paper(float(weight), where) * term, line)
        for weight, line in numbers.items()
    ]


# Choices that stand in no declaration, for the ledger.
EVERYWHERE = (
    assumed(
        "feature networks get images in [0, 1], less ImageNet's mean, over its deviation",
        "torchvision's; with features of another size every weight would mean something else",
    ),
    assumed(
        "perceptual losses are means over features",
        "as PDL; Eq. 6 prints norms, in both of its terms, which for L1 are again the means with "
        "8/3 of the weight",
    ),
    assumed("the learning rate is constant and the last step's weights count", "nothing else said"),
    assumed(
        "FID compares whole images, made 299x299",
        "'computed using pytorch-fid' (version 2, Sec. 5.2), which resizes what it is given; whether "
        "that was whole images or crops is not said",
    ),
)

THREE_SCALES = (
    assumed(
        "L_1 is taken at three scales and summed, a perceptual loss at the full size only",
        "the network's authors sum their squares over the scales; Eq. 5 prints one pixel term",
    ),
)

ASSUMED_SRN = (
    assumed("SRN is its authors' colour model, without LSTM", "the paper names the network alone"),
    *THREE_SCALES,
    *EVERYWHERE,
)

# A line of our own, where the paper does not show what a network starts from.
DEGRADED = (Reference("degraded input", Fixed(network(PassThrough))),)

# What the tables have in common.
pdl_table = partial(
    Table,
    protocol=PROTOCOL,
    headers=HEADERS,
    rank_within="column",
    bold_known=False,
    unit=assumed(
        0.01,
        "of lite where VGG16's weights are not there: the only weight at which Table II has a row of "
        "every loss stands for a pull as strong as the pixel terms'",
    ),
)

BEST_SCORE = "the paper names no weight; the one with the best score of version 1"
WEIGHTS_LOST = (
    "The weights of the losses are those of version 1: they are lost from the available text of "
    "version 2, which prints the same PSNR, MS-SSIM and LPIPS."
)
RATERS = (
    "In the paper each fraction is of 500 answers, whose standard error is at most 0.022 if they "
    "are independent.",
)

V1_RATERS = ("The paper names 25 raters and not how many answers each gave.",)
