"""D2SM: Mei, Patel, Huang, "Deep Semantic Statistics Matching (D2SM) Denoising Network", ECCV 2022.

Its exhibits, among them those of its poster, and what does not fit in them.
"""

from __future__ import annotations

from benchmarks.claims.paper import Paper, Remark, Stated
from benchmarks.claims.repeated import Repeated
from benchmarks.claims.table_checks import ARITHMETIC, Finding
from benchmarks.papers.d2sm import claims, dehazing, denoising, faces, figures, poster

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
    figures=(figures.FIGURE1, figures.FIGURE8, faces.FIGURE),
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
            "D2SM, Table 2",
            "RDN [ECCV-18] and PFSR [BMVC-18]",
            "the paper's own references are to CVPR 2018 (65) and BMVC 2019 (18)",
            "certain: the list of references",
        ),
        Finding(
            "D2SM, Eq. 2",
            "g_{j|i}, where Eq. 3, 4 and 7 define g_{i|j}",
            "nothing but another notation: Eq. 2 sums over all ordered pairs, and exchanging the "
            "names of i and j leaves such a sum as it is",
            "certain, by algebra",
        ),
        Finding(
            "D2SM, Eq. 8",
            "slots 1...N for the new features and N...q for the older 1...q-N",
            "slot N stands in both: q + 1 slots for q features; the older ones are taken to start "
            "at N + 1",
            "certain, by counting",
        ),
        Finding(
            "D2SM, Eq. 10",
            "'Jensen-Shannon divergence': half of each Kullback-Leibler divergence",
            "without the mixture of the two distributions this is the symmetrised divergence of "
            "Jeffreys; Table 4's L_JSD is taken to be Eq. 10 as printed",
            "certain, by definition; what was run is not known",
        ),
        Finding(
            "D2SM, Eq. 11",
            "with the optimal discriminator, L = 2 D_JS - 2 log 2, right after Eq. 10 defines D_JS",
            "this holds for the divergence of Jensen and Shannon, which is at most log 2 so that L "
            "is at most 0; Eq. 10's has no bound",
            "certain, by definition",
        ),
        Finding(
            "D2SM, Fig. 8 (poster, Fig. 5)",
            "PSNR from 25.0 to 27.0 dB for the perceptual loss and D2SM, beside a text about Table "
            "4 and Cityscapes",
            "Table 1 has 32.38 to 36.45 dB for the two, at its three noise levels; the faces of "
            "Table 2, which end at 27.39 dB, could be meant",
            "certain of the poster, whose axis this is; the paper's is lost from the available text",
        ),
    ),
)
