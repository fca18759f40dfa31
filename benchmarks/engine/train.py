"""The training loop, one for every table.

What happens in a step is a pure function of the run and the step's number: samples come from
(seed, step, index), and the state that lasts is in one checkpoint. So a run that is killed and
started again ends with the same bits on the CPU with the same number of compute threads and the
same torch, whatever the number of loader workers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.declare.runs import Run
from benchmarks.declare.training import Best, Probe
from benchmarks.engine.network_outputs import child_seed
from benchmarks.engine.pieces import check_pieces, outputs_in_pieces
from benchmarks.engine.precision import StepArithmetic
from datasets.images import Images
from datasets.sampling import TrainingSamples, batches
from losses.chunks import look_in_chunks
from losses.objective import Objective, Resources, WeightedSum


class TrainingError(Exception):
    """The run cannot go on: a loss or a weight is not finite."""


@dataclass
class Checkpoints:
    """Where the loop keeps its state and tells its progress.

    load: the last checkpoint, or None. save: keeps a new one, a dict of tensors, numbers, strings
        and containers of them.
    log: takes one line per logged step. every: seconds between two checkpoints.
    progress: called with (step, steps) after each step.
    last: takes the weights of the last step where the recipe keeps others.
    """

    load: Callable[[], dict[str, Any] | None]
    save: Callable[[dict[str, Any]], None]
    log: Callable[[dict[str, Any]], None]
    progress: Callable[[int, int], None]
    last: Callable[[dict[str, Tensor]], None] = lambda weights: None
    every: float = 30.0
    log_every: int = 20


def train(
    run: Run,
    images: Images,
    resources: Resources,
    checkpoints: Checkpoints,
    start: dict[str, Tensor] | None = None,
    workers: int = 0,
    score: Callable[[Probe, nn.Module], float] | None = None,
    micro_batch: int = 0,
) -> nn.Module:
    """Train a declared run to its last step and return the network that its recipe keeps.

    Args:
        images: the opened data set of `run.data`.
        start: weights from which the network starts instead of its initialisation, or that part
            of it which `run.start` names.
        workers: loader processes; they change nothing but the speed.
        score: the number of a network that a probe asks for, where the recipe has any.
        micro_batch: see `Trainee`.

    Raises:
        UsageError: the network learns from a batch as a whole, and is to see pieces.
        TrainingError: a loss became infinite or NaN; names the step and the term.
    """
    state = Trainee(run, resources, start, micro_batch)
    if (saved := checkpoints.load()) is not None:
        state.restore(saved)
    recipe = run.training
    samples = TrainingSamples(run.data, images, int(recipe.crop), recipe.augment, run.seed)
    steps = int(recipe.steps)
    pinned = resources.device.type == "cuda"  # memory from which a GPU copies while others compute
    stream = batches(samples, int(recipe.batch), state.step, steps - state.step, workers, pinned)
    written = time.monotonic()
    for batch in stream:
        values = state.advance(on_device(batch, resources.device))
        if state.step % checkpoints.log_every == 0 or state.step == steps:
            checkpoints.log({"step": state.step, "lr": state.lr, **values()})
        for probe in recipe.probes:
            if state.step in probe.steps(steps):
                checkpoints.log({"step": state.step, probe.logged: state.look(probe, score)})
        checkpoints.progress(state.step, steps)
        if time.monotonic() - written >= checkpoints.every:
            checkpoints.save(state.checkpoint())
            written = time.monotonic()
    state.check()
    if isinstance(recipe.keep, Best):
        checkpoints.last(state.network.state_dict())
    return state.kept().eval()


def on_device(batch: dict[str, Tensor], device: torch.device) -> dict[str, Tensor]:
    """The batch on the device; a copy from pinned memory may still be on its way."""
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


class Trainee:
    """Everything that changes from step to step.

    Args:
        micro_batch: images that have a graph at a time, in the network and in those through which
            the objective looks at them; 0, or the batch and more, for all at once. What is learnt
            is the same, but for the last bits of sums.

    Raises:
        UsageError: the network learns from a batch as a whole, and is to see pieces.
    """

    def __init__(
        self,
        run: Run,
        resources: Resources,
        start: dict[str, Tensor] | None,
        micro_batch: int = 0,
    ):
        self.device = resources.device
        batch = int(run.training.batch)
        self.micro_batch = micro_batch if micro_batch < batch else 0
        torch.manual_seed(child_seed(run.seed, 1))
        self.network = run.network.build().to(resources.device).train()
        if start is not None:
            self.network.get_submodule(getattr(run.start, "part", "")).load_state_dict(start)
        # Convolutions are faster with channels last, on the CPU and on tensor cores.
        self.network.to(memory_format=torch.channels_last)
        if self.micro_batch:
            check_pieces(self.network, run.network.name, batch)
        torch.manual_seed(child_seed(run.seed, 2))
        objective = run.objective
        if not isinstance(objective, Objective):
            objective = 1.0 * objective
        self.objective: WeightedSum = objective.build(resources)
        look_in_chunks(self.objective, self.micro_batch)
        self.optimizer = run.training.optimizer.build(self.network)
        self.held = run.training.held
        self.arithmetic = StepArithmetic(run.training, self.network, self.objective)
        self.scheduler = run.training.schedule.build(self.optimizer, int(run.training.steps))
        self.step = 0
        self.best: tuple[float, dict[str, Tensor]] | None = None
        torch.manual_seed(child_seed(run.seed, 3))

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return float(self.optimizer.param_groups[0]["lr"])

    def advance(self, entries: dict[str, Tensor]) -> Callable[[], dict[str, float]]:
        """One step in the declared arithmetic.

        Returns:
            A function that fetches the terms' values from the device, which is waited for then.
        """
        with self.arithmetic.step():
            return self._advance(entries)

    def _advance(self, entries: dict[str, Tensor]) -> Callable[[], dict[str, float]]:
        needed = ("pred", *self.objective.objective.needs)
        outputs, bring = outputs_in_pieces(self.network, entries, self.micro_batch, needed)
        entries |= outputs
        pred, target = entries["pred"], entries["target"]
        self.objective.before(pred, target, entries)
        total, values = self.objective(pred, target, entries)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        bring()
        if not math.isfinite(float(total.detach())):
            terms = ", ".join(f"{name} = {float(value):.4g}" for name, value in values.items())
            raise TrainingError(f"the loss is not finite at step {self.step + 1}: {terms}")
        # A step without gradients changes nothing.
        if self.objective.rests():
            self.optimizer.zero_grad(set_to_none=True)
        if self.held is not None and self.step < self.held.steps:
            self.network.get_submodule(self.held.part).zero_grad(set_to_none=True)
        self.optimizer.step()
        self.scheduler.step()
        self.step += 1
        return lambda: {name: float(value) for name, value in values.items()}

    def look(self, probe: Probe, score: Callable[[Probe, nn.Module], float] | None) -> float:
        """Measure the network; for a `Best`, remember its weights if they are the best so far.

        Raises:
            TrainingError: nobody gave a way to measure it, or the value is not finite.
        """
        if score is None:
            raise TrainingError("the recipe looks at the network, and nothing measures it")
        with torch.random.fork_rng():  # looking must not change what the next steps draw
            value = score(probe, self.network)
        if not math.isfinite(value):
            raise TrainingError(f"{probe.logged} is {value} at step {self.step}")
        self.network.train()
        if not isinstance(probe, Best):
            return value
        if probe.better(value, None if self.best is None else self.best[0]):
            weights = self.network.state_dict()
            self.best = (value, {k: v.detach().cpu().clone() for k, v in weights.items()})
        return value

    def kept(self) -> nn.Module:
        """The network with the weights that the recipe keeps."""
        if self.best is not None:
            self.network.load_state_dict(self.best[1])
        return self.network

    def check(self) -> None:
        """Raises TrainingError when a trained weight is not finite."""
        for name, value in self.network.state_dict().items():
            if value.is_floating_point() and not bool(torch.isfinite(value).all()):
                raise TrainingError(f"{name} is not finite after step {self.step}")

    def checkpoint(self) -> dict[str, Any]:
        """Everything that lasts: tensors, numbers, strings and containers only."""
        return {
            "step": self.step,
            "network": self.network.state_dict(),
            "objective": self.objective.learned_state(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "rng": torch.get_rng_state(),
            "cuda_rng": self._cuda_state(),
            "best": self.best,
        }

    def _cuda_state(self) -> Tensor | None:
        """That of the device on which it trains; it may go on where there is one more or less."""
        return torch.cuda.get_rng_state(self.device) if self.device.type == "cuda" else None

    def restore(self, saved: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        self.network.load_state_dict(saved["network"])
        self.objective.load_learned_state(saved["objective"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.scheduler.load_state_dict(saved["scheduler"])
        torch.set_rng_state(saved["rng"])
        if self.device.type == "cuda" and saved["cuda_rng"] is not None:
            torch.cuda.set_rng_state(saved["cuda_rng"], self.device)
        self.step = saved["step"]
        self.best = saved["best"]
