"""STFT: JPEG artifact removal (2)."""

from __future__ import annotations

from benchmarks.papers.stft.protocol import pair, paired_table, psnr_on

# fmt: off
TABLE2 = paired_table(
    name="stft_table2",
    source="STFT, Table 2",
    caption="JPEG artifact removal",
    columns=psnr_on("Live1", "BSD500 val."),
    groups={
        "ARCNN q=10": pair("29.32 28.95", "**29.41** **29.02**"),
        "ARCNN q=30": pair("32.80 32.24", "**32.91** **32.32**"),
    },
)
# fmt: on
