"""STFT: Chen, Dai, Xiao, Lu, Xia, "Enhanced Image Restoration via Supervised Target Feature Transfer".

Its exhibits, and what does not fit in them.
"""

from __future__ import annotations

from benchmarks.claims.paper import Paper, Remark
from benchmarks.claims.repeated import Repeated
from benchmarks.claims.table_checks import READING, Finding
from benchmarks.papers.stft import claims, dehazing, denoising, jpeg, super_resolution

PAPER = Paper(
    name="STFT",
    tables=(
        super_resolution.TABLE1A,
        dehazing.TABLE1B,
        denoising.TABLE1C,
        jpeg.TABLE2,
        denoising.TABLE3,
    ),
    claims=claims.CLAIMS,
    repeated=(
        Repeated(
            "stft_table3",
            "stft_table1c",
            rows=(
                ("Baseline (DnCNN17)", "DnCNN sigma=25 / L_pixel"),
                ("Target Feature Transfer", "DnCNN sigma=25 / + L_feat"),
            ),
        ),
    ),
    remarks=(Remark("STFT, Table 3", "in bold", "bold is the best network with 17 layers"),),
    notes=(
        Finding(
            "STFT, captions of Tables 1 (a), 1 (c) and 2",
            "the best average PSNR on the benchmark within 5e5 (2e5) iterations",
            "the checkpoint is selected on the test set",
            READING,
        ),
    ),
)
