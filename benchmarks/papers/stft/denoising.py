"""STFT: denoising (1c), and where the features come from (3)."""

from __future__ import annotations

from benchmarks.declare.table import Row, Table
from benchmarks.papers.stft.protocol import pair, paired_table, psnr_on

# fmt: off
TABLE1C = paired_table(
    name="stft_table1c",
    source="STFT, Table 1 (c)",
    caption="Denoising",
    columns=psnr_on("Kodak24", "BSD68", "McMaster"),
    groups={
        "DnCNN sigma=25":  pair("33.50 32.32 33.83", "**33.66** **32.47** **34.06**"),
        "DnCNN sigma=50":  pair("29.35 28.07 28.64", "**29.44** **28.14** **28.79**"),
        "FFDNet sigma=25": pair("33.32 32.07 33.53", "**33.46** **32.18** **33.67**"),
        "FFDNet sigma=50": pair("29.72 28.37 28.99", "**29.80** **28.51** **29.07**"),
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
