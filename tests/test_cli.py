"""The command line: what a user sees when it goes right, and one clear line when it does not."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from in_process import call
from PIL import Image

import reproduce
from benchmarks.cli.main import VERBS
from benchmarks.declare.errors import DeclarationError
from benchmarks.papers.d2sm.denoising import TABLE4
from benchmarks.papers.registry import PAPERS, TABLES

ROOT = Path(__file__).resolve().parents[1]


def test_help_shows_the_first_command(capsys):
    status, out, _ = call(capsys, "--help")
    assert status == 0
    assert "--table d2sm_table1" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--table", "d3sm"], "there is no table 'd3sm'; there are: all, d2sm_table1"),
        (["--table", "d2sm_table1", "--only", "L_7"], "no row like 'L_7'; its rows are 'FFDNet"),
        (
            ["--table", "d2sm_table1", "--data-root", "/nowhere"],
            "--data-root: '/nowhere' is not a f",
        ),
        (["--table", "d2sm_table1", "--device", "cuda:9"], "--device cuda:9 cannot be used"),
        (["--explain", "d2sm_table1", "nonsense", "sigma=25 PSNR"], "'nonsense' is no row"),
        (["--explain", "d2sm_table1", "w/. Internal", "sigma=25 PSNR"], "means several rows"),
        (
            ["--explain", "d2sm_table1", "L_1", "sigma=26 PSNR"],
            "no column 'sigma=26 PSNR' (did you mean 'sigma=",
        ),
        (["--table", "d2sm_table1", "--workers", "-1"], "--workers: '-1' is no number from 0"),
        (["--table", "d2sm_table1", "--seeds", "0"], "--seeds: '0' is no number from 1"),
        (["--study", "calibration"], "there is no study 'calibration'; there are: pdl_table3"),
        (["--study-results", "/nowhere.json"], "cannot read /nowhere.json"),
        (["--audit", "--format", "tex"], "--format goes with --paper or --table or --study-res"),
        (["--table", "pdl_table2", "--train-set", "kodak"], "--train-set and --test-set go with"),
        ([], "one of the arguments --table --list --paper"),
        (["--paper", "d3sm"], "there is no table 'd3sm'; there are: all, d2sm_table1"),
        (["--ledger", "nothing"], "there is no table 'nothing'"),
        (["--audit", "--claims"], "not allowed with argument --audit"),
        (["--audit", "--strict"], "--strict goes with --claims"),
        (["--study", ""], "there is no study ''; there are: pdl_table3"),
        (["--table", "all", "nonsense"], "there is no table 'nonsense'"),
        (
            ["--table", "pdl_table3", "--data-root", "/nowhere"],
            "--data-root: '/nowhere' is not a f",
        ),
        (["--list", "--only", "x"], "--only goes with --table"),
        (["--audit", "--micro-batch", "2"], "--micro-batch goes with --table or --figure"),
        (["--table", "all", "--micro-batch", "0"], "--micro-batch: '0' is no number from 1 to"),
    ],
)
def test_wrong_usage_is_one_line_and_status_2(capsys, tmp_path, arguments, told):
    if arguments:
        arguments = [*arguments, "--out", tmp_path]
    status, out, err = call(capsys, *arguments)
    assert status == 2
    assert told in err
    assert err.startswith("error: ")
    assert (len(err.splitlines()), out) == (1, "")


def test_verbs_of_the_parser_are_those_that_can_be_done():
    assert tuple(VERBS) == reproduce.VERBS
    (group,) = reproduce.parser()._mutually_exclusive_groups
    assert tuple(action.dest for action in group._group_actions) == reproduce.VERBS


def test_a_table_that_contradicts_itself_is_one_line(capsys, monkeypatch):
    """Tables are made when they are imported, before any verb is at work."""
    monkeypatch.delitem(sys.modules, "benchmarks.cli.main")
    monkeypatch.setitem(sys.modules, "benchmarks.cli.audit", None)

    class Broken:
        def find_spec(self, name, path, target=None):
            if name == "benchmarks.cli.main":
                raise DeclarationError("tiny, row 'L_1': 1 printed numbers for 2 columns")

    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    status, _, err = call(capsys, "--audit")
    assert (status, err) == (2, "error: tiny, row 'L_1': 1 printed numbers for 2 columns\n")


def test_missing_data_says_what_to_put_where(capsys, tmp_path):
    status, _, err = call(capsys, "--table", "d2sm_table1", "--profile", "paper", "--out", tmp_path)
    assert status == 2
    assert "--data-root DIR" in err
    assert "leftImg8bit" in err
    assert "Traceback" not in err


def test_plan_of_the_paper_profile_names_everything_that_is_missing(capsys, tmp_path):
    status, out, _ = call(
        capsys, "--table", "d2sm_table1", "--profile", "paper", "--plan", "--out", tmp_path
    )
    assert status == 0
    assert "missing" in out
    assert "cityscapes-dataset.com" in out
    for file in ("hrnet_cs_8090_torch11.pth", "vgg19-dcbb9e9d.pth", "alexnet-owt-7be5be79.pth"):
        assert file in out


def test_plan_tells_each_problem_in_full_once(capsys, tmp_path):
    """Twenty rows want the same data set and the same features; the metrics want files as well."""
    status, out, _ = call(
        capsys, "--table", "pdl_table2", "--profile", "paper", "--plan", "--out", tmp_path
    )
    assert status == 0
    assert out.count("--fetch DIV2K_train") == out.count("--fetch DIV2K_valid") == 1
    for file in ("vgg16-397923af.pth", "niqe_pris_params.npz", "alexnet-owt-7be5be79.pth"):
        assert out.count(f"{file} is not there") == 1
    assert "inception" in out
    assert "PDL / 0.020: srn-l1scales+pdl, see (" in out


def test_plan_of_the_smoke_profile_is_complete(capsys, tmp_path):
    status, out, _ = call(capsys, "--table", "d2sm_table1", "--plan", "--out", tmp_path)
    assert status == 0
    rows = [row for _, row in TABLES["d2sm_table1"].rows()]
    warm_ups = {row.network for row in rows}
    assert out.count("  train    ") == len(rows) + len(warm_ups) + 1  # and the judge
    assert "missing" not in out
    assert not (tmp_path / "runs").exists()


def test_list_names_every_table_and_profile(capsys):
    status, out, _ = call(capsys, "--list")
    assert status == 0
    for word in ("d2sm_table1", "d2sm_table4", "calibration", "smoke", "lite", "paper"):
        assert word in out


def test_list_says_how_much_of_a_table_can_be_run_and_what_was(capsys, tmp_path):
    folder = tmp_path / "tables" / "lite"
    folder.mkdir(parents=True)
    lines = ["group,row,ours", "FFDNet,L_1,33.3", "FFDNet,L_1,", ",noisy input,20.3"]
    (folder / "d2sm_table1.csv").write_text("\n".join(lines))
    status, out, _ = call(capsys, "--list", "--out", tmp_path)
    assert status == 0
    by_name = {line.split()[0]: line for line in out.splitlines() if line}
    assert by_name["d2sm_table1"].split()[-4:] == ["126", "all", "lite", "1"]
    assert by_name["pdl_table3"].endswith("needs raters")


def test_papers_table_is_printed_in_every_format(capsys):
    for form, sign in {
        None: "24.31(1)",
        "md": "**24.31** <sup>(1)</sup>",
        "csv": "d2sm_table3,Ours,,I-HAZE PSNR,24.31,1,1,",
        "html": "<!doctype html>",
        "tex": r"\toprule",
    }.items():
        status, out, _ = call(
            capsys, "--paper", "d2sm_table3", *(["--format", form] if form else [])
        )
        assert status == 0
        assert sign in out or sign.upper() in out.upper(), form


def test_every_papers_table_can_be_printed(capsys):
    status, out, _ = call(capsys, "--paper", "all", "--format", "md")
    assert status == 0
    assert out.count("\n# ") + out.startswith("# ") == len(TABLES)


def test_papers_tables_are_written_as_files(capsys, tmp_path):
    command = ["--paper", "all", "d2sm_table3", "--format", "html", "csv", "--out", tmp_path]
    assert call(capsys, *command)[0] == 0
    assert len(list(tmp_path.glob("*.html"))) == len(list(tmp_path.glob("*.csv"))) == len(TABLES)
    status, _, err = call(capsys, "--paper", "all", "--format", "html")
    assert (status, "--out" in err) == (2, True)


def test_audit_lists_its_findings(capsys):
    status, out, _ = call(capsys, "--audit")
    assert status == 0
    printed = sum(table.printed().prints_numbers for table in TABLES.values())
    found = re.match(r"(\d+) findings in (\d+) exhibits", out)
    assert int(found[2]) == printed
    assert re.findall(r"^ ?(\d+)\. ", out, re.MULTILINE)[-1] == found[1]
    assert "0.950 and 0.966" in " ".join(out.split())


def test_claims_have_verdicts_and_strict_makes_them_the_status(capsys):
    status, out, _ = call(capsys, "--claims")
    assert status == 0
    verdicts = re.search(r"^printed +(\d+) holds, (\d+) fails, (\d+) undecided$", out, re.MULTILINE)
    assert sum(map(int, verdicts.groups())) == sum(len(paper.claims) for paper in PAPERS)
    assert call(capsys, "--claims", "--strict")[0] == 1


def test_claims_about_what_was_measured_need_data(capsys, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    status, out, _ = call(
        capsys, "--claims", "--profile", "lite", "--data-root", root, "--out", tmp_path
    )
    assert status == 0
    claims = sum(len(paper.claims) for paper in PAPERS)
    assert re.search(rf"^lite +{claims} no data$", out, re.MULTILINE)
    assert (
        call(
            capsys, "--claims", "--strict", "--profile", "lite", "--data-root", root,
            "--out", tmp_path,
        )[0]
        == 0
    )  # fmt: skip


def test_ledger_counts_what_is_assumed(capsys):
    status, out, _ = call(capsys, "--ledger", "d2sm_table1")
    assert status == 0
    assumed = int(re.search(r"(\d+) assumed, \d+ cited, \d+ from the paper", out)[1])
    assert out.count("\nassumed") == assumed > 5
    assert out.index("\nassumed") < out.index("\ncited") < out.index("\npaper")


def test_what_is_not_implemented_says_what_can_be_done_instead(capsys, tmp_path, monkeypatch):
    rows = {group: [replace(row, model=None)] for group, row in TABLE4.rows()}
    monkeypatch.setitem(TABLES, "d2sm_table2", replace(TABLE4, name="d2sm_table2", groups=rows))
    status, _, err = call(capsys, "--table", "d2sm_table2", "--out", tmp_path)
    assert status == 2
    assert "--paper d2sm_table2" in err


def test_explain_shows_the_path_of_a_number(capsys, tmp_path):
    status, out, _ = call(
        capsys, "--explain", "d2sm_table1", "+ L_Contextual", "sigma=35 MIoU", "--out", tmp_path
    )
    assert status == 0
    for part in (
        "the paper prints   0.583",
        "1 x L_1 + 1 x L_Contextual",
        "ASSUMED: weight of every",
        "starts from",
        "StreetScenes(split='val'",
        "judge            unet-segmentation-",
    ):
        assert part in out, part


@pytest.fixture
def cityscapes(tmp_path):
    """A made data root in the official layout; returns (root, write, an image's path)."""
    root = tmp_path / "root"
    draw = np.random.default_rng(0)

    def write(split, image=None, labels=None):
        for kind, suffix in (("leftImg8bit", "leftImg8bit"), ("gtFine", "gtFine_labelIds")):
            folder = root / "cityscapes" / kind / split / "city"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"city_000000_000000_{suffix}.png"
            if kind == "gtFine":
                content = draw.integers(0, 34, (256, 512), np.uint8) if labels is None else labels
            else:
                content = draw.integers(0, 256, (256, 512, 3), np.uint8) if image is None else image
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                Image.fromarray(content).save(path)
        return path

    return root, write


BAD_IMAGES = {
    "grey": np.zeros((256, 512), np.uint8),
    "empty": b"",
    "text": b"<!DOCTYPE html>",
}


@pytest.mark.parametrize("bad", BAD_IMAGES)
def test_bad_image_is_one_line_that_names_the_file(capsys, tmp_path, cityscapes, bad):
    root, write = cityscapes
    write("train", image=BAD_IMAGES[bad])
    write("val")
    status, out, err = call(
        capsys, "--table", "d2sm_table1", "--profile", "lite", "--only", "FFDNet / L_1",
        "--data-root", root, "--out", tmp_path / "out",
    )  # fmt: skip
    assert status in (1, 2)
    assert "city_000000_000000_leftImg8bit.png" in err
    assert "Traceback" not in err + out


def test_label_map_of_another_size_names_both_files(capsys, tmp_path, cityscapes):
    root, write = cityscapes
    write("train", labels=np.zeros((128, 512), np.uint8))
    write("val")
    status, out, err = call(
        capsys, "--table", "d2sm_table1", "--profile", "lite", "--only", "+ L_CrossEntropy",
        "--data-root", root, "--out", tmp_path / "out",
    )  # fmt: skip
    assert status in (1, 2)
    assert "gtFine_labelIds.png" in err
    assert "Traceback" not in err + out


def test_command_works_from_another_folder(tmp_path):
    command = [sys.executable, str(ROOT / "reproduce.py"), "--list"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "d2sm_table1" in result.stdout


def test_plots_are_of_tables_that_declare_one(capsys, tmp_path):
    status, out, _ = call(capsys, "--paper", "pdl_table2", "--format", "svg")
    assert (status, out.lstrip().startswith("<?xml")) == (0, True)
    status, _, err = call(capsys, "--paper", "pdl_table3", "pdl_table2", "--format", "svg")
    assert (status, err) == (2, "error: --format svg: pdl_table3 declares no plot\n")
