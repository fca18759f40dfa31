"""How well a step's gradient in bfloat16 agrees with float32's, for every kind of row.

    python tests/performance/precision.py [--precision tf32] [PATTERN]

One row of each network with each sum of terms, as the smoke profile runs it, at the first step from
the network's initialisation; see tests/benchmarks/engine/gradients.py. "weights rounded" is the
cosine of two float32 gradients, one of them from weights rounded to bfloat16: where that is low,
the gradient hangs on bits that no training in bfloat16 keeps. A row is beyond the bound where its
cosine is below 0.98. Goal: at most a quarter of the rows. Exit code 1 if it is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks" / "engine"))

from gradients import agreement, rows
from timing import told

BOUND, SHARE = 0.98, 0.25


def main() -> int:
    """Print a line per row, and the share of those beyond the bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="rows whose name has it")
    parser.add_argument("--precision", default="bf16")
    options = parser.parse_args()
    chosen = {name: run for name, run in rows().items() if options.pattern in name}
    beyond = 0
    print("| row | cosine | relative error | weights rounded |\n|---|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as cache:
        for name, run in chosen.items():
            found = agreement(run, options.precision, Path(cache))
            beyond += not found.cosine >= BOUND
            print(f"| {name} | " + " | ".join(f"{part:.3f}" for part in found) + " |", flush=True)
    what = (
        f"rows whose gradient in {options.precision} has a cosine below {BOUND}, of {len(chosen)}"
    )
    return 0 if told(what, beyond / max(1, len(chosen)), SHARE) else 1


if __name__ == "__main__":
    sys.exit(main())
