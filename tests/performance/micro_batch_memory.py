"""How much less memory the training steps of D2SM's Table 1 take in pieces of an eighth.

    python tests/performance/micro_batch_memory.py [--only PATTERN] [--device cuda] [--batch 8]

Every row as declared, with crops of 512 pixels, but a batch of 8, feature networks of an eighth of
their width, SADNet of a quarter, FFDNet of a third, and smoke's segmenter: plain steps then fit
10 GiB. A narrow network has less to save beside its images. CBDNet and SADNet take minutes each on
two cores. On a CPU a step is made in a process of its own, whose peak above what it held before
counts. Goal: at most a quarter of the plain step's, in each row; exit code 1 if one misses it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from timing import told
from torch import Tensor, nn

from baselines.denoising.ffdnet import FFDNet
from baselines.denoising.sadnet import SADNet
from benchmarks.declare.runs import Run
from benchmarks.declare.table import name_of, row_run
from benchmarks.engine.train import Trainee
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from losses.local_resources import LocalResources

GOAL = 0.25
TABLE = TABLES["d2sm_table1"]


class Untrained(LocalResources):
    """Judges with random weights."""

    def frozen(self, network: Any) -> nn.Module:
        return super().frozen(network.network.build)


def runs(batch: int) -> dict[str, Run]:
    """The trainings of the table, by the names of their rows."""
    profile = replace(
        SMOKE,
        training=lambda run: replace(run.training, batch=batch),
        narrow={FFDNet: {"width": 32}, SADNet: {"width": 8, "offset_features": 8}},
        threads=None,
    )
    resolver = Resolver(profile, lambda name: False)
    return {
        name_of(group, row): resolver.shortened(row_run(TABLE, row, 0))
        for group, row in TABLE.rows()
    }


def entries(batch: int, crop: int, device: torch.device) -> dict[str, Tensor]:
    """A batch of noise on noise: what is in the images does not change what they take."""
    target = torch.rand(batch, 3, crop, crop, device=device)
    return {
        "target": target,
        "input": target + 0.1 * torch.randn_like(target),
        "sigma": torch.full((batch,), 25.0, device=device),
        "labels": torch.randint(0, 19, (batch, crop, crop), device=device),
    }


def peak(run: Run, micro_batch: int, device: torch.device) -> float:
    """MiB that a step takes above what is there before it."""
    recipe = run.training
    state = Trainee(run, Untrained(device=device), None, micro_batch)
    given = entries(int(recipe.batch), int(recipe.crop), device)
    small = entries(1, 64, device)
    first = state.network(*(small[name] for name in state.network.inputs))
    first = first[0] if isinstance(first, tuple) else first
    first.sum().backward()  # loads the libraries
    if device.type != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        state.advance(given)
        return (torch.cuda.max_memory_allocated(device) - before) / 2**20
    held = status("VmRSS")
    state.advance(given)
    return status("VmHWM") - held


def status(name: str) -> float:
    """A size of this process in MiB; the kernel starts it anew where a program starts."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))


def peak_of_its_own(name: str, micro_batch: int, options: argparse.Namespace) -> float:
    """`peak` in a process of its own, which gives freed memory back at once."""
    command = [sys.executable, __file__, "--device", options.device, "--batch", str(options.batch)]
    done = subprocess.run(
        [*command, "--peak", name, str(micro_batch)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"},
    )
    return float(done.stdout)


def main() -> int:
    """Print every row's ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="*", metavar="PATTERN")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--peak", nargs=2, metavar=("ROW", "N"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    found = runs(options.batch)
    if options.peak:
        name, micro_batch = options.peak
        print(peak(found[name], int(micro_batch), torch.device(options.device)))
        return 0
    met = []
    for name in (name for name in found if fnmatch(name, options.only)):
        pieces, whole = (peak_of_its_own(name, size, options) for size in (options.batch // 8, 0))
        print(f"{name}: {pieces:.0f} MiB in pieces, {whole:.0f} MiB")
        met.append(told(f"memory, {name}, pieces of 1/8 / plain", pieces / whole, GOAL))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
