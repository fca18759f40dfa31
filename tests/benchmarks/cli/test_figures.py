"""--figure: what is written, what is told, and with which status it ends."""

import hashlib
from dataclasses import replace

import pytest
from in_process import call

import reproduce
from benchmarks.cli import figures
from benchmarks.engine.work import TableWork
from benchmarks.grid.gain_bars import GainBars
from benchmarks.grid.model import Cell, Column, Grid, GridRow
from benchmarks.papers.d2sm.denoising import TABLE4
from benchmarks.papers.pdl.figures import FIGURE2
from benchmarks.views.shifted_histograms import ShiftedHistograms


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A results folder in which Figure 2 was drawn; it takes no training."""
    folder = tmp_path_factory.mktemp("drawn")
    assert reproduce.main(["--figure", "pdl_figure2", "--out", str(folder)]) == 0
    return folder


def digests(folder):
    files = sorted((folder / "tables" / "smoke").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_figure_is_written_in_four_formats_and_again_bit_by_bit(capsys, drawn, tmp_path):
    first = digests(drawn)
    capsys.readouterr()
    status, out, err = call(capsys, "--figure", "pdl_figure2", "--out", tmp_path)
    assert status == 0
    assert f"written to {tmp_path}/tables/smoke/pdl_figure2.svg, .png, .csv, .md" in err
    assert out.startswith(f"{FIGURE2.source}: {FIGURE2.caption}\nSmoke profile")
    assert set(first) == {f"pdl_figure2.{form}" for form in ("svg", "png", "csv", "md")}
    text = (drawn / "tables" / "smoke" / "pdl_figure2.md").read_text()
    for number in ("0.10", "0.92", "1.21"):  # the paper's, beside ours
        assert f"| {number} |" in text
    for words in ("> **Smoke profile", "random weights", "32 | not printed"):
        assert words in text
    assert digests(tmp_path) == first


def test_plan_shows_what_a_figure_takes(capsys, drawn, tmp_path):
    status, out, _ = call(capsys, "--figure", "pdl_figure3", "--plan", "--out", tmp_path)
    assert status == 0
    assert "  train    L1 / 0.010: srn-l1scales+perceptual-" in out
    assert "  train    PDL / 0.010: srn-l1scales+pdl-" in out
    assert "  draw     pdl_figure3: CumulativeFeatures\n  3 train, 1 draw" in out
    assert not (tmp_path / "runs").exists()


def test_a_figure_trains_what_its_table_trains(capsys, tmp_path):
    plans = [
        call(capsys, verb, name, "--plan", "--out", tmp_path)[1].splitlines()
        for verb, name in (("--figure", "pdl_figure3"), ("--table", "pdl_table2"))
    ]
    trained = [{line for line in plan if line.startswith("  train ")} for plan in plans]
    assert len(trained[0]) == 3
    assert trained[0] < trained[1]


def test_missing_data_and_weights_are_told(capsys, tmp_path):
    paper = ["--profile", "paper", "--out", tmp_path]
    status, out, err = call(capsys, "--figure", "pdl_figure2", *paper)
    assert (status, out) == (2, "")
    assert "error: pdl_figure2 cannot be drawn: " in err
    assert "--data-root DIR" in err
    status, out, _ = call(capsys, "--figure", "pdl_figure2", "--plan", *paper)
    assert status == 0
    assert "vgg16-397923af.pth" in out


def test_a_failure_is_told_and_is_the_status(capsys, tmp_path, monkeypatch):
    def broken(self, sight):
        raise RuntimeError("injected")

    monkeypatch.setattr(ShiftedHistograms, "draw", broken)
    status, out, err = call(capsys, "--figure", "pdl_figure2", "--out", tmp_path)
    assert (status, out) == (1, "")
    assert "pdl_figure2: RuntimeError: injected" in err
    assert "pdl_figure2 is not drawn" in err
    assert not (tmp_path / "tables").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--figure", "pdl_figur2"], "there is no figure 'pdl_figur2' (did you mean 'pdl_figure2'"),
        (["--figure", "d2sm_table1"], "there is no figure 'd2sm_table1'"),
        (["--table", "pdl_figure2"], "pdl_figure2 is a figure: --figure pdl_figure2 draws it"),
        (["--figure", "all", "--only", "x"], "--only goes with --table"),
    ],
)
def test_wrong_usage_is_one_line(capsys, tmp_path, arguments, told):
    status, out, err = call(capsys, *arguments, "--out", tmp_path)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert told in err


def test_list_has_every_figure_once_and_says_what_is_drawn(capsys, drawn):
    status, out, _ = call(capsys, "--list", "--out", drawn)
    assert status == 0
    _, _, listed = out.partition("figure, by --figure")
    for name in figures.drawable():
        assert sum(line.startswith(f"{name} ") for line in listed.splitlines()) == 1
    assert sum(line.startswith("pdl_figure2 ") for line in out.splitlines()) == 1
    (line,) = [line for line in out.splitlines() if line.startswith("pdl_figure2 ")]
    assert line.endswith("smoke")


def test_ledger_of_a_figure_has_its_choices(capsys):
    status, out, _ = call(capsys, "--ledger", "pdl_figure3")
    assert status == 0
    assert "the trainings are Table II's" in " ".join(out.split())
    assert "CumulativeFeatures.image = 0" in out


def test_all_means_every_figure():
    assert figures.to_draw(("all",)) == list(figures.drawable().values())
    assert [f.name for f in figures.to_draw(("pdl_figure3",) * 2)] == ["pdl_figure3"]
    assert figures.stem(replace(FIGURE2, prints=None)) == "pdl_figure2"


ROWS = {"base": [30.0, 30.1], "other": [30.5, 30.4]}


@pytest.fixture
def table(monkeypatch):
    """A table that declares a drawing and takes two seeds, of which the store has all."""
    declared = replace(TABLE4, name="tiny", drawing=GainBars("base", unit="dB"), seeds=2)
    monkeypatch.setitem(figures.TABLES, "tiny", declared)
    return declared


def filled(monkeypatch, rows):
    """Let the work on a table have these numbers; returns how many seeds each had been asked."""
    asked = []
    column = Column("set", "PSNR", "PSNR", 2, True)

    def grid(work):
        asked.append(work.plan.seeds)
        lines = [
            GridRow("g", "m", label, [Cell(values=tuple(v), status="ok", trained=True)])
            for label, v in rows.items()
        ]
        return Grid("tiny", "nowhere", "a test", [column], lines, profile="smoke")

    monkeypatch.setattr(TableWork, "make", lambda work: None)
    monkeypatch.setattr(TableWork, "grid", grid)
    monkeypatch.setattr(TableWork, "complete", lambda work, grid: True)
    return asked


@pytest.mark.parametrize(("arguments", "seeds"), [([], (0, 1)), (["--seeds", "3"], (0, 1, 2))])
def test_a_table_that_declares_a_drawing_is_drawn_beside_its_own_files(
    capsys, tmp_path, monkeypatch, table, arguments, seeds
):
    asked = filled(monkeypatch, ROWS)
    status, out, _ = call(capsys, "--figure", "tiny", *arguments, "--out", tmp_path)
    assert (status, asked) == (0, [seeds])
    assert "other, set PSNR" in out
    assert set(digests(tmp_path)) == {"tiny.md", "tiny.csv"} | {
        f"tiny_figure.{form}" for form in ("svg", "png", "csv", "md")
    }
    lines = (tmp_path / "tables" / "smoke" / "tiny_figure.csv").read_text().splitlines()
    x, y, low, high = lines[1].split(",")[2:]
    assert (x, float(y)) == ("other", pytest.approx(0.4))
    assert float(low) < 0.4 < float(high)


def test_a_table_without_numbers_beside_the_base_is_not_drawn(capsys, tmp_path, monkeypatch, table):
    filled(monkeypatch, {"other": ROWS["other"]})
    status, _, err = call(capsys, "--figure", "tiny", "--out", tmp_path)
    assert status == 1
    assert "no row has a number beside that of 'base'" in err
    assert "tiny is not drawn" in err
