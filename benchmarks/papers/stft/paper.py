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
        super_resolution.FIGURE4,
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
            "STFT, Table 1 (c)",
            "FFDNet without target features, sigma 25 and 50: Kodak24 33.32 and 29.72, BSD68 32.07 "
            "and 28.37 dB",
            "its authors print 32.13 and 28.98, 31.21 and 27.96 dB for these sets in colour, which "
            "is 1.19, 0.74, 0.86 and 0.41 dB less and would be still less in grey. STFT follows "
            "'their settings' and says neither how it measures (luma?) nor whether noise is clipped",
            "certain: arithmetic on what two papers print; the reason is open",
        ),
        Finding(
            "STFT, captions of Tables 1 (a), 1 (c) and 2",
            "the best average PSNR on the benchmark within 5e5 (2e5) iterations",
            "the checkpoint is selected on the test set",
            READING,
        ),
    ),
)
