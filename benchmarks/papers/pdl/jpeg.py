"""PDL: JPEG artifact removal (VII; version 1: 6)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from baselines.deblurring.srn import SRN
from baselines.pass_through import PassThrough
from benchmarks.declare.sources import assumed, paper
from benchmarks.papers.pdl.objectives import (
    CONTEXTUAL_DP,
    CONTEXTUAL_L2,
    L1_PERCEPTUAL,
    L2_PERCEPTUAL,
    OURS,
    SCALES,
)
from benchmarks.papers.pdl.protocol import (
    ASSUMED_SRN,
    CROPS,
    SCORE,
    VALID,
    WEIGHTS_LOST,
    full_reference,
    one,
    pdl_table,
    quality,
    sweep,
)
from datasets.degradations.jpeg import JPEGCompressed

COMPRESSING = JPEGCompressed(
    CROPS,
    quality=paper(20, "version 1, Sec. 5.6"),
    subsampling=assumed("4:2:0", "libjpeg's default; the paper names no encoder"),
)
COMPRESSED = replace(COMPRESSING, data=VALID)

jpeg_table = partial(pdl_table, train=COMPRESSING, warm_up=SCALES, assumptions=ASSUMED_SRN)

# fmt: off
TABLE7 = jpeg_table(
    name="pdl_table7",
    source="PDL v2, Table VII",
    caption="JPEG artifact removal, quality 20",
    columns=quality(COMPRESSED),
    groups={
        "reference": one(PassThrough, None, "- - - 3.166 -", role="reference"),
        "input": one(PassThrough, None, "29.54 .953 .208 4.267 28.24", role="input"),
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

V1_TABLE6 = jpeg_table(
    name="pdl_v1_table6",
    source="PDL v1, Table 6",
    caption="JPEG artifact removal, quality 20",
    columns=(*full_reference(COMPRESSED), SCORE),
    groups={
        "input": one(PassThrough, None, "29.54 .953 .208 .450", role="input"),
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
# fmt: on
