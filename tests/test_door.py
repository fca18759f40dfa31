"""The door: odd arguments, and how a command ends when output, files or its user fail it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from in_process import call

import reproduce
from benchmarks.cli.session import usable_device
from benchmarks.declare.errors import UsageError, nearest, one_line

ROOT = Path(__file__).resolve().parents[1]
# A short text fails when it is flushed at the end, a long or an unbuffered one while it is printed.
BUFFERED, UNBUFFERED = {"PYTHONUNBUFFERED": ""}, {"PYTHONUNBUFFERED": "1"}
PLAN = ["--table", "d2sm_table1", "--plan"]
EXPLAIN = ["--explain", "d2sm_table1", "FFDNet / L_1", "sigma=25 PSNR"]


@pytest.fixture(autouse=True)
def at_a_terminal():
    """Ctrl-C is heard, which a shell turns off for what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def started(*arguments, options=(), environment=BUFFERED, **streams):
    """A command in its own process, its output in pipes where nothing else is said."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        [sys.executable, *options, str(ROOT / "reproduce.py"), *arguments],
        env={**os.environ, **environment},
        **pipes | streams,
    )


def ended(process):
    """Status, output and error of a process that ends by itself."""
    out, err = process.communicate(timeout=120)
    return process.returncode, (out or b"").decode(), (err or b"").decode()


def refused(result):
    """Whether a command ended as wrong usage in one line."""
    status, out, err = result
    return (status, out, len(err.splitlines()), err[:7]) == (2, "", 1, "error: ")


@pytest.mark.parametrize("verb", [PLAN, EXPLAIN, ["--list"], ["--paper", "d2sm_table1"]])
@pytest.mark.parametrize("option", ["--out", "--data-root"])
def test_what_is_no_folder_is_refused_by_every_verb(capsys, tmp_path, verb, option):
    (tmp_path / "file").write_text("", encoding="utf-8")
    for wrong in ("", "a\0b", "x" * 5000, tmp_path / "file", tmp_path / "file" / "in" / "it"):
        result = call(capsys, *verb, option, wrong)
        assert refused(result), wrong
        assert option in result[2]


def test_a_folder_that_is_not_there_is_for_results_but_not_for_data(capsys, tmp_path):
    status, _, err = call(capsys, "--list", "--out", tmp_path / "new" / "one")
    assert (status, err) == (0, "")
    assert refused(call(capsys, "--list", "--data-root", tmp_path / "new"))


ODD = ["", "x" * 5000, "a\nb", "a\0b", "\udcff", "\x1b[31mred", "{}%s", "[", "τ\u202e"]


@pytest.mark.parametrize("odd", ODD)
def test_odd_words_are_refused_in_one_line_without_control_characters(capsys, tmp_path, odd):
    commands = [
        ["--table", odd], ["--paper", odd], ["--ledger", odd], ["--study", odd],
        ["--explain", odd, "x", "y"], ["--explain", "d2sm_table1", odd, "sigma=25 PSNR"],
        ["--explain", "d2sm_table1", "FFDNet / L_1", odd], [*PLAN, "--profile", odd],
        ["--paper", "d2sm_table1", "--format", odd], [*PLAN, "--seeds", odd],
        [*PLAN, "--workers", odd],
    ]  # fmt: skip
    if odd:  # an empty pattern asks for every row, an empty device for the best
        commands += [[*PLAN, "--only", odd], [*PLAN, "--device", odd]]
    for command in commands:
        result = call(capsys, *command, "--out", tmp_path)
        assert refused(result), command
        assert result[2].rstrip("\n").isprintable()


DEVICES = [
    "hpu", "meta", "mps", "xla", "xpu", "privateuseone", "CPU", "cpu:3", "gpu", "cuda:-1",
    "cuda:7777", "cuda:99999999999",
]  # fmt: skip


@pytest.mark.parametrize("device", DEVICES)
def test_devices_that_cannot_be_used_are_refused_in_one_line(capsys, tmp_path, device):
    for table in ("d2sm_table1", "pdl_table1"):
        result = call(capsys, "--table", table, "--plan", "--device", device, "--out", tmp_path)
        assert refused(result)
        assert device in result[2]


def test_cuda_without_a_gpu_is_refused(monkeypatch):
    def empty(size, device):
        raise RuntimeError("Found no NVIDIA driver\nand more")

    monkeypatch.setattr("torch.empty", empty)
    with pytest.raises(UsageError, match=r"^--device cuda cannot be used: Found no NVIDIA driver$"):
        usable_device("cuda")


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["--table", "d2sm_tabel1"], "d2sm_table1"),
        (["--paper", "PDL_Table3 "], "pdl_table3"),
        (["--ledger", "calibraton"], "calibration"),
        (["--explain", "d2sm_tabl1", "L_1", "sigma=25 PSNR"], "d2sm_table1"),
        (["--explain", "d2sm_table1", "+ L_Contexual", "sigma=25 PSNR"], "+ L_Contextual"),
        (["--explain", "d2sm_table1", "L_1", "sigma25 psnr"], "sigma=25 PSNR"),
        ([*PLAN, "--only", "FFDNet / + L_SIM"], "FFDNet / + L_SSIM"),
        ([*PLAN, "--profile", "smok"], "smoke"),
        (["--paper", "d2sm_table1", "--format", "htm"], "html"),
        (["--study", "pdl_tabel3"], "pdl_table3"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(capsys, tmp_path, arguments, meant):
    status, _, err = call(capsys, *arguments, "--out", tmp_path)
    assert status == 2
    assert f"(did you mean {meant!r}?)" in err


def test_a_name_like_no_other_suggests_nothing():
    assert nearest("nonsense", ("smoke", "lite", "paper")) == ""
    assert nearest("LITE", ("smoke", "lite", "paper")) == " (did you mean 'lite'?)"


def test_a_message_is_one_line_whatever_it_names():
    assert one_line("a\nb\x1b[2J\udcff τ²") == "a\\nb\\x1b[2J\\udcff τ²"


OUTPUTS = [(["--help"], BUFFERED), (["--list"], BUFFERED), (["--list"], UNBUFFERED)]


@pytest.mark.parametrize(("arguments", "environment"), OUTPUTS)
def test_a_full_disk_under_the_output_is_one_line(arguments, environment):
    with open("/dev/full", "wb") as full:
        status, _, err = ended(started(*arguments, environment=environment, stdout=full))
    assert (status, err) == (1, "error: [Errno 28] No space left on device\n")


@pytest.mark.parametrize(("arguments", "environment"), [*OUTPUTS, (["--paper", "all"], BUFFERED)])
def test_a_reader_who_has_seen_enough_ends_it_quietly(arguments, environment):
    read, write = os.pipe()
    os.close(read)
    process = started(*arguments, environment=environment, stdout=write)
    os.close(write)
    assert ended(process) == (128 + signal.SIGPIPE, "", "")


def test_closed_streams_end_nothing():
    shell = f"{sys.executable} {ROOT / 'reproduce.py'} --list"
    for closed in (">&-", "2>&-"):
        result = subprocess.run(
            ["sh", "-c", f"{shell} {closed}"], capture_output=True, text=True, check=False
        )
        assert (result.returncode, result.stderr) == (0, "")


def test_an_ascii_terminal_shows_tables_with_replacements():
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    status, out, err = ended(started("--paper", "all", environment=ascii_only))
    assert (status, err) == (0, "")
    assert out.isascii()
    assert "PSNR ?" in out


@pytest.mark.parametrize("arguments", [["--help"], ["--list"]])
def test_without_docstrings_and_assertions_it_says_the_same(arguments):
    plain, optimised = (ended(started(*arguments, options=o)) for o in ((), ("-OO",)))
    assert optimised == plain
    assert plain[0] == 0


# An import that takes Ctrl-C for a failure of its own, as packages with compiled parts do.
CTRL_C_WITHIN_AN_IMPORT = """
import os, signal, sys, time
import reproduce

