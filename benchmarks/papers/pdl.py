"""PDL: Delbracio, Talebi, Milanfar, "Projected Distribution Loss for Image Enhancement", version 2.

Version 1 has tables of its own in `benchmarks.papers.pdl_v1`: the same networks with an aggregated
score in the place of NIQE and FID. The best numbers are set in bold in both, which both texts lost.
"""

from __future__ import annotations

from baselines.deblurring.srn import SRN
from baselines.denoising.identity import Identity
from baselines.super_resolution.edsr import EDSR
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.runs import network
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Column, Table, Unmeasured
from benchmarks.papers.pdl_protocol import (
    ASSUMED_MOSAIC,
    COMPRESSED,
    CONTEXTUAL_DP,
    CONTEXTUAL_L2,
    DEGRADED,
    DENOISING,
    DSDEBLUR,
    FEATURES,
    HEADERS,
    L1_PERCEPTUAL,
    L2_PERCEPTUAL,
    MOSAICKED,
    MOSAICKING,
    NOISY,
    OURS,
    PIXELS,
    PROTOCOL,
    SCALES,
    SHAKEN,
    SHOWN_DENOISED,
    SHOWN_ENLARGED,
    SMALL,
    SRGAN,
    TRAINING,
    UNPRINTED,
    deblurring_table,
    denoising_table,
    full_reference,
    jpeg_table,
    one,
    projected,
    projections_table,
    quality,
    super_resolution_table,
    sweep,
)

WEIGHTS_LOST = (
    "The weights of the losses are those of version 1: they are lost from the available text of "
    "version 2, which prints the same PSNR, MS-SSIM and LPIPS."
)
RATERS = (
    "In the paper each fraction is of 500 answers, whose standard error is at most 0.022 if they "
    "are independent.",
)

# fmt: off
TABLE1 = Speed(
    name="pdl_table1",
    source="PDL v2, Table I",
    caption="Training steps per second, of those without a perceptual loss",
    network=network(SRN),
    data=DENOISING,
    training=TRAINING,
    features=FEATURES,
    objectives={
        "No-perceptual": (SCALES, "1.00"),
        "L1": (SCALES + UNPRINTED * L1_PERCEPTUAL, ".57"),
        "L2": (SCALES + UNPRINTED * L2_PERCEPTUAL, ".54"),
        "CTXDP": (SCALES + UNPRINTED * CONTEXTUAL_DP, ".54"),
        "CTXL2": (SCALES + UNPRINTED * CONTEXTUAL_L2, ".53"),
        "PDL": (SCALES + UNPRINTED * OURS, ".57"),
    },
    notes=(
        "The paper names neither network nor hardware: assumed to be SRN, which most tables train. "
        "How much a perceptual loss costs, relative to a step, is mostly a matter of the network.",
    ),
)

TABLE2 = denoising_table(
    name="pdl_table2",
    source="PDL v2, Table II",
    caption="Denoising under strong noise, sigma 100",
    columns=quality(NOISY),
    groups={
        "reference": one(Identity, None, "- - - 3.166 -", role="reference"),
        "input": one(Identity, None, "10.49 .416 1.289 23.171 260.61", role="input"),
        "no-perceptual": one(SRN, SCALES, "27.14 .906 .311 3.766 84.33"),
        "L1": sweep(SRN, SCALES, L1_PERCEPTUAL, {
            "0.001": "27.07 .904 .279 3.539 61.11",
            "0.005": "26.92 .900 .264 4.414 59.18",
            "0.010": "26.81 .896 .268 4.456 59.89",
            "0.100": "25.90 .877 .261 4.570 60.98",
            "0.150": "25.50 .871 .270 4.799 62.57",
        }, "Table II"),
        "L2": sweep(SRN, SCALES, L2_PERCEPTUAL, {
            "0.001": "27.02 .905 .283 3.639 69.38",
            "0.010": "26.72 .895 .296 3.964 64.74",
            "0.050": "26.30 .884 .308 5.381 72.55",
        }, "Table II"),
        "CTXDP": sweep(SRN, SCALES, CONTEXTUAL_DP, {
            "0.010": "26.91 .902 .252 3.402 59.28",
            "0.100": "26.57 .896 .241 3.490 58.82",
            "0.500": "26.34 .894 .249 3.480 60.98",
        }, "Table II"),
        "CTXL2": sweep(SRN, SCALES, CONTEXTUAL_L2, {
            "0.010": "26.85 .901 .246 3.510 61.60",
            "0.100": "26.44 .896 .239 3.740 57.92",
            "0.500": "25.98 .891 .244 3.404 56.32",
        }, "Table II"),
        "PDL": sweep(SRN, SCALES, OURS, {
            "0.001": "27.10 .906 .250 3.226 57.47",
            "0.005": "26.74 .899 .243 3.291 55.26",
            "0.010": "26.62 .898 .233 3.398 54.51",
            "0.015": "26.48 .895 .238 3.275 54.95",
            "0.020": "26.36 .893 .239 3.483 58.12",
        }, "Table II"),
    },
)

