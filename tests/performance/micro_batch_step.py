"""How much longer a training step takes in pieces: the batch is restored twice.

    python tests/performance/micro_batch_step.py [--device cuda] [--repeats 5]

FFDNet, a batch of 8 crops of 64 pixels in pieces of 4, with Adam: with L_1 alone, and with feature
networks of half their width, which look at the restored images twice as well. A pass
backward costs two forward, so the step takes a third more, and what small pieces cost. Steps
alternate in one process, on a CPU with one thread. Goal: at most 1.5 of the plain step, for each
objective; exit code 1 if one is missed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from timing import Work, in_turn, ratio, told

from baselines.denoising.ffdnet import FFDNet
from benchmarks.declare.runs import Run, network
from benchmarks.declare.training import Adam, Training
from benchmarks.engine.train import Trainee
from losses.contextual import Contextual
from losses.d2sm import D2SM
from losses.features import Features
from losses.l1 import L1
from losses.local_resources import LocalResources
from losses.objective import Objective
from losses.perceptual import Perceptual

GOAL = 1.5
BATCH, CROP = 8, 64
SIZES = {"plain": 0, "pieces": 4}
DEEP = Features("vgg19", ("conv5_4",), weights="random", width=1 / 2)
EARLY = replace(DEEP, layers=("relu3_1",))
OBJECTIVES = {
    "L_1": 1.0 * L1(),
    "+ L_Perceptual": L1() + 0.1 * Perceptual(EARLY),
    "+ L_Contextual": L1() + 0.1 * Contextual(EARLY),
    "+ L_D2SM": L1() + 0.1 * D2SM(DEEP, window=None, stride=None, queue=64, crop=CROP),
}


def step(objective: Objective, micro_batch: int, device: torch.device) -> Work:
    """A function that makes one training step."""
    recipe = Training(steps=1000, batch=BATCH, crop=CROP, optimizer=Adam(1e-4))
    run = Run(network(FFDNet), objective, None, recipe)
    state = Trainee(run, LocalResources(device=device), None, micro_batch)
    target = torch.rand(BATCH, 3, CROP, CROP, device=device)
    noisy = target + 0.1 * torch.randn_like(target)
    entries = {"target": target, "input": noisy, "sigma": torch.full((BATCH,), 25.0, device=device)}

    def one() -> None:
        state.advance(dict(entries))

    one()  # allocates, and chooses algorithms
    return one


def main() -> int:
    """Print every objective's ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)  # threads that wait for each other would count as CPU time
    device, met = torch.device(options.device), []
    for name, objective in OBJECTIVES.items():
        works = {kind: step(objective, size, device) for kind, size in SIZES.items()}
        times = in_turn(works, options.repeats, options.device)
        value = ratio(times, "pieces", "plain")
        met.append(told(f"step, {name}, in pieces / plain", value, GOAL))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
