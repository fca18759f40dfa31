"""The table of `quick.py`, made once for all tests that only read it."""

import shutil

import pytest
import quick

# Torch's first optimiser step and the first PSNR import these, for seconds: of no test's time, and
# in `make mutants` not once per mutant.
import torch._dynamo  # noqa: F401
from skimage.metrics import peak_signal_noise_ratio  # noqa: F401


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
