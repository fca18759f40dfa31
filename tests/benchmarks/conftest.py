"""Printed tables as grids, with the ranks and the bold type that the paper gives them."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.grid.model import Cell, Column, Grid, GridRow

PUBLISHED = Path(__file__).parents[1] / "golden" / "published"


def read(name: str) -> list[dict[str, str]]:
    with (PUBLISHED / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def in_words(latex: str) -> str:
    """`+ $\\mathcal{L}_{SSIM}$ [59]` as the suite writes it: `+ L_SSIM`."""
    return re.sub(r"[$\\{}]|mathcal| \[\d+\]", "", latex)


@dataclass(frozen=True)
class Printed:
    """A grid with the paper's own superscripts and bold cells, by (row, column)."""

    grid: Grid
    ranks: dict[tuple[int, int], int]
    bold: set[tuple[int, int]]

    def at(self, r: int, c: int) -> tuple[int, int]:
        """Line and position at which the paper prints a cell."""
        if self.grid.layout == "transposed":
            return c, r
        if self.grid.layout == "paired":  # all tables of this kind print two rows side by side
            return r // 2, 2 * c + r % 2
        return r, c


def as_printed(
    grid: Grid, ranks: dict[tuple[int, int], int], bold: set[tuple[int, int]]
) -> Printed:
    """The grid with ranks and bold type in its cells, and these once more for themselves."""
    rows = [
        replace(
            row,
            cells=[
                replace(cell, paper_rank=ranks.get((r, c)), paper_bold=(r, c) in bold)
                for c, cell in enumerate(row.cells)
            ],
        )
        for r, row in enumerate(grid.rows)
    ]
    return Printed(replace(grid, rows=rows), ranks, bold)


def printed_table1(name: str) -> Printed:
    records = read(name)
    keys = [(sigma, metric) for sigma in (25, 35, 50) for metric in ("PSNR", "SSIM", "MIoU")]
    columns = [
        Column(f"σ={sigma}", metric, metric, 3, higher_is_better=True) for sigma, metric in keys
    ]
    rows, ranks, bold = [], {}, set()
    for r, record in enumerate(records):
        rows.append(
            GridRow(
                group=record["method"].split(" | ")[0],
                method=record["backbone"].split(" [")[0],
                label=in_words(record["objective_printed"]),
                cells=[Cell(record[f"{metric}_{sigma}"]) for sigma, metric in keys],
            )
        )
        for c, (sigma, metric) in enumerate(keys):
            ranks[r, c] = int(record[f"{metric}_{sigma}_rank"])
            if record[f"{metric}_{sigma}_bold"] == "1":
                bold.add((r, c))
    grid = Grid("d2sm_table1", "D2SM, Table 1", "denoising and segmentation", columns, rows)
    return as_printed(grid, ranks, bold)


@pytest.fixture
def table1() -> Printed:
    """Nine columns, three groups of rows, ranks within the group."""
    return printed_table1("d2sm_table1")


@pytest.fixture
def poster_table1() -> Printed:
    return printed_table1("d2sm_poster_table1")


@pytest.fixture
def table2() -> Printed:
    """Faces: ranks within the column, `-` cells, lower-is-better, asterisks behind ranks."""
    keys = [(data, metric) for data in ("CelebA", "Helen") for metric in ("PSNR", "SSIM", "NRMSE")]
    digits = {"PSNR": 2, "SSIM": 4, "NRMSE": 4}
    columns = [Column(d, m, m, digits[m], higher_is_better=m != "NRMSE") for d, m in keys]
    rows, ranks, bold = [], {}, set()
    for r, record in enumerate(read("d2sm_table2")):
        cells = []
        for c, (data, metric) in enumerate(keys):
            key = f"{metric}_{data}"
            cells.append(Cell(record[key], paper_mark=record.get(f"{key}_star") or ""))
            if record[f"{key}_rank"]:
                ranks[r, c] = int(record[f"{key}_rank"])
            if record[f"{key}_bold"] == "1":
                bold.add((r, c))
        rows.append(GridRow("", record["method"], record["objective_printed"], cells))
    return as_printed(Grid("t2", "D2SM, Table 2", "faces", columns, rows, "column"), ranks, bold)


