"""STFT: super-resolution (1a)."""

from __future__ import annotations

from benchmarks.papers.stft.protocol import pair, paired_table, psnr_on

# fmt: off
TABLE1A = paired_table(
    name="stft_table1a",
    source="STFT, Table 1 (a)",
    caption="Super-resolution x4 with unknown noise and blur",
    columns=psnr_on("Set5", "Set14", "B100", "Urban100"),
    groups={
        "EDSR": pair("27.10 25.31 25.09 22.85", "**27.18** **25.41** **25.16** **22.94**"),
        "RCAN": pair("27.16 25.36 25.14 22.98", "**27.27** **25.47** **25.19** **23.05**"),
    },
)
# fmt: on