TABLE3 = Pairwise(
    name="pdl_table3",
    source="PDL v2, Table III",
    caption="Human preference, denoising with sigma 100",
    of=TABLE2,
    labels=SHOWN_DENOISED,
    preferred={
        "no-perceptual": "- .43 .31 .29 .23",
        "L1": ".57 - .40 .38 .26",
        "CTXDP": ".69 .60 - .47 .39",
        "CTXL2": ".71 .62 .53 - .43",
        "PDL": ".77 .74 .61 .57 -",
    },
    comparisons=500,
    notes=RATERS,
)

PRETRAINED = one(EDSR, PIXELS, "28.76 .966 .274 4.762 25.30")

TABLE4 = super_resolution_table(
    name="pdl_table4",
    source="PDL v2, Table IV",
    caption="Super-resolution x4",
    columns=quality(SMALL),
    groups={
        "reference": one(Identity, None, "- - - 3.166 -", role="reference"),
        "no-perceptual": PRETRAINED,
        "L1": one(EDSR, PIXELS + UNPRINTED * L1_PERCEPTUAL, "28.23 .961 .161 4.914 16.37"),
        "CTXDP": one(EDSR, PIXELS + UNPRINTED * CONTEXTUAL_DP, "28.53 .964 .188 4.340 18.40"),
        "CTXL2": one(EDSR, PIXELS + UNPRINTED * CONTEXTUAL_L2, "28.40 .963 .173 4.169 17.92"),
        "SRGAN": one(EDSR, SRGAN, "26.21 .941 .150 2.975 18.05", start=PRETRAINED[0]),
        "PDL": sweep(EDSR, PIXELS, OURS, {
            "0.003": "28.21 .961 .169 3.892 18.15",
            "0.01": "27.81 .957 .145 3.989 16.66",
        }, "version 1, Table 3"),
    },
    printed_notes=(WEIGHTS_LOST,),
)

TABLE5 = Pairwise(
    name="pdl_table5",
    source="PDL v2, Table V",
    caption="Human preference, super-resolution x4",
    of=TABLE4,
    labels=SHOWN_ENLARGED,
    preferred={
        "no-perceptual": "- .43 .31 .30 .28 .24",
        "L1": ".57 - .41 .42 .37 .34",
        "CTXDP": ".69 .59 - .47 .41 .38",
        "CTXL2": ".70 .58 .53 - .42 .39",
        "SRGAN": ".72 .63 .59 .58 - .50",
        "PDL": ".76 .66 .62 .61 .50 -",
    },
    comparisons=500,
    notes=RATERS,
)

TABLE6 = deblurring_table(
    name="pdl_table6",
    source="PDL v2, Table VI",
    caption="Camera shake deblurring",
    columns=quality(SHAKEN),
    groups={
        "reference": one(Identity, None, "- - - 3.166 -", role="reference"),
        "input": one(Identity, None, "27.07 .899 .328 7.482 45.96", role="input"),
        "no-perceptual": one(DSDEBLUR, SCALES, "32.57 .969 .161 4.009 22.99"),
        "L1": one(DSDEBLUR, SCALES + UNPRINTED * L1_PERCEPTUAL, "33.07 .973 .126 3.768 14.29"),
        "CTXDP": one(DSDEBLUR, SCALES + UNPRINTED * CONTEXTUAL_DP, "32.11 .965 .117 3.666 15.60"),
        "CTXL2": one(DSDEBLUR, SCALES + UNPRINTED * CONTEXTUAL_L2, "32.79 .971 .095 3.635 12.71"),
        "PDL": sweep(DSDEBLUR, SCALES, OURS, {
            "0.001": "33.01 .974 .112 3.546 13.76",
            "0.005": "32.53 .969 .092 3.476 11.76",
            "0.010": "31.97 .964 .093 3.572 13.36",
        }, "version 1, Table 5"),
    },
    printed_notes=(WEIGHTS_LOST,),
)

