"""Training steps of a kind as they are declared, and a checkpoint that comes back."""

from __future__ import annotations

import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import Run
from benchmarks.engine.content_ids import base_data
from benchmarks.engine.pieces import check_pieces
from benchmarks.engine.status import Status
from benchmarks.engine.stored_training import to_bytes
from benchmarks.engine.train import Trainee, TrainingError, on_device
from benchmarks.rehearse.drawn_data import drawn
from benchmarks.rehearse.kinds import least_images
from benchmarks.rehearse.memory import PeakMemory, machine_memory
from benchmarks.rehearse.operations import counted
from benchmarks.rehearse.stand_in_weights import StandIns
from datasets.sampling import TrainingSamples, batches

# What the allocator, the loader and other processes leave of a device's memory.
USABLE = 0.9


@dataclass(frozen=True)
class Steps:
    """What two steps of a training took on a machine.

    parameters: trainable ones of the restoring network. batch: declared; images: as many as a step
        here took. pieces: how many of them had a graph at a time, 0 for all.
    network_flop, objective_flop: floating point operations of a step with so many images, forward
        and backward. seconds: of the last step. Both are means over the stages of a network that
        grows, memory is that of the largest.
    resting, peak: bytes that last from step to step, gradients and the optimiser's averages among
        them, and bytes at the height of a step. machine: bytes that there are. measured: how.
    checkpoint: bytes. absent: the files in whose place weights are random; present: those that were
        loaded.
    too_many: images at once for which the memory does not suffice, as a GPU found and as is
        estimated of a CPU; 0 where that did not come up.
    in_pieces: whether the network can be trained in pieces.
    """

    parameters: int
    batch: int
    images: int
    pieces: int
    network_flop: int
    objective_flop: int
    seconds: float
    resting: int
    peak: int
    machine: int
    measured: str
    checkpoint: int
    absent: tuple[str, ...]
    present: tuple[str, ...] = ()
    too_many: int = 0
    in_pieces: bool = True

    @property
    def flop(self) -> float:
        """Operations of a step with the whole batch."""
        return (self.network_flop + self.objective_flop) * self.batch / self.images

    @property
    def step_seconds(self) -> float:
        """Seconds of a step with the whole batch."""
        return self.seconds * self.batch / self.images

    @property
    def step_peak(self) -> int:
        """Bytes of a step with the whole batch, at most: in proportion to its images.

        What is kept for one image at a time does not grow with them.
        """
        return self.resting + round((self.peak - self.resting) * self.batch / self.images)

    @property
    def fits(self) -> int:
        """How many images at once the memory would hold, at least; the batch where it was tried."""
        if self.images == self.batch:
            return self.batch
        per_image = max(1, self.peak - self.resting) / self.images
        most = self.too_many - 1 if self.too_many else self.batch
        return max(0, min(most, int((USABLE * self.machine - self.resting) / per_image)))

    def answers(self, images: int, pieces: int) -> bool:
        """Whether they are steps of so many images, or say that these do not fit."""
        return (self.images, self.pieces) == (images, pieces) or (
            0 < self.too_many <= (pieces or images)
        )


def rehearsed(run: Run, status: Status, folder: Path, micro_batch: int = 0) -> Steps:
    """Rehearse a training with the images that are asked for, or with as few as it allows.

    A GPU tries it. On a CPU, whose system ends what takes too much, an estimate says what is tried.

    Args:
        run: as the profile declares it; data and absent weights are replaced here.
        folder: where the checkpoint is written for a moment.
        micro_batch: on a GPU, images per piece of a step; on a CPU, images of a step.

    Raises:
        TrainingError: a loss or a weight is not finite, or the checkpoint does not come back.
        OutOfMemoryError: not even as few images as it allows fit into a GPU.
    """
    least = least_images(run)
    wanted, pieces = images_of_a_step(run, status.device, micro_batch)
    if status.device.type == "cpu":
        first = steps_of(run, status, folder, least)
        if wanted == least:
            return first
        if wanted > first.fits:
            return replace(first, too_many=wanted)
        return steps_of(run, status, folder, wanted)
    with suppress(torch.OutOfMemoryError):
        return steps_of(run, status, folder, wanted, pieces)
    torch.cuda.empty_cache()
    return replace(steps_of(run, status, folder, least), too_many=pieces or wanted)


def images_of_a_step(run: Run, device: torch.device, micro_batch: int = 0) -> tuple[int, int]:
    """How many images a step should take, and how many of them at a time, 0 for all.

    A GPU takes the whole batch, in the pieces that are asked for. On a CPU that takes hours: there
    a step has as many images as are asked for, and else as few as the terms allow.
    """
    batch = int(run.training.batch)
    if device.type == "cpu":
        return min(batch, max(least_images(run), micro_batch)), 0
    return batch, micro_batch if micro_batch < batch else 0


