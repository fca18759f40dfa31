"""D2SM, Sec. 4.2: faces made eight times larger, and how well they can then be aligned."""

from __future__ import annotations

from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.table import Row, Table
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM

# fmt: off
NRMSE = Unmeasured("NRMSE", digits=4, higher_is_better=False)
FACES = tuple(
    Column(metric, group=data)
    for data in ("CelebA", "Helen")
    for metric in (PSNR(), SSIM(), NRMSE)
)

TABLE2 = Table(
    name="d2sm_table2",
    source="D2SM, Table 2",
    caption="Face super-resolution and alignment",
    rank_within="column",
    columns=FACES,
    groups={
        #                                                             CelebA: PSNR SSIM NRMSE         | Helen
        "Bicubic": [
            Row("-", None, None,                                      "23.58(10) .6285(10) .3385(8) | 23.89(10) .6751(10) .4577(8)*"),
        ],
        "SRResNet [CVPR-17]": [
            Row("L_2", None, None,                                    "25.82(6) .7369(6) - | 25.30(6) .7297(7) -"),
        ],
        "URDGN [ECCV-16]": [
            Row("L_2 + L_GAN", None, None,                            "24.63(8) .6851(9) - | 24.22(9) .6909(9) -"),
        ],
        "RDN [ECCV-18]": [
            Row("L_1", None, None,                                    "26.13(5) .7412(5) .1415(4) | 25.34(5) .7249(8) .4437(7)*"),
        ],
        "PFSR [BMVC-18]": [
            Row("L_2 + L_Perceptual + L_GAN + L_Heatmap + L_Attention", None, None, "24.43(9) .6991(8) .1917(7) | 24.73(8) .7323(6) .3498(4)*"),
        ],
        "FSRNet [CVPR-18]": [
            Row("L_2 + L_Perceptual", None, None,                     "26.48(3) .7718(3) .1430(5) | 25.90(4) .7759(3) .3723(6)*"),
            Row("L_2 + L_Perceptual + L_GAN", None, None,             "25.06(7) .7311(7) .1463(6) | 24.99(7) .7424(5) .3408(3)*"),
        ],
        "DICNet [CVPR-20]": [
            Row("L_1 + L_Alignment", None, None,                      "27.28(2) .7929(2) .1345(3) | 26.69(2) .7933(2) .3674(5)*"),
            Row("L_1 + L_Alignment + L_Perceptual + L_GAN", None, None, "26.34(4) .7562(4) .1319(2) | 25.96(3) .7624(4) **.3336**(1)*"),
        ],
        "Ours": [
            Row("w/o. Internal", None, None,                          "**27.39**(1) **.7973**(1) **.1292**(1) | **26.94**(1) **.8005**(1) .3366(2)*"),
        ],
    },
    printed_notes=(
        "*: the alignment network was trained on CelebA; the paper gives its numbers on Helen for "
        "reference only.",
    ),
)
# fmt: on
