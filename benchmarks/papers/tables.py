"""Every declared table by the name that the command line takes."""

from __future__ import annotations

from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Table
from benchmarks.papers import calibration, d2sm, d2sm_poster, pdl, pdl_v1, stft

AnyTable = Table | Pairwise | Speed
PAPERS = (d2sm, d2sm_poster, pdl, pdl_v1, stft, calibration)
TABLES: dict[str, AnyTable] = {t.name: t for paper in PAPERS for t in paper.TABLES}
