"""Two GPUs that are not there, no process left when a test fails, and a table of one process."""

import os
import shutil

import pytest
import quick
from children import fake_nvidia_smi, kill_all


@pytest.fixture(autouse=True)
def no_process_is_left(tmp_path):
    yield
    kill_all(tmp_path)


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    """As nvidia-smi lists them; their locks lie in the test's folder."""
    path = fake_nvidia_smi(tmp_path / "bin", "0, GPU-zero\n1, GPU-one\n")
    monkeypatch.setenv("PATH", f"{path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # it is asked for once
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.fixture(scope="session")
def alone_folder(tmp_path_factory):
    """A store that one process has filled."""
    out = tmp_path_factory.mktemp("alone")
    quick.quick_work(out).make()
    return out


@pytest.fixture(scope="session")
def alone(alone_folder):
    """The work on that table, done; read only."""
    return quick.quick_work(alone_folder)


@pytest.fixture
def copied(alone_folder, tmp_path):
    """A copy of the store, to be changed."""
    shutil.copytree(alone_folder, tmp_path / "store")
    return tmp_path / "store"
