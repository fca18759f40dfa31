"""D2SM: Mei, Patel, Huang, "Deep Semantic Statistics Matching (D2SM) Denoising Network", ECCV 2022.

Its exhibits, among them those of its poster, and what does not fit in them.
"""

from __future__ import annotations

from benchmarks.claims.paper import Paper, Remark, Stated
from benchmarks.claims.repeated import Repeated
from benchmarks.claims.table_checks import ARITHMETIC, Finding
from benchmarks.papers.d2sm import claims, dehazing, denoising, faces, poster

PAPER = Paper(
    name="D2SM",
    tables=(
        denoising.TABLE1,
        faces.TABLE2,
        dehazing.TABLE3,
        denoising.TABLE4,
        poster.TABLE1,
        poster.TABLE2,
    ),
    claims=claims.CLAIMS,
    repeated=(
        Repeated(
            "d2sm_table4",
            "d2sm_table1",
            rows=(("FFDNet / FFDNet", "FFDNet / L_1"), ("FFDNet / Ours", "FFDNet / w/. Internal")),
        ),
        Repeated("d2sm_poster_table1", "d2sm_table1", labels=True),
        Repeated("d2sm_poster_table2", "d2sm_table4", labels=True),
    ),
    stated=(
        Stated(
            claims.CROSS_ENTROPY_PSNR,
            "0.542 dB",
            "likely a slip in the last digit; the numbers before rounding could give it",
        ),
        Stated(claims.CBDNET_MIOU, "0.5 % in MIoU", ARITHMETIC),
        Stated(
            claims.FACES_BOTH,
            "better than DICNet and DICGAN in distortion and in alignment",
            ARITHMETIC,
        ),
    ),
    remarks=(
        Remark("D2SM, Sec. 4.2", "alignment", "alignment on Helen is given for reference only"),
    ),
    notes=(
        Finding(
            "D2SM, Eq. 10",
            "'Jensen-Shannon divergence': half of each Kullback-Leibler divergence",
            "without the mixture of the two distributions this is the symmetrised divergence of "
            "Jeffreys; Table 4's L_JSD is taken to be Eq. 10 as printed",
            "certain, by definition; what was run is not known",
        ),
    ),
)
