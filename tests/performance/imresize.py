"""What imresize costs against the plain way: one output row at a time, then one column at a time.

    python tests/performance/imresize.py [repetitions]

A 512x512 colour image is made 4 times smaller, in float64 with 8-bit rounding between the passes
and without. The plain way takes the pixels of each output row and column by their indices and sums
them by a product with their weights, in torch; making weights and indices is not counted. CPU time
of one thread, in turn. Goal: at most 0.75 of the plain time in both. Exit code 1 for a missed goal.
"""

from __future__ import annotations

import math
import statistics
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
from timing import Work, in_turn, ratio, told
from torch import Tensor

from datasets.degradations.bicubic import imresize

SIZE, FACTOR, GOAL = 512, 4, 0.75


def plain(image: Tensor, levels: int) -> Tensor:
    """imresize(image, 1 / FACTOR) with symmetric border, (3, H, W)."""

    def step(values: Tensor) -> Tensor:
        return (values + 0.5).floor().clamp(0, 255) if levels else values

    values = step(image.to(torch.float64) * 255)
    for dim in (1, 2):
        length = values.shape[dim]
        lines = []
        for out in range(length // FACTOR):
            weights, indices = line(out, length)
            part = values.index_select(dim, indices)
            lines.append(torch.tensordot(part, weights, ([dim], [0])))
        values = step(torch.stack(lines, dim))
    return (values / 255).to(image.dtype)


@cache
def line(out: int, length: int) -> tuple[Tensor, Tensor]:
    """Weights and indices of one output row or column."""
    centre = (out + 0.5) * FACTOR - 0.5
    places = torch.arange(math.ceil(centre - 2 * FACTOR), math.floor(centre + 2 * FACTOR) + 1)
    x = ((places - centre) / FACTOR).abs().to(torch.float64)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    weights = torch.where(x <= 1, near, far)
    places = places % (2 * length)
    return weights / weights.sum(), torch.minimum(places, 2 * length - 1 - places)


def main() -> int:
    """Print the medians and the paired ratios."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    torch.set_num_threads(1)
    image = torch.rand(3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    met = []
    for levels in (0, 256):
        difference = (plain(image, levels) - imresize(image, 1 / FACTOR, levels=levels)).abs().max()
        if difference > 1e-6:
            raise SystemExit(f"the two differ by {float(difference):g}")
        works: dict[str, Work] = {
            "imresize": lambda levels=levels: imresize(image, 1 / FACTOR, levels=levels),
            "plain": lambda levels=levels: plain(image, levels),
        }
        in_turn(works, 5)  # warms up
        times = in_turn(works, repetitions)
        for name, values in times.items():
            print(f"{levels:3} levels, {name:8} {1e3 * statistics.median(values):6.2f} ms")
        met.append(
            told(f"imresize / plain, {levels} levels", ratio(times, "imresize", "plain"), GOAL)
        )
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())
