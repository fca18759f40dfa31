"""How PDL trains and measures, in both versions of its paper; no code was released.

Formulae and some numbers are lost from the available text of version 2; what version 1 prints is
then taken from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import nn

from baselines.deblurring.srn import SRN
from baselines.denoising.identity import Identity
from baselines.discriminators.srgan import SRGANDiscriminator
from baselines.super_resolution.bicubic import Bicubic
from benchmarks.declare.protocol import Adam, Evaluation, Protocol, Training
from benchmarks.declare.runs import Fixed, network
from benchmarks.declare.sources import assumed, cited, paper
from benchmarks.declare.table import Column, Reference, Row
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
        lr=assumed(1e-3, "'ADAM with default parameters' (5): the default of Kingma and Ba"),
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
SRGAN = cited(0.006, "Ledig et al. 2017: features divided by 12.75") * Perceptual(
    Features("vgg19", cited(("relu5_4",), "Ledig et al. 2017, Sec. 2.2.1")), "l2"
) + cited(1e-3, "Ledig et al. 2017, Eq. 3") * Adversarial(
    network(SRGANDiscriminator), lr=cited(1e-4, "Ledig et al. 2017, Sec. 3.2")
)
UNPRINTED = assumed(0.01, "the paper gives no weight here; the one of its JPEG table")

# Tables ------------------------------------------------------------------------------------------


def quality(test: Any) -> tuple[Column, ...]:
    """The five metrics of version 2."""
    return (*full_reference(test), Column(NIQE(), test), Column(FID(), test))


def full_reference(test: Any, ms_ssim: str | None = None) -> tuple[Column, ...]:
    """PSNR, MS-SSIM and LPIPS; ms_ssim: its heading where it is misprinted."""
    lpips = LPIPS(net=assumed("alex", "the default of the package, whose version is 0.1"))
    return (Column(PSNR(), test), Column(MSSSIM(), test, label=ms_ssim), Column(lpips, test))


def one(
    model: type[nn.Module] | None,
    objective: Objective | Term | None,
    numbers: str,
    **changes: Any,
) -> list[Row]:
    """A block of a single row."""
    return [Row("", model, objective, numbers, **changes)]


def sweep(
    model: type[nn.Module], pixel: Term, term: Term, numbers: dict[str, str], where: str
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
SMALLER = Downscaled(CROPS, scale=paper(4, "version 1, Sec. 5.4"))
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
ALL_SCALES = assumed(
    "L_1 is taken at three scales and summed", "the network's authors do so with their squares"
)
ASSUMED_SRN = (
    assumed("SRN is its authors' colour model, without LSTM", "the paper names the network alone"),
    ALL_SCALES,
)
ASSUMED_DSDEBLUR = (ALL_SCALES,)
ASSUMED_EDSR = (
    assumed(
        "EDSR is its authors' baseline of 16 blocks with 64 features",
        "28.76 dB is nearer to its 28.95 on these images than to the large network's 29.25",
    ),
    assumed(
        "SRGAN trains EDSR, from the weights of the no-perceptual row",
        "the paper has one configuration for all models; SRGAN's authors start from a trained one",
    ),
)

# The rows that raters are shown, where a loss has several.
BEST_SCORE = "the paper names no weight; the one with the best score of version 1"
SHOWN_DENOISED = {
    "L1": assumed("0.005", BEST_SCORE),
    "CTXDP": assumed("0.100", BEST_SCORE),
    "CTXL2": assumed("0.100", BEST_SCORE),
    "PDL": assumed("0.010", BEST_SCORE),
}
SHOWN_ENLARGED = {"PDL": assumed("0.01", BEST_SCORE)}

# Lines of our own, where the paper does not show what a network starts from.
DEGRADED = (Reference("degraded input", Fixed(network(Identity))),)
ENLARGED = (Reference("bicubic", Fixed(network(Bicubic))),)
