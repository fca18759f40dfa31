"""How long a training step takes that two processes share, of the step of one.

    python tests/performance/shared_step.py [--device cuda] [--repeats 7]

Rows of FFDNet in D2SM's Table 1, with a batch of 8 crops of 96 pixels and feature networks of a
quarter of their width, in float32, with one thread per process on a CPU and a GPU for each on CUDA.
The first of two processes makes the steps of one process in turn with those that both share, while
the other one waits. Time is that of the clock, for the two wait for each other: take a machine with
two idle cores. Goal: at most 0.7, for each row; exit code 1 if one is missed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from timing import ratio, told, turns
from torch import Tensor

from benchmarks.declare.table import row_run
from benchmarks.engine.ranks import ranks, take_own_gpu
from benchmarks.engine.train import Trainee
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from losses.local_resources import LocalResources
from losses.ranks import ALONE, Ranks

GOAL = 0.7
BATCH, CROP = 8, 96
TABLE = TABLES["d2sm_table1"]
ROWS = ("L_1", "+ L_Perceptual", "w/. Internal")
KINDS = ("shared", "alone")


def training(label: str, device: torch.device, shared: Ranks) -> Trainee:
    """A row's training, from its own initialisation."""
    profile = replace(
        SMOKE,
        training=lambda run: replace(run.training, batch=BATCH, crop=CROP),
        feature_width=1 / 4,
        threads=None,
    )
    row = next(row for row in TABLE.groups["FFDNet"] if row.label == label)
    run = Resolver(profile, lambda name: False).shortened(row_run(TABLE, row, 0))
    return Trainee(run, LocalResources(device=device), None, ranks=shared)


def batch(device: torch.device) -> dict[str, Tensor]:
    """Noise on noise: what is in the images does not change what they take."""
    target = torch.rand(BATCH, 3, CROP, CROP, generator=torch.Generator().manual_seed(0))
    entries = {"target": target, "input": target + 0.1, "sigma": torch.full((BATCH,), 25.0)}
    return {name: x.to(device) for name, x in entries.items()}


def measured(shared: Ranks, device: torch.device, repeats: int) -> bool:
    """Make the steps; whether every goal is met, as the first process sees it."""
    given, met = batch(device), []
    for label in ROWS:
        kinds = {"alone": ALONE, "shared": shared}
        states = {kind: training(label, device, each) for kind, each in kinds.items()}
        times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for turn, kind in enumerate([*KINDS, *turns(list(KINDS), repeats)]):
            state = states[kind]
            shared.any(False)  # both begin together
            if kind == "alone" and shared.rank:
                continue
            own = {name: x[state.ranks.share] for name, x in given.items()}
            begun = time.perf_counter()
            state.advance(own)()
            if device.type == "cuda":
                torch.cuda.synchronize()
            if turn >= len(KINDS):  # the first steps allocate, and choose algorithms
                times[kind].append(time.perf_counter() - begun)
        if not shared.rank:
            value = ratio(times, *KINDS)
            print(f"{label}: {min(times['alone']) * 1000:.0f} ms in one process")
            met.append(told(f"step, {label}, two processes / one", value, GOAL))
    return all(met)


def main() -> int:
    """Print every row's ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    if "WORLD_SIZE" not in os.environ:
        launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command = [*launcher, "--nproc-per-node=2", "--max-restarts=0", *sys.argv]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run(command, check=False, env=environment).returncode
    torch.set_num_threads(1)
    device = torch.device(options.device)
    if device.type == "cuda":
        take_own_gpu()
    with ranks(device) as shared:
        return 0 if measured(shared, device, options.repeats) else 1


if __name__ == "__main__":
    sys.exit(main())
