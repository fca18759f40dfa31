"""D2SM, Sec. 4.3: dehazing of the photographed pairs of I-HAZE and O-HAZE."""

from __future__ import annotations

from benchmarks.declare.column import Column
from benchmarks.declare.table import Row, Table
from benchmarks.metrics.psnr import PSNR
from benchmarks.metrics.ssim import SSIM

# fmt: off
TABLE3 = Table(
    name="d2sm_table3",
    source="D2SM, Table 3",
    caption="Natural image dehazing",
    rank_within="column",
    columns=tuple(
        Column(metric, group=data)
        for data in ("I-HAZE", "O-HAZE")
        for metric in (PSNR(), SSIM())
    ),
    headers=("Data set", "Metric"),
    layout="transposed",
    groups={
        #                                 I-HAZE: PSNR SSIM | O-HAZE
        "DCP":       [Row("", None, None, "14.43(9) .752(6) | 16.78(9) .653(8)")],
        "MSCNN":     [Row("", None, None, "15.22(8) .755(5) | 17.56(8) .650(9)")],
        "DcGAN":     [Row("", None, None, "16.06(5) .733(9) | 19.34(4) .681(4)")],
        "GFN":       [Row("", None, None, "15.84(7) .751(7) | 18.16(7) .671(6)")],
        "PFFNet":    [Row("", None, None, "16.01(6) .740(8) | 18.76(6) .669(7)")],
        "GDN":       [Row("", None, None, "16.62(4) .787(4) | 18.92(5) .672(5)")],
        "DuRN":      [Row("", None, None, "21.23(3) .842(3) | 20.45(3) .688(3)")],
        "MSBDN-DFF": [Row("", None, None, "23.93(2) .891(2) | 24.36(2) .749(2)")],
        "Ours":      [Row("", None, None, "**24.31**(1) **.902**(1) | **24.79**(1) **.787**(1)")],
    },
)
# fmt: on
