"""PDL: Delbracio, Talebi, Milanfar, "Projected Distribution Loss for Image Enhancement".

The exhibits of both versions of the paper, version 2 first, and what does not fit in them.
"""

from __future__ import annotations

from benchmarks.claims.paper import Paper, Remark, Stated
from benchmarks.claims.repeated import Repeated
from benchmarks.claims.table_checks import READING, Finding
from benchmarks.papers.pdl import (
    claims,
    deblurring,
    demosaicing,
    denoising,
    figures,
    jpeg,
    speed,
    super_resolution,
)

PAPER = Paper(
    name="PDL",
    tables=(
        speed.TABLE1,
        denoising.TABLE2,
        denoising.TABLE3,
        super_resolution.TABLE4,
        super_resolution.TABLE5,
        deblurring.TABLE6,
        jpeg.TABLE7,
        denoising.TABLE8,
        demosaicing.DEMOSAICING,
        figures.FIGURE2_NUMBERS,
        denoising.V1_TABLE1,
        denoising.V1_TABLE2,
        super_resolution.V1_TABLE3,
        super_resolution.V1_TABLE4,
        deblurring.V1_TABLE5,
        jpeg.V1_TABLE6,
        denoising.V1_TABLE7,
    ),
    figures=(figures.FIGURE2, figures.FIGURE3),
    claims=claims.CLAIMS,
    repeated=(
        Repeated("pdl_v1_table1", "pdl_table2", labels=True),
        Repeated("pdl_v1_table2", "pdl_table3", labels=True),
        Repeated("pdl_v1_table3", "pdl_table4"),
        Repeated("pdl_v1_table4", "pdl_table5", labels=True),
        Repeated("pdl_v1_table5", "pdl_table6"),
        Repeated("pdl_v1_table6", "pdl_table7"),
        Repeated("pdl_v1_table7", "pdl_table8"),
        Repeated(
            "pdl_table8",
            "pdl_table2",
            rows=(
                ("Id / 0.001", "PDL / 0.001"),
                ("Id / 0.005", "PDL / 0.005"),
                ("Id / 0.01", "PDL / 0.010"),
                ("Id / 0.02", "PDL / 0.020"),
            ),
        ),
    ),
    stated=(
        Stated(
            claims.SMALLEST_LARGEST,
            "the smallest difference with no-perceptual, the largest with CTXL2",
            "certain; the two words have changed places",
        ),
    ),
    remarks=(
        Remark("PDL v1, Table 5, best-value", "28.76", "the printed ones are Table 3's"),
        Remark(
            "PDL v1, Table 7", "Id / 0.01", "the second has the numbers of PDL 0.020 in Table 1"
        ),
        Remark(
            "PDL v1, Table 1 and", "L2", "that the runs are the same is inferred from their numbers"
        ),
    ),
    notes=(
        Finding(
            "PDL v1, Eq. 3",
            "the integral over [0, 1] is the sum over the n sorted values",
            "it is their mean: each step of the two quantile functions is 1/n long",
            "certain, by algebra",
        ),
        Finding(
            "PDL v1, Eq. 4",
            "SW_p^p is the integral of W_p over all directions",
            "of W_p^p; for p = 1, which the paper uses, the two are one",
            "certain, by definition",
        ),
        Finding(
            "PDL v1, Sec. 4",
            "'computing and averaging the distance'; Eq. 5, Algorithm 1 and Sec. 1 sum",
            "which was run is open. Eq. 5 sums its pixel term as well, so that with the features of "
            "conv4 both readings differ by no more than a weight that is 8/3 as large",
            READING,
        ),
        Finding(
            "PDL v2, Sec. 5.1",
            "'(R3,R4) No-reference measures (NIQE, FID). We have added ... The updated results are "
            "given in'",
            "a part of an answer to reviewers, which breaks off",
            READING,
        ),
        Finding(
            "PDL v2, Sec. 5.2",
            "'this particular way of weighting the different metrics may seem somewhat arbitrary'",
            "nothing is weighted: version 1's score (Eq. 7), which this was said of, is gone",
            READING,
        ),
        Finding(
            "PDL v2, user study",
            "25 raters with 20 questions each; then '20 raters, and 25 pairs'",
            "both make 500 comparisons; how many raters there were is open, and so is the sampling "
            "error, for answers of one rater are not independent",
            READING,
        ),
    ),
)
