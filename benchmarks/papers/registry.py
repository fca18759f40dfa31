"""Every paper of the suite, in the order of lists and reports; a new one is a line here."""

from __future__ import annotations

from benchmarks.claims.paper import exhibits, figures
from benchmarks.papers import calibration, protocol
from benchmarks.papers.d2sm import paper as d2sm
from benchmarks.papers.pdl import paper as pdl
from benchmarks.papers.stft import paper as stft

PAPERS = (
    d2sm.PAPER,
    pdl.PAPER,
    stft.PAPER,
    calibration.PAPER,
    protocol.PAPER,
)

TABLES = exhibits(PAPERS)
FIGURES = figures(PAPERS)
