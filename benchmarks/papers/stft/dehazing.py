"""STFT: dehazing (1b)."""

from __future__ import annotations

from benchmarks.declare.column import Column, Unmeasured
from benchmarks.declare.table import Row, Table

# fmt: off
TABLE1B = Table(
    name="stft_table1b",
    source="STFT, Table 1 (b)",
    caption="Dehazing",
    columns=(Column(Unmeasured("PSNR", digits=2, higher_is_better=True), group="NYU2", label=""),),
    rank_within="group",
    layout="paired",
    headers=("Network", "Training"),
    groups={
        "AOD (< 10K parameters)": [
            Row("L_pixel", None, None, "20.088"), Row("+ L_feat", None, None, "**20.238**"),
        ],
        "PPDN (> 30M parameters)": [
            Row("L_pixel", None, None, "29.707"), Row("+ L_feat", None, None, "**29.923**"),
        ],
    },
)
# fmt: on
