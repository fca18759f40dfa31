"""The table of `quick.py`, made once for all tests that only read it."""

import shutil
import subprocess
import sys

import owner
import pytest
import quick

# Torch's first optimiser step and the first PSNR import these, for seconds: of no test's time, and
# in `make mutants` not once per mutant.
import torch._dynamo  # noqa: F401
from filelock import FileLock
from skimage.metrics import peak_signal_noise_ratio  # noqa: F401

from benchmarks.engine import holding


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory):
    """A store in which the table is there, for two seeds."""
    out = tmp_path_factory.mktemp("quick")
    quick.quick_work(out, seeds=2).make()
    return out


@pytest.fixture(scope="session")
def made(made_folder):
    """The work on that table, done; read only."""
    return quick.quick_work(made_folder, seeds=2)


@pytest.fixture
def copied(made_folder, tmp_path):
    """A copy of the store, to be changed."""
    shutil.copytree(made_folder, tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def short_leases(monkeypatch):
    """Leases last for `owner.LEASE` seconds."""
    monkeypatch.setattr(holding, "DURATION", owner.LEASE)
    monkeypatch.setattr(holding, "HEARTBEAT", owner.LEASE / 8)


@pytest.fixture
def owners():
    """Starts other processes that hold a folder, see `owner.py`, and ends them."""
    started = []

    def start(folder, *options, says="held"):
        command = [sys.executable, owner.__file__, str(folder.path), *options]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")
        started.append(process)
        assert says in process.stdout.readline()
        return process

    yield start
    for process in started:
        with process:  # closes its pipes, and waits for it
            process.kill()


@pytest.fixture
def elsewhere():
    """Lets another process hold a run; what it has is let go at the end."""
    locks = []

    def take(folder):
        folder.path.mkdir(parents=True, exist_ok=True)
        locks.append(FileLock(folder.path / ".lock"))
        locks[-1].acquire(timeout=0)

    yield take
    for lock in locks:
        lock.release()
