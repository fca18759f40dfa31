"""Released weights on public test sets, against published numbers, through the same machinery.

Nothing is trained here: if these cells agree, then networks, degradation, protocol and metrics do.
"""

from __future__ import annotations

from baselines.denoising.ffdnet import FFDNet
from benchmarks.claims.paper import Paper
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.released import FFDNET_COLOUR
from benchmarks.declare.sources import cited
from benchmarks.declare.table import Column, Row, Table
from benchmarks.metrics.psnr import PSNR
from datasets.degradations.noise import Noisy
from datasets.folders import CBSD68, Kodak24

TABLE = Table(
    name="calibration",
    source="Zhang et al. 2018 (FFDNet), Table 2",
    caption="Released weights on public test sets",
    protocol=Protocol(
        training=None,
        evaluation=Evaluation(levels=cited(256, "cszn/FFDNet: output rounded to 8 bit")),
    ),
    columns=tuple(
        Column(PSNR(), Noisy(data, sigma=sigma), group=f"{name} sigma={sigma}")
        for name, data in (("CBSD68", CBSD68()), ("Kodak24", Kodak24()))
        for sigma in (25, 50)
    ),
    groups={
        "FFDNet": [
            Row(
                "FFDNet colour",
                FFDNet,
                None,
                "31.21 27.96 | 32.13 28.98",
                released=FFDNET_COLOUR,
            )
        ]
    },
    released=True,
)

PAPER = Paper(name="Zhang et al. 2018", tables=(TABLE,))