class Swallowing:
    def find_spec(self, name, path, target=None):
        if name == "torch":
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(60)
            except KeyboardInterrupt:
                pass

sys.meta_path.insert(0, Swallowing())
sys.exit(reproduce.main(["--list"]))
"""


def test_ctrl_c_within_an_import_is_one_line():
    result = subprocess.run(
        [sys.executable, "-c", CTRL_C_WITHIN_AN_IMPORT], cwd=ROOT, capture_output=True, check=False
    )
    assert (result.returncode, result.stdout) == (130, b"")
    assert result.stderr.decode() == f"{reproduce.INTERRUPTED}\n"


@pytest.mark.parametrize("place", ["reproduce.Parser.parse_args", "benchmarks.cli.main.run"])
def test_ctrl_c_is_one_line_wherever_it_comes(capsys, monkeypatch, place):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    assert call(capsys, "--list") == (130, "", f"{reproduce.INTERRUPTED}\n")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_file_that_cannot_be_used_is_one_line(capsys, monkeypatch):
    def run(request):
        raise PermissionError(13, "Permission denied", "results/runs/a\nb")

    monkeypatch.setattr("benchmarks.cli.main.run", run)
    status, _, err = call(capsys, "--list")
    assert (status, err) == (1, "error: [Errno 13] Permission denied: 'results/runs/a\\nb'\n")


GARBLED = {
    "empty": b"",
    "text": b"<!DOCTYPE html>\n<p>",
    "latin": "group,row,ours\nFFDNet,\xe9,1\n".encode("latin-1"),
    "quote": b'group,row,ours\nFFDNet,"a"b,1\n',
    "bits": bytes(range(256)),
}


def lie_in_the_place_of_a_table(path, kind):
    path.parent.mkdir(parents=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":  # nobody writes into it
        os.mkfifo(path)
    else:
        path.write_bytes(GARBLED[kind])


@pytest.mark.parametrize("kind", [*GARBLED, "folder", "pipe"])
def test_list_says_which_table_is_garbled(capsys, tmp_path, kind):
    path = tmp_path / "tables" / "smoke" / "d2sm_table1.csv"
    lie_in_the_place_of_a_table(path, kind)
    status, out, err = call(capsys, "--list", "--out", tmp_path)
    assert status == 0
    (line,) = (line for line in out.splitlines() if line.startswith("d2sm_table1 "))
    assert line.endswith("smoke ?")
    again = "--table d2sm_table1 --profile smoke writes it again"
    assert err == f"warning: {path} is no table of this suite; {again}\n"


def test_list_knows_no_tables_where_their_folder_is_a_file(capsys, tmp_path):
    (tmp_path / "tables").write_text("a note")
    status, out, err = call(capsys, "--list", "--out", tmp_path)
    assert (status, err, "smoke ?" in out) == (0, "", False)


def test_explain_sets_a_garbled_record_aside(capsys, tmp_path):
    question = ["--explain", "d2sm_table1", "FFDNet / L_1", "sigma=35 PSNR", "--out", tmp_path]
    score = Path(re.search(r"^  file +(.+)$", call(capsys, *question)[1], re.MULTILINE)[1])
    for path in (score, score.parents[1] / "run.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'{"values": [\xff')
    status, out, err = call(capsys, *question)
    assert (status, "not measured yet" in out) == (0, True)
    assert re.fullmatch(r"(warning: \S+ is damaged; moved to \S+, it will be made again\n){2}", err)
