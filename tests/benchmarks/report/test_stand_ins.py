"""Numbers of a metric without its weights are marked everywhere and held against nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from benchmarks.claims.quantities import NoNumberError, Numbers
from benchmarks.engine.collect import with_stand_ins
from benchmarks.engine.content_ids import ContentIds
from benchmarks.grid.comparison import compared, held, verdicts
from benchmarks.grid.model import Cell, Grid
from benchmarks.papers.calibration import TABLE as CALIBRATION
from benchmarks.papers.pdl.denoising import TABLE2
from benchmarks.profiles.lite import LITE
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from benchmarks.report.html import page
from benchmarks.report.latex import latex
from benchmarks.report.long_csv import long_csv
from benchmarks.report.markdown import markdown
from benchmarks.report.terminal import terminal
from datasets.images import DataPaths


def cell(paper: str, value: float) -> Cell:
    return Cell(paper, values=(value,), status="ok", n_images=8, expected_images=8)


@pytest.fixture
def grid(build: Any) -> Grid:
    """Two columns, of which the second is measured with random weights."""
    found: Grid = build.grid([[cell("30.00", 31.0), cell("0.30", 0.1)]])
    real, other = found.columns
    return replace(found, columns=[real, replace(other, metric="LPIPS", stand_in="random weights")])


@pytest.mark.parametrize("report", [markdown, terminal, latex, page])
def test_reports_mark_the_column_and_say_why(grid: Grid, report: Any, tmp_path: Any) -> None:
    text = report(grid, tmp_path) if report is page else report(grid)
    mark = r"$\diamond$" if report is latex else "◊"
    assert f"{grid.columns[1].metric}{mark}" in text
    assert f"{grid.columns[0].metric}{mark}" not in text
    assert "random weights" in text


def test_nothing_is_compared_in_such_a_column(grid: Grid) -> None:
    assert set(compared(grid)) == {(0, 0)}
    assert [verdict.name for verdict in verdicts(grid)] == [grid.columns[0].name]
    real, other = csv.DictReader(io.StringIO(long_csv(grid)))
    assert (real["delta"], real["stand_in"]) == ("1.0", "")
    assert (other["ours"], other["delta"], other["stand_in"]) == ("0.1", "", "random weights")


def test_claims_have_no_data_there(grid: Grid) -> None:
    numbers = Numbers({grid.name: grid}, printed=False)
    row = grid.rows[0].key
    assert numbers.estimate(grid.name, row, grid.columns[0].name).point == 31
    with pytest.raises(NoNumberError, match="random weights"):
        numbers.estimate(grid.name, row, grid.columns[1].name)


def plan_of(table: Any, resolver: Resolver, data_paths: DataPaths) -> Any:
    """What of a plan decides which columns are not measured as the paper did."""
    status = SimpleNamespace(resolver=resolver, ids=ContentIds(data_paths))
    return SimpleNamespace(table=table, status=status)


@pytest.mark.parametrize(
    ("profile", "there", "marked"),
    [
        (SMOKE, False, {"LPIPS", "NIQE", "FID"}),
        (LITE, False, {"LPIPS", "NIQE", "FID"}),
        (LITE, True, set()),
        (PAPER, False, set()),  # nothing stands in: such cells have no number
    ],
)
def test_columns_without_their_weights_are_found(
    profile: Any, there: bool, marked: set[str], tmp_path: Path
) -> None:
    plan = plan_of(TABLE2, Resolver(profile, lambda name: there), DataPaths(None, tmp_path))
    found = with_stand_ins(TABLE2.printed(), plan)
    assert {column.metric for column in found.columns if column.stand_in} == marked


@pytest.mark.parametrize(
    ("profile", "folders", "named"),
    [
        (SMOKE, (), {"RandomCrops(data=Photographs(split='val'), count=3, size=192, seed=0)"}),
        (LITE, (("valid", ("kodak24",)),), {"PhotographFolders(names=('kodak24',))"}),
        (LITE, (), set()),
        (PAPER, (("valid", ("kodak24",)),), set()),
    ],
)
def test_columns_of_other_images_than_the_papers_are_found(
    profile: Any, folders: Any, named: set[str], tmp_path: Path
) -> None:
    resolver = Resolver(profile, lambda name: True, folders)
    found = with_stand_ins(TABLE2.printed(), plan_of(TABLE2, resolver, DataPaths(None, tmp_path)))
    said = {column.other_set for column in found.columns} - {""}
    assert said == {f"{name} in the place of DIV2K(split='valid')" for name in named}
    assert len([column for column in found.columns if column.other_set]) in (0, len(found.columns))


def test_files_with_other_bytes_are_told_and_not_held_against_the_paper(tmp_path: Path) -> None:
    (tmp_path / "kodak24").mkdir()
    for name in ("kodim01", "kodim09"):
        Image.new("RGB", (500, 500)).save(tmp_path / "kodak24" / f"{name}.png")
    plan = plan_of(CALIBRATION, Resolver(PAPER, lambda name: True), DataPaths(tmp_path, tmp_path))
    grid = with_stand_ins(CALIBRATION.printed(), plan)
    cbsd68, kodak24 = grid.columns[0], grid.columns[3]
    assert kodak24.other_set == (
        "2 of 2 files of Kodak24 have other bytes than those of cszn/FFDNet@e787f46d, "
        "testsets/Kodak24: kodim01.png, kodim09.png"
    )
    assert not held(kodak24, cell("28.98", 28.98))
    assert held(cbsd68, cell("27.96", 27.96))
