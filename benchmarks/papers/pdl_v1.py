"""PDL, version 1 of the paper: the tables of `benchmarks.papers.pdl` with an aggregated score.

Eq. 7 relates each number of a row to the best one of its column, which the last row of a table
prints. The runs are those of version 2, but for a weight of L2 that only version 1 names.
"""

from __future__ import annotations

from baselines.deblurring.srn import SRN
from baselines.denoising.identity import Identity
from baselines.super_resolution.edsr import EDSR
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.sources import assumed
from benchmarks.declare.table import Column, Derived, Row
from benchmarks.papers.pdl_protocol import (
    COMPRESSED,
    CONTEXTUAL_DP,
    CONTEXTUAL_L2,
    DSDEBLUR,
    L1_PERCEPTUAL,
    L2_PERCEPTUAL,
    NOISY,
    OURS,
    PIXELS,
    SCALES,
    SHAKEN,
    SHOWN_DENOISED,
    SHOWN_ENLARGED,
    SMALL,
    SRGAN,
    UNPRINTED,
    deblurring_table,
    denoising_table,
    full_reference,
    jpeg_table,
    one,
    projected,
    projections_table,
    super_resolution_table,
    sweep,
)

SCORE = Column(Derived("Score", digits=3, higher_is_better=True))

RATERS = ("The paper names 25 raters and not how many answers each gave.",)

# fmt: off
TABLE1 = denoising_table(
    name="pdl_v1_table1",
    source="PDL v1, Table 1",
    caption="Denoising under strong noise, sigma 100",
    columns=(*full_reference(NOISY), SCORE),
    groups={
        "input": one(Identity, None, "10.49 .416 1.289 .032", role="input"),
        "no-perceptual": one(SRN, SCALES, "27.14 .906 .311 .748"),
        "L1": sweep(SRN, SCALES, L1_PERCEPTUAL, {
            "0.001": "27.07 .904 .279 .830",
            "0.005": "26.92 .900 .264 .868",
            "0.010": "26.81 .896 .268 .850",
            "0.100": "25.90 .877 .261 .823",
            "0.150": "25.50 .871 .270 .778",
        }, "Table 1"),
        "L2": sweep(SRN, SCALES, L2_PERCEPTUAL, {
            "0.001": "27.02 .905 .283 .820",
            "0.005": "26.72 .895 .296 .765",
            "0.010": "26.30 .884 .308 .714",
        }, "Table 1"),
        "CTXDP": sweep(SRN, SCALES, CONTEXTUAL_DP, {
            "0.010": "26.91 .902 .252 .913",
            "0.100": "26.57 .896 .241 .934",
            "0.500": "26.34 .894 .249 .894",
        }, "Table 1"),
        "CTXL2": sweep(SRN, SCALES, CONTEXTUAL_L2, {
            "0.010": "26.85 .901 .246 .931",
            "0.100": "26.44 .896 .239 .936",
            "0.500": "25.98 .891 .244 .898",
        }, "Table 1"),
        "PDL": sweep(SRN, SCALES, OURS, {
            "0.001": "27.10 .906 .250 .930",
            "0.005": "26.74 .899 .243 .936",
            "0.010": "26.62 .898 .233 .972",
            "0.015": "26.48 .895 .238 .943",
            "0.020": "26.36 .893 .239 .931",
        }, "Table 1"),
        "best-value": one(None, None, "27.14 .906 .233 1.0", role="best"),
    },
)

TABLE2 = Pairwise(
    name="pdl_v1_table2",
    source="PDL v1, Table 2",
    caption="Human preference, denoising with sigma 100",
    of=TABLE1,
    labels=SHOWN_DENOISED,
    preferred={
        "no-perceptual": "- .43 .31 .29 .23",
        "L1": ".57 - .40 .38 .26",
        "CTXDP": ".69 .60 - .47 .39",
        "CTXL2": ".71 .62 .53 - .43",
        "PDL": ".77 .74 .61 .57 -",
    },
    notes=RATERS,
)

PRETRAINED = one(EDSR, PIXELS, "28.76 .966 .274 .529")

TABLE3 = super_resolution_table(
    name="pdl_v1_table3",
    source="PDL v1, Table 3",
    caption="Super-resolution x4",
    columns=(*full_reference(SMALL), SCORE),
    groups={
        "no-perceptual": PRETRAINED,
        "L1": one(EDSR, PIXELS + UNPRINTED * L1_PERCEPTUAL, "28.23 .961 .161 .879"),
        "CTXDP": one(EDSR, PIXELS + UNPRINTED * CONTEXTUAL_DP, "28.53 .964 .188 .764"),
        "CTXL2": one(EDSR, PIXELS + UNPRINTED * CONTEXTUAL_L2, "28.40 .963 .173 .825"),
        "SRGAN": one(EDSR, SRGAN, "26.21 .941 .150 .860", start=PRETRAINED[0]),
        "PDL": sweep(EDSR, PIXELS, OURS, {
            "0.003": "28.21 .961 .169 .839",
            "0.01": "27.81 .957 .145 .944",
        }, "Table 3"),
        "best-value": one(None, None, "28.76 .966 .145 1.0", role="best"),
    },
)

