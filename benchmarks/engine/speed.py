"""Times the training steps of several objectives, in turn within one process.

The steps are those of the training loop, on one batch that is loaded beforehand: what the loader
costs is the same for all. The load of the machine hits all objectives alike, and ratios are taken
within a round.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from benchmarks.declare.runs import Run
from benchmarks.declare.speed import Speed
from benchmarks.declare.training import Training
from benchmarks.engine.collect import declared
from benchmarks.engine.content_ids import digest
from benchmarks.engine.execute import Engine
from benchmarks.engine.freshness import sources
from benchmarks.engine.machine import machine
from benchmarks.engine.precision import StepArithmetic
from benchmarks.engine.problems import Failed
from benchmarks.engine.progress import Progress
from benchmarks.engine.status import TRAIN_MODULE
from benchmarks.engine.steps import Step, missing
from benchmarks.engine.train import Trainee, on_device
from benchmarks.engine.work import Work
from benchmarks.grid.model import Cell, Grid, GridRow
from datasets.sampling import TrainingSamples, batches
from losses.features import Features

ROUNDS = 9
FLOOR = "the feature network alone"


class SpeedWork(Work):
    """The work on a table of training speeds; what this machine did before is remembered.

    The objectives are timed in turn within one process, when the grid is asked for.

    problem: why the last timing ended early, None if it did not.
    """

    def __init__(self, table: Speed, engine: Engine):
        self.exhibit: Speed = table
        self.engine = engine
        self.problem: Failed | None = None
        # A narrow feature network would be no floor to speak of.
        profile = replace(engine.status.resolver.profile, feature_width=1.0)
        resolver = replace(engine.status.resolver, profile=profile)
        self.profile = profile
        self.runs = {label: resolver.shortened(run) for label, run in table.runs().items()}
        self.features: Features = resolver.resolve(table.features)

    def steps(self) -> list[Step]:
        """One line: all objectives are timed together."""
        wanted = (*self.runs.values(), self.features)
        problems = tuple(dict.fromkeys(missing(self.engine.status, wanted)))
        action = "missing" if problems else "time"
        return [Step(action, "training steps, of all objectives in turn", problems=problems)]

    def grid(self) -> Grid:
        """The table with the speeds of this machine, measured now or remembered.

        Raises:
            DataError: the training data or the feature weights are absent.
        """
        grid = replace(declared(self.exhibit, self.profile), facts=self._facts())
        try:
            record = _record(self.runs, self.features, self.engine)
        except Failed as error:
            self.problem = error
            return replace(grid, rows=[_failed(row, error) for row in grid.rows])
        seconds, base = record["seconds"], record["seconds"][next(iter(self.runs))]

        def cell(printed: Cell, other: list[float]) -> Cell:
            return replace(printed, values=(_ratio(base, other),), status="ok", run_id=record["id"])

        bound = [a + b for a, b in zip(base, seconds[FLOOR], strict=True)]
        return replace(
            grid,
            rows=[replace(row, cells=[cell(row.cells[0], seconds[row.key])]) for row in grid.rows],
            references=[GridRow("", FLOOR, "", [cell(Cell(), bound)], role="reference")],
        )

    def problems(self) -> list[str]:
        """Why the timing ended early."""
        return [f"{self.exhibit.name}: {self.problem}"] if self.problem else []

    def complete(self, grid: Grid) -> bool:
        """Whether every objective was timed."""
        return self.problem is None

    def _facts(self) -> list[tuple[str, str]]:
        training, here = next(iter(self.runs.values())).training, machine(self.engine.device)
        size = f"{int(training.crop)}x{int(training.crop)}"
        return [
            ("steps", f"{ROUNDS} of each objective in turn, relative within a round, median"),
            ("network", repr(self.exhibit.network)),
            ("batch", f"{int(training.batch)} crops of {size}"),
            ("features", repr(self.features)),
            ("device", f"{here['device']}, {here['processor']}"),
        ]


def _failed(row: GridRow, error: Failed) -> GridRow:
    return replace(row, cells=[replace(row.cells[0], status="failed", detail=str(error))])


def _ratio(base: list[float], other: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(base, other, strict=True))


def _record(runs: dict[str, Run], features: Features, engine: Engine) -> dict[str, Any]:
    """What was timed on this device, from the store if it is there.

    One process times at a time; another that asks for the same waits and takes what it stored.
    """
    ids = {label: engine.status.ids.run_id(run) for label, run in runs.items()}
    # Other code or another machine has other speeds.
    code = [sources(run, TRAIN_MODULE, __name__) for run in runs.values()]
    here = machine(engine.device)
    place = {name: text for name, text in here.items() if name != "commit"}
    key = digest([ids, engine.status.ids.canonical(features), ROUNDS, place, code])
    folder = engine.status.store.folder("speed", key)

    def read() -> dict[str, Any] | None:
        record: dict[str, Any] | None = folder.read_record("speed.json", {"seconds": dict}, id=key)
        return record

    before = read()
    if before is not None and not engine.status.refresh:
        return before
    with folder.locked(), engine.recorded(folder, "training speed"):
        record = read()
        if record is None or record == before:
            record = {
                "id": key,
                "runs": ids,
                "seconds": _timed(runs, features, engine),
                "machine": here,
            }
            folder.write_json("speed.json", record)
    return dict(record)


def _timed(runs: dict[str, Run], features: Features, engine: Engine) -> dict[str, list[float]]:
    """Seconds of each objective's steps and of the floor."""
    batch = _batch(next(iter(runs.values())), engine)  # all runs have the same data
    works = {label: _step(run, batch, engine) for label, run in runs.items()}
    recipe = next(iter(runs.values())).training
    works[FLOOR] = _floor(features, recipe, batch["target"], engine)
    return _in_turn(works, engine.device)


def _batch(run: Run, engine: Engine) -> dict[str, torch.Tensor]:
    recipe = run.training
    images = engine.status.ids.images(run.data)
    samples = TrainingSamples(run.data, images, int(recipe.crop), recipe.augment, run.seed)
    batch = next(batches(samples, int(recipe.batch), 0, 1, workers=0))
    return on_device(batch, engine.device)


def _step(run: Run, batch: dict[str, torch.Tensor], engine: Engine) -> Callable[[], object]:
    """One training step to be called, always on the same batch."""
    trainee = Trainee(run, engine, None)
    return lambda: trainee.advance(dict(batch))


def _floor(
    features: Features, recipe: Training, target: torch.Tensor, engine: Engine
) -> Callable[[], object]:
    """Forward on the target, forward and backward on the prediction: what every such loss needs.

    In the arithmetic of the steps, whose recipe says it; nothing of it is compiled.
    """
    network = features.build(engine)
    pred = target.clone().requires_grad_()
    arithmetic = StepArithmetic(replace(recipe, compiled=False), network, torch.nn.Identity())

    def work() -> None:
        with arithmetic.step():
            with torch.no_grad():
                network(target)
            torch.stack([tap.sum() for tap in network(pred).values()]).sum().backward()

    return work


def _in_turn(
    works: dict[str, Callable[[], object]], device: torch.device
) -> dict[str, list[float]]:
    """Seconds of each piece of work; the first round warms up and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    progress = Progress("training speed", "round")
    for k in range(ROUNDS + 1):
        for name, work in works.items():
            begun = _now(device)
            work()
            if k:
                seconds[name].append(_now(device) - begun)
        progress(k + 1, ROUNDS + 1)
    progress.close()
    return seconds


def _now(device: torch.device) -> float:
    """The time on a clock that waits for a GPU to finish; of this process alone on a CPU."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize(device)
    return time.perf_counter()