@pytest.fixture
def table3() -> Printed:
    """Dehazing: the paper prints methods as columns and ranks along the row."""
    records = read("d2sm_table3")
    methods = [key for key in records[0] if f"{key}_rank" in records[0]]
    digits = {"PSNR": 2, "SSIM": 3}
    columns = [
        Column(rec["dataset"], rec["metric"], rec["metric"], digits[rec["metric"]], True)
        for rec in records
    ]
    rows = [GridRow("", m, "", [Cell(record[m]) for record in records]) for m in methods]
    cells = [(r, c, m, rec) for r, m in enumerate(methods) for c, rec in enumerate(records)]
    ranks = {(r, c): int(rec[f"{m}_rank"]) for r, c, m, rec in cells}
    bold = {(r, c) for r, c, m, rec in cells if rec[f"{m}_bold"] == "1"}
    grid = Grid(
        "t3", "D2SM, Table 3", "dehazing", columns, rows, "column",
        layout="transposed", headers=("Method", "Metric"),
    )  # fmt: skip
    return as_printed(grid, ranks, bold)


@pytest.fixture
def table4() -> Printed:
    """Divergences: the best in bold, no ranks."""
    metrics = [("PSNR", 2), ("SSIM", 3), ("MIoU", 3)]
    columns = [Column("σ=25", metric, metric, digits, True) for metric, digits in metrics]
    records = read("d2sm_table4")
    rows = [
        GridRow("", rec["method_printed"], "", [Cell(rec[m]) for m, _ in metrics])
        for rec in records
    ]
    bold = {
        (r, c)
        for r, rec in enumerate(records)
        for c, (m, _) in enumerate(metrics)
        if rec[f"{m}_bold"] == "1"
    }
    grid = Grid("t4", "D2SM, Table 4", "divergences", columns, rows, "column")
    return as_printed(grid, {}, bold)


@pytest.fixture
def stft_table1a() -> Printed:
    """Super-resolution: without and with target features side by side, the better in bold."""
    sets, labels = ("Set5", "Set14", "B100", "Urban100"), ("L_pixel", "+ L_feat")
    columns = [Column(name, "PSNR", "PSNR", 2, True) for name in sets]
    rows, bold = [], set()
    for record in read("stft_table1a"):
        for key, label in zip(("Lpixel", "Lfeat"), labels, strict=True):
            bold |= {
                (len(rows), c)
                for c, name in enumerate(sets)
                if record.get(f"{name}_{key}_bold") == "1"
            }
            cells = [Cell(record[f"{name}_{key}"]) for name in sets]
            rows.append(GridRow(record["model"], record["model"], label, cells))
    grid = Grid(
        "stft_table1a", "STFT, Table 1 (a)", "super-resolution", columns, rows, "group",
        layout="paired", headers=("Network", "Training"),
    )  # fmt: skip
    return as_printed(grid, {}, bold)


class Build:
    """Small grids and filled ones."""

    def grid(self, rows: list[list[Cell]], **changes: Any) -> Grid:
        """One column "PSNR" per cell, rows m0, m1, ... of one group."""
        columns = [Column(f"set{c}", "PSNR", "PSNR", 2, True) for c in range(len(rows[0]))]
        lines = [GridRow("g", f"m{r}", "", cells) for r, cells in enumerate(rows)]
        return replace(Grid("t", "Source, Table 1", "title", columns, lines), **changes)

    def measured(self, grid: Grid, offset: float = 0.0, **changes: Any) -> Grid:
        """The grid with a measured value in each cell: the paper's plus `offset`."""
        rows = [
            replace(
                row,
                cells=[
                    cell
                    if cell.printed is None
                    else replace(cell, values=(float(cell.printed) + offset,), status="ok")
                    for cell in row.cells
                ],
            )
            for row in grid.rows
        ]
        return replace(grid, rows=rows, **changes)


@pytest.fixture
def build() -> Build:
    return Build()
