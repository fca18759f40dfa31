"""One test image of the true size through a network, and through a metric."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from benchmarks.engine.content_ids import base_data, digest
from benchmarks.engine.evaluate import evaluate, output_of
from benchmarks.engine.score import Score
from benchmarks.engine.status import Status
from benchmarks.metrics.metric import Metric
from benchmarks.rehearse.drawn_data import Size, drawn, is_set, size_of
from benchmarks.rehearse.memory import PeakMemory, machine_memory, taken
from benchmarks.rehearse.operations import Operations
from benchmarks.rehearse.stand_in_weights import StandIns
from benchmarks.rehearse.training import now

# What would take longer than this, or more of the machine's memory, is measured on a strip of the
# image: what takes all of it would be killed.
LONGEST = 60.0
LARGEST = 0.6
# Side of the part on which that is found out; some metrics want a larger one.
PROBED = 256
# Networks take sizes that are multiples of this.
_MULTIPLE = 32


@dataclass(frozen=True)
class Measured:
    """What one whole test image takes.

    height, width: of the image; rows: of the strip of it that was really measured.
    seconds, flop: of the whole image, in proportion to the strip.
    absent: the files in whose place weights are random; present: those that were loaded.
    """

    height: int
    width: int
    rows: int
    seconds: float
    flop: float
    absent: tuple[str, ...]
    present: tuple[str, ...] = ()

    @property
    def share(self) -> str:
        """What was measured, in words where it was not the whole image."""
        if self.rows == self.height:
            return ""
        return f"{self.rows} of {self.height} rows, times {self.height / self.rows:.1f}"


class Dimmed(nn.Module):
    """The target a little darker: what a metric is timed with, whatever network it judges."""

    inputs: ClassVar[tuple[str, ...]] = ("target",)
    outputs: ClassVar[tuple[str, ...]] = ("pred",)

    def forward(self, target: Tensor) -> Tensor:
        """(N, C, H, W) in [0, 1] and back."""
        return 0.9 * target + 0.05


def true_size(data: Any, status: Status) -> Size:
    """The size of a test set's images under a degradation, and how many it has; see `size_of`.

    What needs no file, such as the sets of smoke, is as large as it is.
    """
    base = base_data(data)
    if is_set(base) and drawn(base) is not base:
        return size_of(base)
    images = status.ids.images(drawn(base))
    return Size(*images.size(0), len(images))


def pass_key(score: Score, status: Status) -> str:
    """What the time of a network on an image depends on: one key, one measurement."""
    size = true_size(score.data, status)
    return digest([repr(score.provider.network), type(score.data).__name__, *size[:2]])


def metric_key(score: Score, status: Status) -> str:
    """What the time of a metric depends on; the network that it judges does not count."""
    size = true_size(score.data, status)
    return digest([repr(score.metric.recorded), repr(score.evaluation), *size[:2]])


class Watch:
    """Something that is called, and what its last call took.

    seconds: on this machine. flop: floating point operations.
    """

    seconds = 0.0
    flop = 0

    def __init__(self, work: Callable[..., Any], device: torch.device):
        self.work = work
        self.device = device

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the work gives."""
        begun = now(self.device)
        with Operations() as counter:
            result = self.work(*arguments, **named)
        self.seconds, self.flop = now(self.device) - begun, counter.total
        return result


def network_pass(score: Score, status: Status) -> Measured:
    """One image of the score's test set through its network, and through the degradation."""
    resources = StandIns(status.files, status.device)
    network = resources.frozen(score.provider)
    watch = Watch(output_of, status.device)

    def work(height: int, width: int) -> None:
        data = drawn(score.data, height, width)
        images = base_data(data).open(status.ids.data_paths)
        watch(network, data, images, 0, resources, score.seed)

    return _measured(work, watch, true_size(score.data, status), PROBED, resources)


def metric_pass(score: Score, status: Status) -> Measured:
    """One image of the score's test set through its metric, which is built for all of them once."""
    resources = StandIns(status.files, status.device)
    metric: Metric = copy(resources.in_place(score.metric))
    watch = Watch(metric.build(resources), status.device)
    object.__setattr__(metric, "build", lambda resources: watch)

    def work(height: int, width: int) -> None:
        data = drawn(score.data, height, width)
        images = base_data(data).open(status.ids.data_paths)
        evaluate(Dimmed(), data, images, [(metric, score.evaluation)], resources, score.seed)

    least = max(PROBED, metric.smallest_side + 2 * int(score.evaluation.border))
    return _measured(work, watch, true_size(score.data, status), least, resources)


def _measured(
    work: Callable[[int, int], None], watch: Watch, size: Size, probed: int, resources: StandIns
) -> Measured:
    """Do the work on a part, and from what it takes as much of the whole as there is room for.

    Args:
        work: with an image of that height and width. watch: what counts of it.
    """
    high, wide = min(size.height, probed), min(size.width, probed)
    for _ in range(2):  # the first warms up
        work(high, wide)
    expected = watch.seconds * size.height * size.width / (high * wide)
    rows = _at_most(size.height, size.height * LONGEST / max(expected, 1e-9), high)
    strip = _at_most(rows, rows / 8, high)
    with PeakMemory(watch.device) as memory:
        work(strip, size.width)
    room = LARGEST * machine_memory(watch.device) - taken(watch.device)
    rows = _at_most(rows, strip * room / max(1, memory.peak), strip)
    if rows > strip:
        work(rows, size.width)
    times = size.height / rows
    files = tuple(sorted(resources.absent)), tuple(sorted(resources.present))
    return Measured(
        size.height, size.width, rows, watch.seconds * times, watch.flop * times, *files
    )


def _at_most(rows: int, wanted: float, least: int) -> int:
    """As many rows as are wanted, of which networks take whole multiples; all if that is more."""
    return rows if wanted >= rows else min(rows, max(least, int(wanted) // _MULTIPLE * _MULTIPLE))
