"""PDL: the numbers that figures print."""

from __future__ import annotations

from benchmarks.declare.table import Column, Table, Unmeasured
from benchmarks.papers.pdl.protocol import one

# fmt: off
FIGURE2 = Table(
    name="pdl_figure2",
    source="PDL v2, Fig. 2",
    caption="Distances between the distributions of three VGG16 features",
    columns=(
        Column(Unmeasured("wd", digits=2, higher_is_better=None)),
        Column(Unmeasured("kld", digits=2, higher_is_better=None)),
    ),
    headers=("Panel", ""),
    bold_known=False,
    groups={
        "c": one(None, None, ".10 .07"),
        "d": one(None, None, ".92 .07"),
        "e": one(None, None, "1.21 .06"),
    },
)
# fmt: on
