"""Commands in processes of their own, as a cluster treats them: ended, stopped, and gone on."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import tiny_command
from owner import digests

from benchmarks.engine.stopping import Stopped

LEASE = "3"  # seconds
PATIENCE = 120  # seconds


@pytest.fixture
def started():
    """Starts commands in groups of processes of their own, and ends these."""
    processes = []

    def start(out, *options, **environment):
        command = [sys.executable, tiny_command.__file__, "--table", "tiny", "--device", "cpu"]
        process = subprocess.Popen(
            [*command, "--out", str(out), *options],
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        with process:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def ended(process):
    """Status and last line of a command."""
    _, told = process.communicate(timeout=PATIENCE)
    return process.returncode, told.splitlines()[-1]


def begun(out, process):
    """Wait until the row's own training has logged its twentieth step of forty."""
    until = time.monotonic() + PATIENCE
    while len(list((out / "runs").glob("*/log.jsonl"))) < 2:
        assert time.monotonic() < until
        assert process.poll() is None
        time.sleep(0.02)


def results(out):
    """Weights, logs and measured values, which must not depend on how they came about."""
    runs = out / "runs"
    found = {p.name: p.read_bytes() for p in runs.glob("*/*.safetensors")}
    found |= {str(p.relative_to(runs)): p.read_bytes() for p in runs.glob("*/log.jsonl")}
    return found | {
        p.name: json.loads(p.read_bytes())["values"] for p in runs.glob("*/scores/*.json")
    }


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """What a command makes that nobody disturbs."""
    out = tmp_path_factory.mktemp("unbroken")
    command = [sys.executable, tiny_command.__file__, "--table", "tiny", "--device", "cpu"]
    subprocess.run([*command, "--out", str(out)], check=True, timeout=PATIENCE, capture_output=True)
    return results(out)


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_command_that_gets_sigterm_goes_on_to_the_same_bits(tmp_path, started, unbroken, workers):
    """All of its processes get it, as a batch system sends it."""
    process = started(tmp_path, "--workers", workers)
    begun(tmp_path, process)
    os.killpg(process.pid, signal.SIGTERM)
    assert ended(process) == (75, str(Stopped()))
    assert len(list((tmp_path / "runs").glob("*/checkpoint.pt"))) == 1
    assert not list((tmp_path / "runs").glob("*/failure.json"))
    status, _ = ended(started(tmp_path, "--workers", workers))
    assert status == 0
    assert results(tmp_path) == unbroken


@pytest.mark.slow
def test_stopped_command_is_replaced_and_writes_nothing_more(tmp_path, started, unbroken):
    first = started(tmp_path, LEASE=LEASE)
    begun(tmp_path, first)
    first.send_signal(signal.SIGSTOP)
    status, _ = ended(started(tmp_path, LEASE=LEASE))
    assert status == 0
    assert results(tmp_path) == unbroken
    before = digests(tmp_path)
    first.send_signal(signal.SIGCONT)
    status, told = ended(first)
    assert (status, "was taken over while this process stood still" in told) == (75, True)
    assert digests(tmp_path) == before
