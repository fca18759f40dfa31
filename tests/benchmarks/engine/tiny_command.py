"""reproduce.py with the table of `tiny.py`, `--table tiny`, where a step takes some time.

LEASE in the environment: seconds that leases last.
"""

import os
import sys
import time

import tiny

import reproduce
from benchmarks.engine import holding
from benchmarks.engine import train as train_module
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.registry import PROFILES

STEP = 0.05  # seconds


def install():
    """Let the command line know the table."""
    TABLES["tiny"] = tiny.tiny_table(tiny.tiny_table().groups["Tiny"][1:2])
    PROFILES["smoke"] = tiny.AS_DECLARED


def slow_down():
    """Let a step take at least STEP."""
    advance = train_module.Trainee.advance

    def slow(self, entries):
        time.sleep(STEP)
        return advance(self, entries)

    train_module.Trainee.advance = slow


if __name__ == "__main__":
    install()
    slow_down()
    if seconds := os.environ.get("LEASE"):
        holding.DURATION, holding.HEARTBEAT = float(seconds), float(seconds) / 8
    sys.exit(reproduce.main())