def steps_of(run: Run, status: Status, folder: Path, images: int, pieces: int = 0) -> Steps:
    """Two steps of each stage with so many images of the batch; else as for `rehearsed`.

    Of a network that grows, operations and seconds are the mean of all of its steps.
    """
    resources = StandIns(status.files, status.device)
    start = None if run.start is None else resources.weights(run.start)
    declared, recipe = run, run.training
    run = replace(
        declared, data=drawn(declared.data), objective=resources.in_place(declared.objective)
    )
    opened = status.ids.images(base_data(run.data))
    samples = TrainingSamples(run.data, opened, int(recipe.crop), recipe.augment, run.seed)
    # Nothing is compiled while operations are counted, but in the step after that.
    steps = 3 if recipe.compiled else 2
    first, *others = (
        on_device(batch, status.device) for batch in batches(samples, images, 0, steps, workers=0)
    )
    found: list[_Stage] = []
    with PeakMemory(status.device) as memory:
        trainee = Trainee(run, resources, start, pieces)
        for begin, length in stages(trainee.network, int(recipe.steps)):
            if begin:
                trainee.network.get_buffer("step").fill_(begin)
            with counted(trainee.network) as operations:
                trainee.advance(dict(first))()
            share, resting = length / int(recipe.steps), memory.grown
            seconds = [_timed(trainee, batch, status.device) for batch in others][-1]
            found.append(_Stage(share, operations.network, operations.total, seconds, resting))
        trainee.check()
    flop = round(sum(stage.share * stage.network_flop for stage in found))
    resting = max(stage.resting for stage in found)
    return Steps(
        parameters=sum(p.numel() for p in trainee.network.parameters() if p.requires_grad),
        batch=int(recipe.batch),
        images=images,
        pieces=pieces,
        network_flop=flop,
        objective_flop=round(sum(stage.share * stage.flop for stage in found)) - flop,
        seconds=sum(stage.share * stage.seconds for stage in found),
        resting=resting,
        peak=max(memory.peak, resting),
        machine=machine_memory(status.device),
        measured=memory.measured,
        checkpoint=_written_and_read(trainee, folder),
        absent=tuple(sorted(resources.absent)),
        present=tuple(sorted(resources.present)),
        in_pieces=_in_pieces(trainee.network),
    )


class _Stage(NamedTuple):
    """What the steps of a stage took, and which share of a training's steps they are."""

    share: float
    network_flop: int
    flop: int
    seconds: float
    resting: int


def stages(network: nn.Module, steps: int) -> list[tuple[int, int]]:
    """Where each stage of a training begins, and how many of its steps it lasts.

    Args:
        network: with `stages`, the lengths of all but the last, and the buffer `step` if it grows;
            else there is one.
    """
    begins = accumulate(getattr(network, "stages", ()), initial=0)
    marks = [*(min(begin, steps) for begin in begins), steps]
    return [(begin, end - begin) for begin, end in pairwise(marks) if begin < end]


def _in_pieces(network: nn.Module) -> bool:
    """Whether the network can be trained in pieces."""
    try:
        check_pieces(network, "", 0)
    except UsageError:
        return False
    return True


def _timed(trainee: Trainee, entries: dict[str, Tensor], device: torch.device) -> float:
    """Seconds of one step."""
    begun = now(device)
    trainee.advance(dict(entries))()  # which would add its outputs, and these would stay
    return now(device) - begun


def now(device: torch.device) -> float:
    """The time on a clock that waits for a GPU to finish."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def _written_and_read(trainee: Trainee, folder: Path) -> int:
    """Write a checkpoint, read it back and go on from it; returns its bytes.

    Raises:
        TrainingError: what came back, or what it restored, is not what was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".checkpoint-") as place:
        path = Path(place) / "checkpoint.pt"
        path.write_bytes(to_bytes(trainee.checkpoint()))
        size = path.stat().st_size
        read = torch.load(path, map_location="cpu", weights_only=True)
    for when in ("read back", "restored"):
        if difference := differing(trainee.checkpoint(), read):
            raise TrainingError(f"the checkpoint, {when}, differs in {difference}")
        trainee.restore(read)
    return size


def differing(one: Any, other: Any, place: str = "its whole") -> str:
    """Where two checkpoints differ in a bit; "" if they do not."""
    if isinstance(one, Tensor):
        same = isinstance(other, Tensor) and one.shape == other.shape and one.dtype == other.dtype
        return "" if same and _equal_bits(one, other) else place
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(one[key], other[key], str(key)) for key in one]
    elif isinstance(one, list | tuple) and type(one) is type(other) and len(one) == len(other):
        pairs = [(a, b, place) for a, b in zip(one, other, strict=True)]
    else:
        return "" if one == other else place
    return next(filter(None, (differing(a, b, name) for a, b, name in pairs)), "")


def _equal_bits(one: Tensor, other: Tensor) -> bool:
    a, b = (t.detach().cpu().contiguous().flatten().view(torch.uint8) for t in (one, other))
    return torch.equal(a, b)
