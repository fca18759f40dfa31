"""Released weights on public test sets, against published numbers, through the same machinery.

Nothing is trained here: if these cells agree, then networks, degradations, protocols and metrics
do. There is a block for each protocol: colour under noise, and luma after JPEG compression and
after bicubic reduction and enlargement. The last is of measured depth, over which haze is computed:
nobody prints its numbers, so they stand beside what the hazy photograph scores.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from baselines.pass_through import PassThrough
from benchmarks.claims.paper import Paper
from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.released import AOD_NET, DNCNN3, DNCNN_COLOUR_25, FFDNET_COLOUR
from benchmarks.declare.runs import Released
from benchmarks.declare.sources import assumed, cited
from benchmarks.declare.table import Reference, Row, Table
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.hazed import Hazed
from datasets.degradations.luma_enlarged import LumaEnlarged
from datasets.degradations.luma_jpeg import LumaJPEGCompressed, Plane
from datasets.degradations.noise import Noisy
from datasets.folders import CBSD68, LIVE1, Classic5, Kodak24, Set5
from datasets.rgbd_folder import RGBDFolder

COLOUR = Evaluation(levels=cited(256, "cszn/FFDNet and cszn/DnCNN: output rounded to 8 bit"))
LUMA = replace(COLOUR, colour="Y (MATLAB)")


def enlarged(scale: int) -> Column:
    """Set5 made smaller and enlarged."""
    evaluation = Evaluation(
        colour="Y (MATLAB)",
        levels=cited(0, "cszn/DnCNN, Demo_test_DnCNN3.m: luma in floats"),
        border=cited(scale, "ibid.: as many pixels as the scale"),
    )
    return Column(PSNR(), LumaEnlarged(Set5(), scale), f"Set5 x{scale}", evaluation=evaluation)


NOISE = tuple(
    Column(PSNR(), Noisy(data, sigma=sigma), f"{name} sigma={sigma}", evaluation=COLOUR)
    for name, data in (("CBSD68", CBSD68()), ("Kodak24", Kodak24()))
    for sigma in (25, 50)
)
LUMA_SETS: tuple[tuple[str, Any, Plane], ...] = (
    ("Classic5", Classic5(), "gray"),
    ("Live1", LIVE1(), "Y (MATLAB)"),
)
JPEG = tuple(
    Column(PSNR(), LumaJPEGCompressed(data, q, plane), f"{name} quality={q}", evaluation=LUMA)
    for name, data, plane in LUMA_SETS
    for q in (10, 20)
)
ENLARGED = tuple(map(enlarged, (2, 3, 4)))


def hazed(airlight: float, beta: float) -> Column:
    """PSNR of one indoor frame, of which the depth is known, in haze."""
    data = Hazed(
        RGBDFolder("nyu_rgbd"),
        beta=cited(beta, "AOD-Net's training: the ends and the middle of seven"),
        airlight=assumed(
            airlight,
            "of AOD-Net's range, 0.6 to 1, the part in which its released weights were seen to help",
        ),
        depth="metres",
    )
    return Column(PSNR(), data, f"NYUv2 A={airlight:g} beta={beta:g}", evaluation=COLOUR)


HAZE = tuple(hazed(airlight, beta) for airlight in (0.8, 1.0) for beta in (0.4, 1.0, 1.6))
COLUMNS = (*NOISE, *JPEG, *ENLARGED, *HAZE)


def released(weights: Released, printed: str, *measured: Column) -> list[Row]:
    """A network on the columns of its protocol; on the others there is nothing to measure."""
    columns = _alone(measured)
    return [Row("", weights.network, None, printed, released=weights, columns=columns)]


def _alone(measured: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(c if c in measured else _nothing(c) for c in COLUMNS)


def _nothing(column: Column) -> Column:
    metric: Any = Unmeasured(PSNR.symbol, PSNR.digits, PSNR.higher_is_better)
    return replace(column, metric=metric, data=None)


HAZY = Row("hazy input", PassThrough, None, "- " * len(COLUMNS), role="input", columns=_alone(HAZE))

# fmt: off
TABLE = Table(
    name="calibration",
    source="Zhang et al. 2018 (FFDNet), Table 2, and cszn/DnCNN",
    caption="Released weights on public test sets",
    protocol=Protocol(training=None, evaluation=COLOUR),
    columns=COLUMNS,
    layout="transposed",
    headers=("Test set", "Metric"),
    references=(Reference("hazy input", row=HAZY),),
    groups={                                             # CBSD68      Kodak24     | Classic5    Live1       | Set5             | NYUv2
        "FFDNet, colour":           released(FFDNET_COLOUR,   "31.21 27.96 32.13 28.98 | - - - -                 | - - -             | - - - - - -", *NOISE),
        "DnCNN, colour, sigma 25":  released(DNCNN_COLOUR_25, "31.23 -     32.03 -     | - - - -                 | - - -             | - - - - - -", NOISE[0], NOISE[2]),
        "DnCNN-3, luma":            released(DNCNN3,          "- - - -                 | 29.40 31.63 29.19 31.59 | 37.58 33.75 31.40 | - - - - - -", *JPEG, *ENLARGED),
        "AOD-Net":                  released(AOD_NET,         "- - - -                 | - - - -                 | - - -             | - - - - - -", *HAZE),
    },
    notes=(
        "31.23 and 32.03 are printed for the DnCNN that takes every noise level (CDnCNN-B). For the "
        "one that is measured, made for this level alone, no number is printed; it should be above.",
        "Under noise colour is measured, without clipping before. JPEG and enlarging are measured "
        "on luma (Classic5: on grey levels), the latter in floats and without a border of as many "
        "pixels as the scale.",
        "For haze on NYUv2 no number is printed. Depth is in metres, over one raw frame whose holes "
        "have the depth of the nearest measured pixel; AOD-Net was trained on haze over NYUv2.",
    ),
    released=True,
)
# fmt: on

PAPER = Paper(name="Zhang et al. 2018", tables=(TABLE,))
