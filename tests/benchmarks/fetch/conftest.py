"""Transfers from the loopback alone: no proxy between, and no wait before another attempt."""

import os
import random

import pytest
from loopback import Loopback

from benchmarks.fetch import transfer

CONTENT = random.Random(0).randbytes(3000)


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(transfer, "PAUSE", 0.001)


@pytest.fixture
def content():
    """3000 bytes."""
    return CONTENT


@pytest.fixture
def server():
    """Serves `content` as /a.bin."""
    with Loopback({"/a.bin": CONTENT}) as loopback:
        yield loopback