TABLE4 = Pairwise(
    name="pdl_v1_table4",
    source="PDL v1, Table 4",
    caption="Human preference, super-resolution x4",
    of=TABLE3,
    labels=SHOWN_ENLARGED,
    preferred={
        "no-perceptual": "- .43 .31 .30 .28 .24",
        "L1": ".57 - .41 .42 .37 .34",
        "CTXDP": ".69 .59 - .47 .41 .38",
        "CTXL2": ".70 .58 .53 - .42 .39",
        "SRGAN": ".72 .63 .59 .58 - .50",
        "PDL": ".76 .66 .62 .61 .50 -",
    },
    notes=RATERS,
)

TABLE5 = deblurring_table(
    name="pdl_v1_table5",
    source="PDL v1, Table 5",
    caption="Camera shake deblurring",
    columns=(*full_reference(SHAKEN), SCORE),
    groups={
        "input": one(Identity, None, "27.07 .899 .328 .213", role="input"),
        "no-perceptual": one(DSDEBLUR, SCALES, "32.57 .969 .161 .563"),
        "L1": one(DSDEBLUR, SCALES + UNPRINTED * L1_PERCEPTUAL, "33.07 .973 .126 .731"),
        "CTXDP": one(DSDEBLUR, SCALES + UNPRINTED * CONTEXTUAL_DP, "32.11 .965 .117 .759"),
        "CTXL2": one(DSDEBLUR, SCALES + UNPRINTED * CONTEXTUAL_L2, "32.79 .971 .095 .959"),
        "PDL": sweep(DSDEBLUR, SCALES, OURS, {
            "0.001": "33.01 .974 .112 .822",
            "0.005": "32.53 .969 .092 .979",
            "0.010": "31.97 .964 .093 .956",
        }, "Table 5"),
        "best-value": one(None, None, "28.76 .966 .145 1.0", role="best"),
    },
)

TABLE6 = jpeg_table(
    name="pdl_v1_table6",
    source="PDL v1, Table 6",
    caption="JPEG artifact removal, quality 20",
    columns=(*full_reference(COMPRESSED), SCORE),
    groups={
        "input": one(Identity, None, "29.54 .953 .208 .450", role="input"),
        "no-perceptual": one(SRN, SCALES, "31.77 .974 .176 .584"),
        "L1": sweep(SRN, SCALES, L1_PERCEPTUAL, {"0.01": "31.70 .973 .144 .713"}, "Table 6"),
        "L2": sweep(SRN, SCALES, L2_PERCEPTUAL, {"0.01": "31.50 .972 .138 .738"}, "Table 6"),
        "CTXDP": sweep(SRN, SCALES, CONTEXTUAL_DP, {"0.01": "31.48 .972 .113 .902"}, "Table 6"),
        "CTXL2": sweep(SRN, SCALES, CONTEXTUAL_L2, {"0.01": "31.39 .971 .105 .961"}, "Table 6"),
        "PDL": sweep(SRN, SCALES, OURS, {
            "0.001": "31.63 .973 .135 .759",
            "0.005": "31.24 .970 .106 .947",
            "0.01": "31.07 .969 .103 .972",
        }, "Table 6"),
        "best-value": one(None, None, "31.77 .974 .103 1.0", role="best"),
    },
)

SECOND = assumed(0.02, "printed as 0.01 a second time; the numbers are those of 0.020 in Table 1")

TABLE7 = projections_table(
    name="pdl_v1_table7",
    source="PDL v1, Table 7",
    caption="Projections of the features, denoising with sigma 100",
    columns=(*full_reference(NOISY, ms_ssim="MS=SIM"), SCORE),
    groups={
        "Id": [
            *projected("Id", {
                "0.001": "27.10 .906 .250 .931",
                "0.005": "26.74 .899 .243 .937",
                "0.01": "26.62 .898 .233 .974",
            }, "Table 7"),
            Row("0.01", SRN, SCALES + SECOND * OURS, "26.36 .893 .239 .932"),
        ],
        "R2P": projected("R2P", {
            "8x 0.001": "26.99 .903 .255 .907",
            "4x 0.005": "26.67 .898 .243 .934",
            "8x 0.01": "26.45 .895 .239 .941",
            "8x 0.10": "25.89 .885 .245 .886",
        }, "Table 7"),
        "RPP": projected("RPP", {
            "2x 0.001": "26.80 .901 .248 .924",
            "2x 0.002": "26.80 .900 .248 .921",
            "2x 0.01": "26.41 .894 .245 .914",
        }, "Table 7"),
        "RSP": projected("RSP", {
            "1x 0.001": "26.50 .892 .243 .924",
            "4x 0.001": "26.98 .904 .249 .929",
            "4x 0.005": "26.47 .894 .247 .907",
            "1x 0.01": "25.75 .880 .250 .861",
        }, "Table 7"),
        "best value": one(None, None, "27.10 .906 .233 1.000", role="best"),
    },
)
# fmt: on

TABLES = (TABLE1, TABLE2, TABLE3, TABLE4, TABLE5, TABLE6, TABLE7)
