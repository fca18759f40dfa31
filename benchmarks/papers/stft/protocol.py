"""How STFT prints: PSNR on each test set, a network without and with target features.

The rows of a block are one network, trained without and with target features; the paper prints
them side by side.
"""

from __future__ import annotations

from functools import partial

from benchmarks.declare.table import Column, Row, Table, Unmeasured

PSNR = Unmeasured("PSNR", digits=2, higher_is_better=True)


def psnr_on(*sets: str) -> tuple[Column, ...]:
    """PSNR on each test set; the paper names the metric in its captions alone."""
    return tuple(Column(PSNR, group=name, label="") for name in sets)


def pair(pixel: str, feat: str) -> list[Row]:
    """A network trained with the pixel loss, and with target features besides."""
    return [Row("L_pixel", None, None, pixel), Row("+ L_feat", None, None, feat)]


paired_table = partial(Table, rank_within="group", layout="paired", headers=("Network", "Training"))
