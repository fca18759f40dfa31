"""How PDL trains and measures, in both versions of its paper; no code was released.

Formulae and some numbers are lost from the available text of version 2; what version 1 prints is
then taken from there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from baselines.deblurring.dsdeblur import DsDeblur
from baselines.deblurring.srn import SRN
from baselines.denoising.identity import Identity
from baselines.discriminators.srgan import SRGANDiscriminator
from baselines.super_resolution.bicubic import Bicubic
from benchmarks.declare.protocol import Adam, Evaluation, Protocol, Training
from benchmarks.declare.runs import Fixed, Network, network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Column, Reference, Row, Table
from benchmarks.metrics.fid import FID
from benchmarks.metrics.lpips import LPIPS
from benchmarks.metrics.ms_ssim import MSSSIM
from benchmarks.metrics.niqe import NIQE
from benchmarks.metrics.psnr import PSNR
from datasets.crops import RandomCrops
from datasets.degradations.bicubic import Downscaled
from datasets.degradations.camera_shake import CameraShake
from datasets.degradations.clipped_noise import ClippedNoise
from datasets.degradations.jpeg import JPEGCompressed
from datasets.degradations.mosaic import BayerMosaic
from datasets.div2k import DIV2K
from losses.adversarial import Adversarial
from losses.contextual import Contextual
from losses.features import Features
from losses.l1 import L1
from losses.objective import Objective, Term
from losses.pdl import PDL
from losses.perceptual import Perceptual
from losses.scales import L1Scales

HEADERS = ("Perceptual loss", "Weight")

# How the networks are trained and measured -------------------------------------------------------

TRAINING = Training(
    steps=paper(1_000_000, "version 1, Sec. 5"),
    batch=paper(8, "version 1, Sec. 5"),
    crop=paper(256, "version 1, Sec. 5"),
    optimizer=Adam(
        lr=assumed(
            1e-3,
            "'ADAM with default parameters' (5): the default of Kingma and Ba; SRN's authors take 1e-4",
        ),
        betas=paper((0.9, 0.999), "version 1, Sec. 5: Adam's defaults"),
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

# Objectives --------------------------------------------------------------------------------------

FEATURES = Features(
    "vgg16",
    assumed(("relu4_3",), "'VGG16conv4': the last of the block, after its ReLU, as in TensorFlow"),
)
PIXELS = L1()
SCALES = L1Scales()  # of SRN and DsDeblur, whose authors sum their loss over three scales
OURS = PDL(
    FEATURES,
    reduction=assumed(
        "mean", "Eq. 5 has sums, Sec. 4 averages; only as a mean do its weights act as printed"
    ),
)
L1_PERCEPTUAL = Perceptual(FEATURES, "l1")
L2_PERCEPTUAL = Perceptual(
    FEATURES, assumed("l2", "Eq. 6 does not say whether the norm is squared; Johnson et al. do")
)
BANDWIDTH = assumed(0.5, "the paper names none; Mechrez et al. 2018, released config")
CONTEXTUAL_DP = Contextual(FEATURES, distance="dot", bandwidth=BANDWIDTH)
CONTEXTUAL_L2 = Contextual(FEATURES, distance="l2", bandwidth=BANDWIDTH)
# SRGAN has no pixel term: content and adversary alone.
SRGAN = assumed(
    0.006, "SRGAN divides VGG's features by 12.75; whether its VGG is scaled as ours is not known"
) * Perceptual(
    Features("vgg19", cited(("relu5_4",), "Ledig et al. 2017, Sec. 2.2.1")), "l2"
) + cited(1e-3, "Ledig et al. 2017, Eq. 3") * Adversarial(
    network(SRGANDiscriminator),
    lr=assumed(1e-3, "'the same ... optimization parameters' for all models; SRGAN's own is 1e-4"),
)
UNPRINTED = assumed(0.01, "the paper gives no weight here; the one of its JPEG table")

# Of the networks, the one that needs more than its class to be declared.
DSDEBLUR = network(DsDeblur, start="identity")  # see ASSUMED_DSDEBLUR

# Tables ------------------------------------------------------------------------------------------


def quality(test: Any) -> tuple[Column, ...]:
    """The five metrics of version 2."""
    niqe = NIQE(assumed("live", "its authors' parameters; MATLAB's own function has others"))
    return (*full_reference(test), Column(niqe, test), Column(FID(), test))


def full_reference(test: Any, ms_ssim: str | None = None) -> tuple[Column, ...]:
    """PSNR, MS-SSIM and LPIPS; ms_ssim: its heading where it is misprinted."""
    lpips = LPIPS(net=assumed("alex", "the default of the package, whose version is 0.1"))
    return (Column(PSNR(), test), Column(MSSSIM(), test, label=ms_ssim), Column(lpips, test))


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


def projected(scheme: str, numbers: dict[str, str], where: str) -> list[Row]:
    """A block of one scheme of projections; labels are `8x 0.001`, or `0.001` for one direction."""
    rows = []
    for label, line in numbers.items():
        *factor, weight = label.split()
        directions = paper(int(factor[0].rstrip("x")), where) if factor else 1
        term = PDL(FEATURES, scheme, directions, reduction=OURS.reduction)
        rows.append(Row(label, SRN, SCALES + paper(float(weight), where) * term, line))
    return rows


DENOISING = ClippedNoise(CROPS, sigma=paper(100, "version 1, Sec. 5.3"))
NOISY = replace(DENOISING, data=VALID)
SMALLER = Downscaled(
    CROPS,
    scale=paper(4, "version 1, Sec. 5.4"),
    levels=assumed(256, "small images are 8-bit files, as DIV2K's own are"),
    border=assumed("symmetric", "MATLAB's imresize, with which DIV2K's own were made"),
)
SMALL = replace(SMALLER, data=VALID)
SHAKING = CameraShake(
    CROPS,
    support=assumed(17, "the paper prints none; no hand that is drawn leaves it"),
    sigma=paper((0.0, 15.0), "version 1, Sec. 5.5"),
    exposure=assumed((0.0, 1.0), "'varying intensity': from none to a second, evenly"),
    drift=assumed(3.0, "pixels in a second: sets the input row near the printed 27.07 dB"),
)
SHAKEN = replace(SHAKING, data=VALID)
COMPRESSING = JPEGCompressed(
    CROPS,
    quality=paper(20, "version 1, Sec. 5.6"),
    subsampling=assumed("4:2:0", "libjpeg's default; the paper names no encoder"),
)
COMPRESSED = replace(COMPRESSING, data=VALID)
MOSAICKING = BayerMosaic(
    CROPS, sigma=assumed(5.0, "'mild noise'; pattern RGGB, each sample in its colour's plane")
)
MOSAICKED = replace(MOSAICKING, data=VALID)

# Choices that stand in no declaration, for the ledger.
EVERYWHERE = (
    assumed(
        "feature networks get images in [0, 1], less ImageNet's mean, over its deviation",
        "torchvision's; with features of another size every weight would mean something else",
    ),
    assumed("perceptual losses are means over features", "Eq. 5 and 6 leave their scale open"),
    assumed("the learning rate is constant and the last step's weights count", "nothing else said"),
    assumed(
        "FID compares whole images, made 299x299", "the paper does not say; crops are possible"
    ),
)
THREE_SCALES = (
    assumed(
        "L_1 is taken at three scales and summed, a perceptual loss at the full size only",
        "the network's authors sum their squares over the scales",
    ),
)
ASSUMED_SRN = (
    assumed("SRN is its authors' colour model, without LSTM", "the paper names the network alone"),
    *THREE_SCALES,
    *EVERYWHERE,
)
CLIPPED = assumed("noisy images are clipped", "the input's 10.49 dB is that of clipped noise")
ASSUMED_DENOISING = (*ASSUMED_SRN, CLIPPED)
ASSUMED_PROJECTIONS = (
    assumed("projections are drawn anew at each step", "the paper does not say"),
    assumed("a row of R2P is a random direction in the plane of two channels", "no weights given"),
    assumed("RPP adds noise of length 0.1 to each row, which is then made a unit", "no size given"),
    *ASSUMED_DENOISING,
)
ASSUMED_MOSAIC = (
    assumed("the pattern is RGGB, each sample in its colour's plane", "the paper does not say"),
    *ASSUMED_SRN,
)
ASSUMED_DSDEBLUR = (
    assumed(
        "DsDeblur starts as nearly the identity",
        "its authors' training code is not public; from Xavier's weights it starts around 1e8",
    ),
    assumed(
        "a hand moves as 1/f noise up to 20 Hz; images go on by reflection and results are clipped",
        "the cited generator is not public",
    ),
    *THREE_SCALES,
    *EVERYWHERE,
)
ASSUMED_EDSR = (
    assumed(
        "EDSR is its authors' baseline of 16 blocks with 64 features",
        "28.76 dB is nearer to its 28.95 on these images than to the large network's 29.25",
    ),
    assumed(
        "SRGAN trains EDSR, from the weights of the no-perceptual row",
        "the paper has one configuration for all models; SRGAN's authors start from a trained one",
    ),
    assumed(
        "SRGAN's discriminator sees crops of any size, pooled to 6x6 features",
        "its authors' has a dense layer for crops of 96",
    ),
    *EVERYWHERE,
)

# Lines of our own, where the paper does not show what a network starts from.
DEGRADED = (Reference("degraded input", Fixed(network(Identity))),)
ENLARGED = (Reference("bicubic", Fixed(network(Bicubic))),)

# What the tables of a task have in common, in both versions.
pdl_table = partial(
    Table, protocol=PROTOCOL, headers=HEADERS, rank_within="column", bold_known=False
)
denoising_table = partial(pdl_table, train=DENOISING, warm_up=SCALES, assumptions=ASSUMED_DENOISING)
projections_table = partial(denoising_table, references=DEGRADED, assumptions=ASSUMED_PROJECTIONS)
super_resolution_table = partial(
    pdl_table, train=SMALLER, warm_up=PIXELS, references=ENLARGED, assumptions=ASSUMED_EDSR
)
deblurring_table = partial(pdl_table, train=SHAKING, warm_up=SCALES, assumptions=ASSUMED_DSDEBLUR)
jpeg_table = partial(pdl_table, train=COMPRESSING, warm_up=SCALES, assumptions=ASSUMED_SRN)

# The rows that raters are shown, where a loss has several.
BEST_SCORE = "the paper names no weight; the one with the best score of version 1"
SHOWN_DENOISED = {
    "L1": assumed("0.005", f"L1: {BEST_SCORE}"),
    "CTXDP": assumed("0.100", f"CTXDP: {BEST_SCORE}"),
    "CTXL2": assumed("0.100", f"CTXL2: {BEST_SCORE}"),
    "PDL": assumed("0.010", f"PDL: {BEST_SCORE}"),
}
SHOWN_ENLARGED = {"PDL": assumed("0.01", f"PDL: {BEST_SCORE}")}
