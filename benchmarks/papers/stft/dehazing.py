"""STFT: dehazing (1b)."""

from __future__ import annotations

from benchmarks.papers.stft.protocol import pair, paired_table, psnr_on

# fmt: off
TABLE1B = paired_table(
    name="stft_table1b",
    source="STFT, Table 1 (b)",
    caption="Dehazing",
    columns=psnr_on("NYU2"),
    groups={
        "AOD (< 10K parameters)":  pair("20.088", "**20.238**"),
        "PPDN (> 30M parameters)": pair("29.707", "**29.923**"),
    },
)
# fmt: on
