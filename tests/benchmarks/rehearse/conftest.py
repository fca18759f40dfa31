"""The tests' own modules, and a cache of weights that holds none."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def no_weights(monkeypatch, tmp_path):
    """What lies in a developer's torch cache is no part of a test."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
