"""The CSV file has the agreed columns and unrounded numbers, read by the csv module."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

from benchmarks.grid.model import Cell, Grid
from benchmarks.report.long_csv import long_csv

HEADER = (
    "table,group,row,column,ours,ours_rank,paper,paper_rank,delta,"
    "run_id,score_id,profile,seeds,n_images,stand_in,detail"
)


def read(grid: Grid) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(long_csv(grid), newline="")))


def test_header_is_exact(table1: Any) -> None:
    assert long_csv(table1.grid).splitlines()[0] == HEADER


def test_one_line_per_cell_in_reading_order(table1: Any) -> None:
    lines = read(table1.grid)
    assert len(lines) == 14 * 9
    assert lines[41] == {
        "table": "d2sm_table1",
        "group": "FFDNet",
        "row": "FFDNet + L_Contextual",
        "column": "σ=35 MIoU",
        "paper": "0.583",
        "paper_rank": "3",
    } | dict.fromkeys(
        (
            "ours", "ours_rank", "delta", "run_id", "score_id", "profile", "seeds", "n_images",
            "stand_in", "detail",
        ),
        "",
    )  # fmt: skip
    ranks = [int(line["paper_rank"]) for line in lines]
    assert ranks == [table1.ranks[r, c] for r in range(14) for c in range(9)]


def test_ours_is_unrounded_and_the_difference_exact(build: Any) -> None:
    value = 35.123456789012345
    cell = Cell(
        ".925", values=(value,), status="ok", run_id="r1", score_id="s1",
        n_images=24, expected_images=24,
    )  # fmt: skip
    (line,) = read(build.grid([[cell]], profile="smoke", comparable=False))
    assert float(line["ours"]) == value
    assert line["paper"] == "0.925"
    assert float(line["delta"]) == 34.198456789012345
    assert [line[k] for k in ("run_id", "score_id", "profile", "seeds", "n_images")] == [
        "r1", "s1", "smoke", "1", "24",
    ]  # fmt: skip


def test_other_test_images_have_no_difference(build: Any) -> None:
    whole = Cell("1", values=(1.5,), status="ok", n_images=24, expected_images=24)
    grid = build.grid([[whole, replace(whole, n_images=12), whole]])
    columns = [*grid.columns[:2], replace(grid.columns[2], other_set="Kodak24()")]
    lines = read(replace(grid, columns=columns))
    assert [line["ours"] for line in lines] == ["1.5"] * 3
    assert [line["delta"] for line in lines] == ["0.5", "", ""]


def test_mean_over_seeds_and_their_number(build: Any) -> None:
    (line,) = read(build.grid([[Cell("1", values=(1.0, 2.0, 6.0), status="ok")]]))
    assert (line["ours"], line["seeds"], line["delta"]) == ("3.0", "3", "2.0")


def test_a_status_is_never_a_number(build: Any) -> None:
    row = [Cell("1", status=status) for status in ("failed", "needs", "pending")]
    for line in read(build.grid([row])):
        assert line["ours"] == line["ours_rank"] == line["delta"] == line["seeds"] == ""
        assert line["paper"] == "1"


def test_a_stale_value_is_a_value(build: Any) -> None:
    cells = [[Cell("1", values=(value,), status="stale")] for value in (1.5, 0.5)]
    lines = read(build.grid(cells))
    assert [(line["ours"], line["ours_rank"]) for line in lines] == [("1.5", "1"), ("0.5", "2")]


def test_references_come_last_and_unranked(build: Any) -> None:
    grid = build.grid([[Cell("1", values=(value,), status="ok")] for value in (1.5, 1.0)])
    noisy = replace(grid.rows[0], method="noisy, input", cells=[Cell(values=(0.5,), status="ok")])
    lines = read(replace(grid, references=[noisy]))
    assert [(li["row"], li["ours"], li["ours_rank"]) for li in lines] == [
        ("m0", "1.5", "1"),
        ("m1", "1.0", "2"),
        ("noisy, input", "0.5", ""),
    ]


def test_words_of_the_paper_are_not_numbers(build: Any) -> None:
    (line,) = read(build.grid([[Cell("> 30M", values=(31.0,), status="ok")]]))
    assert (line["paper"], line["paper_rank"], line["delta"]) == ("", "", "")
