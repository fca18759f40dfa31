"""What the performance scripts share: pieces of work measured in turn, so that load hits all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

Work = Callable[[], object]


def seconds(work: Work, device: str = "cpu") -> float:
    """CPU time of this process, or time until the GPU is done."""
    if device == "cpu":
        start = time.process_time()
        work()
        return time.process_time() - start
    import torch

    torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - start


def in_turn(works: dict[str, Work], repeats: int, device: str = "cpu") -> dict[str, list[float]]:
    """Seconds of each piece of work, `repeats` times; the order is turned in every round."""
    times: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for k in range(repeats):
        for name in names[k % len(names) :] + names[: k % len(names)]:
            times[name].append(seconds(works[name], device))
    return times


def ratio(times: dict[str, list[float]], name: str, to: str) -> float:
    """The median of the paired ratios."""
    return statistics.median(a / b for a, b in zip(times[name], times[to], strict=True))


def told(what: str, value: float, goal: float) -> bool:
    """Print a ratio beside its goal; returns whether it is met."""
    print(f"{what}: {value:.2f} (goal: at most {goal:g})")
    return value <= goal
