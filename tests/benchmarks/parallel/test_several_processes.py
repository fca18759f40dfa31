"""Whole commands that fill one table together: the bits of one process, whatever is killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from children import until

DOOR = Path(__file__).with_name("door.py")
PATIENCE = 240  # seconds for a command that takes twenty


def start(out, *options):
    command = [sys.executable, str(DOOR), "--table", "quick", "--out", str(out)]
    return subprocess.Popen(
        [*command, "--device", "cpu", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def finish(process):
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def results(out):
    """The bytes of all weights, and every score."""
    runs = Path(out) / "runs"
    found = {p.relative_to(runs).as_posix(): p.read_bytes() for p in runs.rglob("*.safetensors")}
    for path in runs.glob("*/scores/*.json"):
        found[path.relative_to(runs).as_posix()] = json.loads(path.read_text())["values"]
    return found


def offspring(out):
    """The processes whose command names a folder, but for those that have ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes()
            state = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(out).encode() in words and state != "Z":
            found.append(int(folder.name))
    return found


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """What one process makes."""
    out = tmp_path_factory.mktemp("reference")
    status, text, err = finish(start(out))
    assert status == 0, err
    return results(out), text


@pytest.mark.slow
def test_two_processes_of_one_driver_make_the_same_table(tmp_path, reference):
    status, text, err = finish(start(tmp_path, "--parallel", "2"))
    assert (status, text) == (0, reference[1]), err
    assert results(tmp_path) == reference[0]
    assert err.count(": begun, here") == err.count(": done after")
    assert not offspring(tmp_path)


@pytest.mark.slow
def test_processes_that_join_make_the_same_table(tmp_path, reference):
    first, second = start(tmp_path, "--join"), start(tmp_path, "--join")
    found = [finish(first), finish(second)]
    assert [(status, text) for status, text, _ in found] == [(0, reference[1])] * 2
    assert results(tmp_path) == reference[0]
    assert not offspring(tmp_path)


@pytest.mark.slow
def test_a_driver_and_a_plain_command_share_a_store(tmp_path, reference):
    plain, joined = start(tmp_path), start(tmp_path, "--join")
    assert finish(plain)[:2] == finish(joined)[:2] == (0, reference[1])
    assert results(tmp_path) == reference[0]


@pytest.mark.slow
@pytest.mark.parametrize("way", [("--parallel", "2"), ("--join",)])
def test_ctrl_c_and_sigterm_leave_no_process(tmp_path, way):
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 75)):
        process = start(tmp_path, *way)
        until(lambda: len(offspring(tmp_path)) > 1)
        os.kill(process.pid, number)
        found, _, err = finish(process)
        assert found == status, err
        assert "the same command goes on" in err
        assert not offspring(tmp_path)


@pytest.mark.slow
def test_kills_at_any_moment_change_no_bit(tmp_path, reference):
    """A child, or the driver, whose children then end by themselves."""
    moments = random.Random(11)
    process, kills = start(tmp_path, "--parallel", "2"), 0
    while kills < 10:
        time.sleep(moments.uniform(0.5, 6.0))
        if process.poll() is not None:
            break
        children = [pid for pid in offspring(tmp_path) if pid != process.pid]
        target = moments.choice([process.pid, *children, *children])
        with suppress(ProcessLookupError):
            os.kill(target, signal.SIGKILL)
            kills += 1
        if target == process.pid:
            process.communicate(timeout=PATIENCE)
            until(lambda: not offspring(tmp_path), 12)
            process = start(tmp_path, "--parallel", "2")
    finish(process)  # it may have given up what was killed three times
    status, text, err = finish(start(tmp_path, "--parallel", "2"))
    assert kills >= 3
    assert (status, text) == (0, reference[1]), err
    assert results(tmp_path) == reference[0]
    assert not offspring(tmp_path)
