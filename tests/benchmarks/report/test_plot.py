"""A plot shows the right numbers at the right place, in a file that can be read again."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from benchmarks.grid.model import Cell, Grid, Plot
from benchmarks.papers.registry import TABLES
from benchmarks.report.plot import BARS, ours, paper, plot

PLOT = Plot("set0 PSNR", "set1 PSNR")


def cell(paper: str | None, *values: float) -> Cell:
    return Cell(paper, values=values, status="ok" if values else "pending", trained=True)


@pytest.fixture
def grid(build: Any) -> Grid:
    """Four methods: measured thrice, once, only printed, only measured; and the input."""
    rows = [
        [cell("30.0", 29.0, 30.0, 31.0), cell("0.5", 0.4, 0.4, 0.4)],
        [cell("31.0", 32.5), cell("0.6", 0.7)],
        [cell("33.0"), cell("0.7", 0.9)],
        [cell(None, 28.0), cell("0.8", 0.2)],
        [cell("10.0", 11.0), cell("0.1", 0.1)],
    ]
    found: Grid = build.grid(rows, plot=PLOT, profile="lite")
    lines = [replace(row, group="ab"[r % 2]) for r, row in enumerate(found.rows)]
    lines[-1] = replace(lines[-1], role="input")
    return replace(found, rows=lines)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved."""
    saved: list[Figure] = []
    write = Figure.savefig

    def keep(figure: Figure, *where: Any, **how: Any) -> None:
        saved.append(figure)
        write(figure, *where, **how)

    monkeypatch.setattr(Figure, "savefig", keep)
    return saved


def methods(grid: Grid) -> list[Any]:
    return [row for row in grid.rows if row.role == "method"]


def words(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return [text for node in root.iter() if (text := (node.text or "").strip())]


def test_points_are_the_numbers_of_both_columns(grid: Grid) -> None:
    thrice, *once = ours(grid, methods(grid))
    assert thrice[2:] == pytest.approx((30.0, 0.4, 1.0, 0.0), abs=1e-9)
    assert [p[:4] for p in once] == [(2, "b", 32.5, 0.7), (4, "b", 28.0, 0.2)]
    printed = paper(grid, methods(grid))
    assert [p[:4] for p in printed] == [
        (1, "a", 30.0, 0.5), (2, "b", 31.0, 0.6), (3, "a", 33.0, 0.7),
    ]  # fmt: skip
    assert all(math.isnan(error) for p in [*once, *printed] for error in p[4:])


def test_what_is_infinite_has_no_point(grid: Grid) -> None:
    rows = [replace(r, cells=[cell("1", float("inf")), r.cells[1]]) for r in grid.rows]
    assert ours(replace(grid, rows=rows), methods(replace(grid, rows=rows))) == []


def test_panels_points_numbers_and_legend(grid: Grid, figures: list[Figure]) -> None:
    found = words(plot(grid))
    (figure,) = figures
    left, right = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["measured, lite profile", "the paper"]
    for axes, points in ((left, ours(grid, methods(grid))), (right, paper(grid, methods(grid)))):
        drawn = [
            (x, y)
            for container in axes.containers
            for x, y in container[0].get_xydata().tolist()  # type: ignore[union-attr]
        ]
        wanted = sorted((p.x, p.y) for p in points)
        assert np.array(sorted(drawn)) == pytest.approx(np.array(wanted))
        assert [text.get_text() for text in axes.texts] == [str(p.number) for p in points]
    assert [w for w in found if w[:1].isdigit() and "m" in w] == [
        "1  m0",
        "2  m1",
        "3  m2",
        "4  m3",
    ]
    assert "Source, Table 1: title" in found


def test_a_part_of_the_test_images_is_told_above_its_panel(grid: Grid) -> None:
    part = {"n_images": 6, "expected_images": 500}
    rows = [replace(r, cells=[replace(c, **part) for c in r.cells]) for r in grid.rows]  # type: ignore[arg-type]
    assert "measured, lite profile, 6 of 500 images" in words(plot(replace(grid, rows=rows)))


def test_what_the_bars_are_is_told_where_there_are_any_and_smoke_warns(grid: Grid) -> None:
    assert BARS in words(plot(grid))
    single = [
        replace(r, cells=[cell("1.0", 2.0 + i) for i, _ in enumerate(r.cells)]) for r in grid.rows
    ]
    found = words(plot(replace(grid, rows=single, watermark="Nothing to be compared.")))
    assert BARS not in found
    assert "Nothing to be compared." in found


def test_a_table_that_is_not_measured_shows_the_paper_alone(grid: Grid) -> None:
    rows = [
        replace(r, cells=[replace(c, values=(), status="pending") for c in r.cells])
        for r in grid.rows
    ]
    found = words(plot(replace(grid, rows=rows)))
    assert "the paper" in found
    assert not any(word.startswith("measured") for word in found)


def test_better_is_up_and_to_the_right(grid: Grid, figures: list[Figure]) -> None:
    x, y = grid.columns
    plot(replace(grid, columns=[x, replace(y, higher_is_better=False)]))
    plot(replace(grid, columns=[replace(x, higher_is_better=None), y]))
    inverted = [[(a.xaxis_inverted(), a.yaxis_inverted()) for a in f.axes] for f in figures]
    assert inverted == [[(False, True)] * 2, [(False, False)] * 2]


@pytest.mark.parametrize("joined", [True, False])
def test_rows_of_a_group_are_joined_if_the_plot_says_so(
    grid: Grid, figures: list[Figure], joined: bool
) -> None:
    plot(replace(grid, plot=replace(PLOT, joined=joined)))
    styles = {c[0].get_linestyle() for a in figures[0].axes for c in a.containers}  # type: ignore[union-attr]
    assert styles == {"-" if joined else "None"}


def test_numbers_of_points_that_meet_stand_on_two_sides(grid: Grid, figures: list[Figure]) -> None:
    same = [replace(r, cells=[cell("30.0", 30.0), cell("0.5", 0.5)]) for r in grid.rows[:2]]
    plot(replace(grid, rows=[*same, grid.rows[2]]))
    places = {text.get_horizontalalignment() for text in figures[0].axes[0].texts}
    assert places == {"left", "right"}


def test_same_numbers_make_the_same_file(grid: Grid) -> None:
    assert plot(grid) == plot(grid)
    assert "<dc:date>" not in plot(grid)


def test_a_table_without_a_plot_has_none_and_a_wrong_column_is_told(grid: Grid) -> None:
    with pytest.raises(ValueError, match="t declares no plot"):
        plot(replace(grid, plot=None))
    with pytest.raises(ValueError, match="is not of its columns set0 PSNR, set1 PSNR"):
        replace(grid, plot=Plot("set0 PSNR", "SSIM"))


@pytest.mark.parametrize("name", ["d2sm_table1", "pdl_table2"])
def test_declared_plots_have_a_point_for_every_method(name: str) -> None:
    grid = TABLES[name].printed()
    assert len(paper(grid, methods(grid))) == len(methods(grid))
    numbered = [word.split("  ")[0] for word in words(plot(grid)) if "  " in word]
    assert numbered == [str(n) for n in range(1, len(methods(grid)) + 1)]
