"""STFT: Chen, Dai, Xiao, Lu, Xia, "Enhanced Image Restoration via Supervised Target Feature Transfer".

The rows of a block are one network, trained without and with target features; the paper prints
them side by side.
"""

from __future__ import annotations

from benchmarks.declare.table import Column, Row, Table, Unmeasured

PSNR = Unmeasured("PSNR", digits=2, higher_is_better=True)
HEADERS = ("Network", "Training")


def psnr_on(*sets: str) -> tuple[Column, ...]:
    """PSNR on each test set; the paper names the metric in its captions alone."""
    return tuple(Column(PSNR, group=name, label="") for name in sets)


def pair(pixel: str, feat: str) -> list[Row]:
    """A network trained with the pixel loss, and with target features besides."""
    return [Row("L_pixel", None, None, pixel), Row("+ L_feat", None, None, feat)]


# fmt: off
TABLE1A = Table(
    name="stft_table1a",
    source="STFT, Table 1 (a)",
    caption="Super-resolution x4 with unknown noise and blur",
    columns=psnr_on("Set5", "Set14", "B100", "Urban100"),
    rank_within="group",
    layout="paired",
    headers=HEADERS,
    groups={
        "EDSR": pair("27.10 25.31 25.09 22.85", "**27.18** **25.41** **25.16** **22.94**"),
        "RCAN": pair("27.16 25.36 25.14 22.98", "**27.27** **25.47** **25.19** **23.05**"),
    },
)

TABLE1B = Table(
    name="stft_table1b",
    source="STFT, Table 1 (b)",
    caption="Dehazing",
    columns=psnr_on("NYU2"),
    rank_within="group",
    layout="paired",
    headers=HEADERS,
    groups={
        "AOD (< 10K parameters)":  pair("20.088", "**20.238**"),
        "PPDN (> 30M parameters)": pair("29.707", "**29.923**"),
    },
)

TABLE1C = Table(
    name="stft_table1c",
    source="STFT, Table 1 (c)",
    caption="Denoising",
    columns=psnr_on("Kodak24", "BSD68", "McMaster"),
    rank_within="group",
    layout="paired",
    headers=HEADERS,
    groups={
        "DnCNN sigma=25":  pair("33.50 32.32 33.83", "**33.66** **32.47** **34.06**"),
        "DnCNN sigma=50":  pair("29.35 28.07 28.64", "**29.44** **28.14** **28.79**"),
        "FFDNet sigma=25": pair("33.32 32.07 33.53", "**33.46** **32.18** **33.67**"),
        "FFDNet sigma=50": pair("29.72 28.37 28.99", "**29.80** **28.51** **29.07**"),
    },
)

TABLE2 = Table(
    name="stft_table2",
    source="STFT, Table 2",
    caption="JPEG artifact removal",
    columns=psnr_on("Live1", "BSD500 val."),
    rank_within="group",
    layout="paired",
    headers=HEADERS,
    groups={
        "ARCNN q=10": pair("29.32 28.95", "**29.41** **29.02**"),
        "ARCNN q=30": pair("32.80 32.24", "**32.91** **32.32**"),
    },
)

TABLE3 = Table(
    name="stft_table3",
    source="STFT, Table 3",
    caption="Three ways to transfer features to DnCNN, sigma 25",
    columns=psnr_on("Kodak24", "BSD68", "McMaster"),
    rank_within="column",
    headers=("Method", "Network"),
    groups={
        "Baseline (DnCNN17)":      [Row("", None, None, "33.50 32.32 33.83")],
        "Target Feature Transfer": [Row("", None, None, "**33.66** **32.46** **34.06**")],
        "Mutual Learning":         [Row("", None, None, "33.48 32.31 33.84")],
        "Feature Distillation": [
            Row("DnCNN29", None, None, "33.68 32.45 34.07"),
            Row("DnCNN17", None, None, "33.50 32.30 33.90"),
        ],
    },
)
# fmt: on

TABLES = (TABLE1A, TABLE1B, TABLE1C, TABLE2, TABLE3)
