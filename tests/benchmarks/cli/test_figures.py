"""--figure: what is written, what is told, and with which status it ends."""

import hashlib
import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from in_process import call

from benchmarks.cli import figures
from benchmarks.papers.pdl.figures import FIGURE2
from benchmarks.papers.registry import FIGURES
from benchmarks.views.shifted_histograms import ShiftedHistograms


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A results folder in which Figure 2 was drawn; it takes no training."""
    return tmp_path_factory.mktemp("drawn")


def digests(folder):
    files = sorted((folder / "tables" / "smoke").iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_figure_is_written_in_four_formats_and_again_bit_by_bit(capsys, drawn, tmp_path):
    status, out, err = call(capsys, "--figure", "pdl_figure2", "--out", drawn)
    assert status == 0
    assert f"written to {drawn}/tables/smoke/pdl_figure2.svg, .png, .csv, .md" in err
    assert out.startswith(f"{FIGURE2.source}: {FIGURE2.caption}\nSmoke profile")
    first = digests(drawn)
    assert set(first) == {f"pdl_figure2.{form}" for form in ("svg", "png", "csv", "md")}
    text = (drawn / "tables" / "smoke" / "pdl_figure2.md").read_text()
    for number in ("0.10", "0.92", "1.21"):  # the paper's, beside ours
        assert f"| {number} |" in text
    for words in ("> **Smoke profile", "random weights", "32 | not printed"):
        assert words in text
    assert call(capsys, "--figure", "pdl_figure2", "--out", tmp_path)[0] == 0
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
    for name in FIGURES:
        assert sum(line.startswith(f"{name} ") for line in out.splitlines()) == 1
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
