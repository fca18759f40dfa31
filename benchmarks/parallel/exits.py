"""How a process that makes one job ends; what it made is told by the store alone."""

from __future__ import annotations

from benchmarks.engine.stopping import NOT_NOW as NOT_NOW  # what it needs is not there, or is held

DONE = 0
FAILED = 1
USAGE = 2
NO_DATA = 66  # data or weights are absent
NO_STORE = 74  # the store cannot be written
