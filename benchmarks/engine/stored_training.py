"""One training from the store to the store: what it starts from, its checkpoints, its record."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import LastStep, Provider, Released, Run
from benchmarks.declare.training import Best, Probe, Training
from benchmarks.engine.evaluate import evaluate
from benchmarks.engine.machine import compute_threads, machine
from benchmarks.engine.problems import Failed, first_line
from benchmarks.engine.progress import Progress, clock, say
from benchmarks.engine.status import (
    CHECKPOINT,
    LAST_WEIGHTS,
    WEIGHTS,
    State,
    Status,
    training_sources,
)
from benchmarks.engine.store import Damaged, RunFolder
from benchmarks.engine.train import Checkpoints, train
from losses.objective import Resources


@dataclass(frozen=True)
class Origin:
    """What made a training; it lies inside each checkpoint.

    sources: digests of the code. needs: of the weights it started from or looked through.
    threads: how many compute it. seconds: how long all attempts took so far.
    micro_batch: images per piece of its steps, 0 for whole batches.
    """

    sources: dict[str, str]
    needs: dict[str, str]
    threads: int
    seconds: float = 0.0
    micro_batch: int = 0  # checkpoints of before have none


def make_run(
    run: Run,
    status: Status,
    resources: Resources,
    label: str,
    workers: int,
    every: float,
    micro_batch: int = 0,
) -> None:
    """Train a run, from its last checkpoint if it has one, and store weights, log and record.

    Args:
        every: seconds between two checkpoints; more where one takes long to write.
        micro_batch: images per piece of a step, see `Trainee`; a run that goes on keeps its own.

    Raises:
        DataError: the training data is absent.
        Failed: the network cannot be trained in pieces.
    """
    folder = status.folder(run)
    images = status.ids.images(run.data)
    saved, origin = _checkpoint(run, status, label, micro_batch)
    start = None if run.start is None else stored_weights(status, run.start)
    progress = Progress(label, "step")

    def save(state: dict[str, Any]) -> None:
        spent = replace(origin, seconds=origin.seconds + progress.seconds)
        begun = time.monotonic()
        named = {"run": status.ids.run_id(run), "origin": asdict(spent)}
        folder.write(CHECKPOINT, to_bytes({**state, **named}))
        # A queue of features makes a gigabyte: never spend more than a twentieth on saving.
        checkpoints.every = max(checkpoints.every, 20 * (time.monotonic() - begun))

    checkpoints = Checkpoints(
        load=lambda: saved,
        save=save,
        log=lambda line: folder.append_line("log.jsonl", line),
        progress=progress,
        last=lambda weights: folder.write(LAST_WEIGHTS, _file(weights)),
        every=every,
    )
    score = _score(run.training, status, resources)
    pieces = origin.micro_batch
    with compute_threads(origin.threads):
        try:
            network = train(run, images, resources, checkpoints, start, workers, score, pieces)
        except UsageError as error:  # told before the first step: there is nothing to trace back
            raise Failed(str(error)) from error
        on = machine(status.device)
    progress.close()
    origin = replace(origin, seconds=round(origin.seconds + progress.seconds, 1))
    folder.write(WEIGHTS, _file(network.state_dict()))
    folder.write_json("run.json", _record(run, status, len(images), origin) | {"machine": on})
    folder.remove(CHECKPOINT)
    say(f"{label}: {int(run.training.steps)} steps in {clock(origin.seconds)}")


def _file(weights: dict[str, Tensor]) -> bytes:
    return save_tensors({k: v.detach().cpu().contiguous() for k, v in weights.items()})


def _score(
    recipe: Training, status: Status, resources: Resources
) -> Callable[[Probe, nn.Module], float] | None:
    """The number of a network that a probe of the recipe asks for; None where it has none."""
    if not recipe.probes:
        return None
    images = {probe.data: status.ids.images(probe.data) for probe in recipe.probes}

    def score(probe: Probe, network: nn.Module) -> float:
        asked = (probe.metric, probe.evaluation)
        values = evaluate(network, probe.data, images[probe.data], [asked], resources)
        return probe.metric.summary(values[asked])

    return score


def stored_weights(status: Status, provider: Provider) -> dict[str, Tensor]:
    """The weights of a finished run or a released file, on the CPU.

    Raises:
        Failed: the run has none. DataError: the released file is absent or another.
    """
    if isinstance(provider, Released):
        path = status.files.find(provider.file, provider.sha256)
        return provider.network.architecture.released_state(path)  # type: ignore[attr-defined]
    run, name = provider, WEIGHTS
    if isinstance(provider, LastStep):
        run, name = provider.run, LAST_WEIGHTS
    folder = status.folder(run)
    content = folder.read(name)
    if content is None:
        raise Failed(f"{folder.path / name} is not there")
    return load_tensors(content)


def to_bytes(checkpoint: dict[str, Any]) -> bytes:
    """A checkpoint as a file."""
    buffer = io.BytesIO()
    torch.save(checkpoint, buffer)
    return buffer.getvalue()


def _checkpoint(
    run: Run, status: Status, label: str, micro_batch: int
) -> tuple[dict[str, Any] | None, Origin]:
    """The last checkpoint and what made it; the log is cut to its step.

    A checkpoint that other code made, or that started from other weights, is what a stale run
    is: where those are made again, it is dropped; elsewhere it goes on and stays marked.
    """
    folder = status.folder(run)
    threads = run.training.threads or torch.get_num_threads()
    present = Origin(
        training_sources(run), status.weights_needed(run), threads, micro_batch=micro_batch
    )
    found = _last_saved(folder, status.ids.run_id(run))
    if found is not None and (found[1].sources, found[1].needs) != (present.sources, present.needs):
        again = status.redo(State("stale"))
        what = "it is trained from the start" if again else "it goes on and is marked stale"
        say(f"{label}: other code or other weights began this training; {what}")
        found = None if again else found
    saved, origin = found or (None, present)
    if origin.micro_batch != micro_batch:
        how = f"in pieces of {origin.micro_batch}" if origin.micro_batch else "with whole batches"
        path = folder.path / CHECKPOINT
        say(f"{label}: goes on {how}, as it began; without {path} it begins anew")
    step = 0 if saved is None else saved["step"]
    folder.keep_lines("log.jsonl", lambda line: line.get("step") in range(step + 1))
    return saved, origin


def _last_saved(folder: RunFolder, run_id: str) -> tuple[dict[str, Any], Origin] | None:
    """The checkpoint of a run and what made it; None where there is none to be used."""
    try:
        content = folder.read(CHECKPOINT)
        if content is None:
            return None
        saved = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        if (made := saved.pop("run")) != run_id:
            raise ValueError(f"it is of the run {made}")
        origin = Origin(**saved.pop("origin"))
        return {**saved, "step": int(saved["step"])}, origin
    except Damaged:
        return None
    except Exception as error:
        # The digest is right and the content is not ours: another run's or somebody else's file.
        folder.set_aside(CHECKPOINT, f"is refused ({first_line(error)})")
        return None


def _last(run: Run, status: Status) -> dict[str, str]:
    """The digest of the last step's weights, where they are not those that are kept."""
    if not isinstance(run.training.keep, Best):
        return {}
    return {"last": status.folder(run).digest(LAST_WEIGHTS)}


def _record(run: Run, status: Status, n_images: int, origin: Origin) -> dict[str, Any]:
    """Everything that is needed to understand the run later."""
    return {
        "id": status.ids.run_id(run),
        "weights": status.folder(run).digest(WEIGHTS),
        **_last(run, status),
        "spec": status.ids.canonical_fields(run),
        "declared": repr(run),
        "profile": status.resolver.profile.name,
        "training_images": n_images,
        "expected_images": status.ids.images(run.data).expected,
        **asdict(origin),
    }
