"""Smoke tables: they must be able to see a broken training."""

import csv
import io
from dataclasses import replace

import pytest

from benchmarks.cli.main import run
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.papers.registry import TABLES
from benchmarks.report.long_csv import long_csv


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    """Table 1 and what its rows and references have, from an empty store."""
    out = tmp_path_factory.mktemp("smoke")
    request = Request("table", ("d2sm_table1",), out=out)
    assert run(request) == 0
    session = Session(request)
    return session.engine, session.work(TABLES["d2sm_table1"]).grid(), out


@pytest.mark.slow
def test_all_126_cells_have_numbers(smoke):
    lines = list(csv.DictReader(io.StringIO(long_csv(smoke[1]))))
    cells = [line for line in lines if line["paper"]]
    assert len(cells) == 126
    assert all(float(line["ours"]) == float(line["ours"]) for line in cells)
    assert len({line["run_id"] for line in cells}) == 14


@pytest.mark.slow
def test_every_denoiser_beats_its_noisy_input(smoke):
    grid = smoke[1]
    noisy = next(row for row in grid.references if row.method == "noisy input")
    for i, column in enumerate(grid.columns):
        if column.metric == "PSNR":
            for row in grid.rows:
                margin = row.cells[i].mean - noisy.cells[i].mean
                assert margin > 0, f"{row.name} at {column.group}: {margin:.2f} dB"


@pytest.mark.slow
def test_judge_sees_the_noise(smoke):
    noisy, clean = smoke[1].references
    for i, column in enumerate(smoke[1].columns):
        if column.metric == "MIoU":
            assert clean.cells[i].mean > noisy.cells[i].mean + 0.1


@pytest.mark.slow
def test_table4_trains_only_its_own_rows(smoke, capsys):
    _, _, out = smoke
    request = Request("table", ("d2sm_table4",), out=out)
    assert run(request) == 0
    trained = [line for line in capsys.readouterr().err.splitlines() if " steps in " in line]
    assert [line.split(":")[0] for line in trained] == [
        "FFDNet / + L_iKLD", "FFDNet / + L_JSD", "FFDNet / + L_GAN",
    ]  # fmt: skip
    assert run(request) == 0
    assert " steps in " not in capsys.readouterr().err  # a full store trains nothing


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("pdl")


def made(table, only, out):
    request = Request("table", (table,), only=only, out=out)
    assert run(request) == 0
    return Session(replace(request, only="")).work(TABLES[table]).grid()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "base"),
    [("pdl_table4", "bicubic"), ("pdl_table6", "input"), ("pdl_table7", "input")],
    ids=["EDSR", "DsDeblur", "SRN"],
)
def test_restored_images_do_not_fall_behind_their_input(table, base, store):
    """By more than 1 dB; in a few steps the networks of PDL can do little more than keep it."""
    inputs = made(table, "input", store) if base == "input" else None
    grid = made(table, "no-perceptual", store)
    rows = {row.method: row for row in [*(inputs or grid).rows, *grid.references]}
    restored = next(row for row in grid.rows if row.method == "no-perceptual")
    assert [cell.status for cell in restored.cells] == ["ok"] * 5
    assert restored.cells[0].mean > rows[base].cells[0].mean - 1
