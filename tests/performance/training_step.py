"""What channels last saves in FFDNet's training step, batch 8 of 64x64 crops, with Adam.

    python tests/performance/training_step.py [--device cuda] [--repeats N]

Goal: at most 0.95 of the plain step. Exit code 1 if it is missed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from timing import Work, in_turn, ratio, told

from baselines.denoising.ffdnet import FFDNet
from losses.l1 import l1


def step(memory_format: torch.memory_format, device: str) -> Work:
    """A function that makes one training step."""
    torch.manual_seed(0)
    network = FFDNet().to(device).to(memory_format=memory_format)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    target = torch.rand(8, 3, 64, 64, device=device)
    noisy = target + 0.1 * torch.randn_like(target)
    sigma = torch.full((8,), 25.0, device=device)

    def one() -> None:
        optimizer.zero_grad(set_to_none=True)
        l1(network(noisy, sigma), target).backward()
        optimizer.step()

    one()  # allocates, and chooses algorithms
    return one


def main() -> int:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args()
    works = {
        "plain": step(torch.contiguous_format, options.device),
        "channels_last": step(torch.channels_last, options.device),
    }
    times = in_turn(works, options.repeats, options.device)
    value = ratio(times, "channels_last", "plain")
    return 0 if told("FFDNet step, channels_last / plain", value, 0.95) else 1


if __name__ == "__main__":
    sys.exit(main())
