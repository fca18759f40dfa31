"""The table model refuses what could be printed as a result and is none."""

from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import benchmarks.report
from benchmarks.grid.model import Cell, Column, Grid, GridRow
from benchmarks.grid.precision import plain, rounded, signed


def test_report_imports_no_torch_and_no_pandas() -> None:
    folder = Path(str(benchmarks.report.__file__)).parent
    modules = [f"benchmarks.report.{file.stem}" for file in sorted(folder.glob("*.py"))]
    assert len(modules) > 8
    program = f"import sys, {', '.join(modules)}\n" + (
        "print(sorted({'torch', 'numpy', 'pandas', 'skimage'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_values_and_status_must_agree() -> None:
    with pytest.raises(ValueError, match="failed"):
        Cell("1", values=(1.0,), status="failed")
    with pytest.raises(ValueError, match="0 values"):
        Cell("1", status="ok")
    with pytest.raises(ValueError, match="NaN"):
        Cell("1", values=(math.nan,), status="ok")


def test_rows_must_have_a_cell_per_column() -> None:
    columns = [Column("", "PSNR", "PSNR", 2, True)] * 2
    with pytest.raises(ValueError, match="row 'FFDNet': 1 cells for 2 columns"):
        Grid("t", "s", "", columns, [GridRow("", "FFDNet", "-", [Cell("1")])])
    with pytest.raises(ValueError, match="rank_within"):
        Grid("t", "s", "", columns, [], "table")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (35.0335, 3, "35.034"),  # half up as a reader rounds, though the binary value lies below
        (0.0005, 3, "0.001"),
        (33.18, 3, "33.180"),
        (-0.0001, 3, "0.000"),
        (-0.0005, 3, "-0.001"),
        (1e-9, 3, "0.000"),
        (99.5, 0, "100"),
        (math.inf, 3, "∞"),
    ],
)
def test_rounding(value: float, digits: int, text: str) -> None:
    assert plain(rounded(value, digits)) == text


def test_rounding_refuses_nan() -> None:
    with pytest.raises(ValueError, match="NaN"):
        rounded(math.nan, 3)


def test_signs() -> None:
    assert [signed(Decimal(n)) for n in ("0.10", "0.00", "-0.10")] == ["+0.10", "0.00", "-0.10"]


def test_mean_and_sample_deviation_over_seeds() -> None:
    cell = Cell("1", values=(1.0, 2.0, 4.0), status="ok")
    assert cell.mean == pytest.approx(7 / 3)
    assert cell.deviation == pytest.approx(math.sqrt((16 + 1 + 25) / 9 / 2))
    assert Cell("1", values=(1.0,), status="ok").deviation is None


@pytest.mark.parametrize("paper", [None, "", "-", "> 30M", "nan", "inf"])
def test_what_is_no_number_is_not_read_as_one(paper: Any) -> None:
    assert Cell(paper).printed is None


def test_names_are_those_of_the_command_line(table1: Any) -> None:
    assert table1.grid.columns[5].name == "σ=35 MIoU"
    assert table1.grid.rows[4].name == "FFDNet + L_Contextual"
    assert table1.grid.rows[8].name == "CBDNet"
