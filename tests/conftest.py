"""The tests' own modules, and real data where there is any."""

import os
import sys
from pathlib import Path

import idle
import pytest

# On a busy machine threads that spin while they wait keep others from running; on a quiet one small
# trainings are slower if they sleep. Two processes of tests make a machine busy by themselves, and
# one thread each is best. Before torch is imported: OpenMP reads it when it is loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
if "PYTEST_XDIST_WORKER" in os.environ or idle.idle_share() < 0.5:
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")

ROOT = Path(__file__).resolve().parents[1]
for folder in ("engine", "report", "fetch"):
    sys.path.insert(0, str(ROOT / "tests" / "benchmarks" / folder))


def pytest_collection_modifyitems(items):
    """Files with slow tests come first: as the last they would leave the other process idle."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def data_root():
    """A folder with real images and released weights; tests that need it are skipped without."""
    root = Path(os.environ.get("RETABLE_DATA_ROOT", ROOT.parent / "shared" / "data"))
    if not root.is_dir():
        pytest.skip("no real data: set RETABLE_DATA_ROOT to a data root")
    return root