TABLE7 = jpeg_table(
    name="pdl_table7",
    source="PDL v2, Table VII",
    caption="JPEG artifact removal, quality 20",
    columns=quality(COMPRESSED),
    groups={
        "reference": one(Identity, None, "- - - 3.166 -", role="reference"),
        "input": one(Identity, None, "29.54 .953 .208 4.267 28.24", role="input"),
        "no-perceptual": one(SRN, SCALES, "31.77 .974 .176 3.892 24.05"),
        "L1": sweep(SRN, SCALES, L1_PERCEPTUAL, {"0.01": "31.70 .973 .144 3.622 17.94"}, "version 1, Table 6"),
        "L2": sweep(SRN, SCALES, L2_PERCEPTUAL, {"0.01": "31.50 .972 .138 3.633 17.76"}, "version 1, Table 6"),
        "CTXDP": sweep(SRN, SCALES, CONTEXTUAL_DP, {"0.01": "31.48 .972 .113 3.812 16.20"}, "version 1, Table 6"),
        "CTXL2": sweep(SRN, SCALES, CONTEXTUAL_L2, {"0.01": "31.39 .971 .105 4.006 16.08"}, "version 1, Table 6"),
        "PDL": sweep(SRN, SCALES, OURS, {
            "0.001": "31.63 .973 .135 3.687 16.40",
            "0.005": "31.24 .970 .106 3.848 14.55",
            "0.01": "31.07 .969 .103 3.991 15.03",
        }, "version 1, Table 6"),
    },
    printed_notes=(WEIGHTS_LOST,),
)

TABLE8 = projections_table(
    name="pdl_table8",
    source="PDL v2, Table VIII",
    caption="Projections of the features, denoising with sigma 100",
    columns=full_reference(NOISY, ms_ssim="MS=SIM"),
    groups={
        "Id": projected("Id", {
            "0.001": "27.10 .906 .250",
            "0.005": "26.74 .899 .243",
            "0.01": "26.62 .898 .233",
            "0.02": "26.36 .893 .239",
        }, "version 1, Table 7"),
        "R2P": projected("R2P", {
            "8x 0.001": "26.99 .903 .255",
            "4x 0.005": "26.67 .898 .243",
            "8x 0.01": "26.45 .895 .239",
            "8x 0.10": "25.89 .885 .245",
        }, "version 1, Table 7"),
        "RPP": projected("RPP", {
            "2x 0.001": "26.80 .901 .248",
            "2x 0.002": "26.80 .900 .248",
            "2x 0.01": "26.41 .894 .245",
        }, "version 1, Table 7"),
        "RSP": projected("RSP", {
            "1x 0.001": "26.50 .892 .243",
            "4x 0.001": "26.98 .904 .249",
            "4x 0.005": "26.47 .894 .247",
            "1x 0.01": "25.75 .880 .250",
        }, "version 1, Table 7"),
    },
    printed_notes=(
        "The labels are those of version 1, Table 7: they are lost from the available text of "
        "version 2. Version 1 prints the weight 0.01 twice; the numbers are those of 0.020 in "
        "Table II.",
    ),
)

DEMOSAICING = Table(
    name="pdl_demosaicing",
    source="PDL v2, Fig. 9, which prints no numbers",
    caption="Demosaicing with mild noise; a table of our own",
    columns=quality(MOSAICKED),
    protocol=PROTOCOL,
    train=MOSAICKING,
    warm_up=SCALES,
    references=DEGRADED,
    assumptions=ASSUMED_MOSAIC,
    headers=HEADERS,
    rank_within="column",
    groups={
        "no-perceptual": one(SRN, SCALES, "- - - - -"),
        "L1": one(SRN, SCALES + UNPRINTED * L1_PERCEPTUAL, "- - - - -"),
        "PDL": one(SRN, SCALES + UNPRINTED * OURS, "- - - - -"),
    },
    notes=("The paper shows images of L1 and PDL; pattern, noise and weights are assumed.",),
)

FIGURE2 = Table(
    name="pdl_figure2",
    source="PDL v2, Fig. 2",
    caption="Distances between the distributions of three VGG16 features",
    columns=(
        Column(Unmeasured("wd", digits=2, higher_is_better=None)),
        Column(Unmeasured("kld", digits=2, higher_is_better=None)),
    ),
    headers=("Panel", ""),
    bold_known=False,
    groups={
        "c": one(None, None, ".10 .07"),
        "d": one(None, None, ".92 .07"),
        "e": one(None, None, "1.21 .06"),
    },
)
# fmt: on

TABLES = (TABLE1, TABLE2, TABLE3, TABLE4, TABLE5, TABLE6, TABLE7, TABLE8, DEMOSAICING, FIGURE2)
