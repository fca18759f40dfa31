"""Makes what is missing: trains runs in the order of their graph, measures them, stores both.

The store decides what is missing. A run is there when its record and its weights are intact, were
made by the present code, and started from the present weights of the runs that it needs.
"""

from __future__ import annotations

import io
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from benchmarks.declare.runs import Fixed, Network, Provider, Released, Run
from benchmarks.engine.content_ids import ContentIds, Score, digest, slug
from benchmarks.engine.evaluate import evaluate
from benchmarks.engine.freshness import changed, sources
from benchmarks.engine.graph import dependencies
from benchmarks.engine.machine import machine
from benchmarks.engine.problems import Failed, Needs, first_line, needs
from benchmarks.engine.progress import Progress, clock, say
from benchmarks.engine.store import Damaged, RunFolder, Store, StoreError
from benchmarks.engine.train import Checkpoints, train
from benchmarks.engine.weights import MissingFile, WeightFiles, WrongFile
from benchmarks.profiles.resolve import Resolver
from datasets.images import DataError

TRAIN_MODULE = "benchmarks.engine.train"
EVALUATE_MODULE = "benchmarks.engine.evaluate"
WEIGHTS = "weights.safetensors"


@dataclass
class State:
    """How a run or a score stands in the store.

    status: "finished", "stale", "partial" or "new"; why: for people, when it is stale.
    """

    status: str
    why: str = ""


@dataclass(frozen=True)
class _Origin:
    """What made a training: the code, the weights it started from or looked through, the time."""

    sources: dict[str, str]
    needs: dict[str, str]
    seconds: float = 0.0


@dataclass
class Engine:
    """Everything that making a number needs; it also is the `Resources` of terms and metrics."""

    store: Store
    ids: ContentIds
    files: WeightFiles
    resolver: Resolver
    device: torch.device
    workers: int = 0
    refresh: bool = False
    checkpoint_seconds: float = 30.0
    failures: dict[str, str] = field(default_factory=dict)
    _networks: dict[str, nn.Module] = field(default_factory=dict)
    _fresh: set[str] = field(default_factory=set)
    _states: dict[str, State] = field(default_factory=dict)

    # What terms and metrics may ask for.

    def weights_file(self, name: str, sha256: str) -> Path:
        """The released file of that name; see `WeightFiles.find`."""
        return self.files.find(name, sha256)

    def frozen(self, network: Provider) -> nn.Module:
        """A provider's network with its weights; made first if it is missing."""
        self.ensure(network)
        run_id = self.ids.run_id(network)
        if run_id not in self._networks:
            module = self._load(network)
            module.frozen = True  # type: ignore[assignment]  # left out of checkpoints
            self._networks[run_id] = module.requires_grad_(False).eval().to(self.device)
        return self._networks[run_id]

    def fresh(self, network: Network) -> nn.Module:
        """A newly initialised network for a term that trains it."""
        return network.build().to(self.device)

    # Runs.

    def folder(self, provider: Provider) -> RunFolder:
        """Where a provider's files lie."""
        return self.store.folder(slug(provider), self.ids.run_id(provider))

    def state(self, provider: Provider) -> State:
        """How the store has it; reads and checks files once, makes nothing."""
        if not isinstance(provider, Run):
            return State("finished")
        run_id = self.ids.run_id(provider)
        if run_id not in self._states:
            self._states[run_id] = self._state(provider)
        return self._states[run_id]

    def _state(self, provider: Run) -> State:
        folder = self.folder(provider)
        record = folder.read_json("run.json")
        if record is None or not folder.intact(WEIGHTS):
            return State("partial" if (folder.path / "checkpoint.pt").exists() else "new")
        if modules := changed(record["sources"], sources(provider, TRAIN_MODULE)):
            return State("stale", f"{', '.join(modules)} changed since")
        for dependency in dependencies(provider):
            known = record["needs"].get(self.ids.run_id(dependency))
            if isinstance(dependency, Run) and known != self.weights_digest(dependency):
                return State("stale", f"{slug(dependency)}, which it needs, was made again")
        return State("finished")

    def failed_before(self, provider: Provider) -> bool:
        """Whether the last attempt, perhaps of an earlier command, ended in an error."""
        return (self.folder(provider).path / "failure.json").exists()

    def weights_digest(self, provider: Provider) -> str:
        """sha256 of the weights, which tells two trainings of one declaration apart."""
        if isinstance(provider, Run):
            sums = self.folder(provider).path / f"{WEIGHTS}.sha256"
            return sums.read_text().split()[0] if sums.exists() else ""
        if isinstance(provider, Released) and self.files.has(provider.file):
            return self.files.digest(self.files.find(provider.file, provider.sha256))
        return ""

    def expected_seconds(self, run: Run) -> float | None:
        """How long a training will take, from finished ones of its network on this device.

        In proportion to steps and pixels; a run with the same terms is preferred. None if the
        store holds no such run.
        """
        rates: dict[bool, float] = {}
        for path in sorted(self.store.root.glob(f"{run.network.name.lower()}-*/run.json")):
            record = RunFolder(path.parent).read_json("run.json")
            if record and record["machine"]["device"] == str(self.device):
                same_terms = path.parent.name.rpartition("-")[0] == slug(run)
                rates[same_terms] = record["seconds"] / _pixels(record["spec"]["training"])
        size = _pixels({name: int(getattr(run.training, name)) for name in _SIZES})
        rate = rates.get(True, rates.get(False))
        return None if rate is None else rate * size

    def redo(self, state: State) -> bool:
        """Whether something in that state must be made."""
        if state.status == "stale":
            return self.refresh or self.resolver.profile.redo_stale
        return state.status != "finished"

    def ensure(self, provider: Provider, label: str = "") -> None:
        """Make a run if the store does not have it, and what it needs before it.

        Raises:
            Failed: training failed, now or earlier in this process.
            Needs: a file or data set is absent.
        """
        try:
            run_id = self.ids.run_id(provider)
            if run_id in self._fresh:
                return
            if run_id in self.failures:
                raise Failed(self.failures[run_id])
            for dependency in dependencies(provider):
                self.ensure(dependency)
            if isinstance(provider, Run):
                self._ensure_run(provider, label or slug(provider))
            elif isinstance(provider, Released):
                self.files.find(provider.file, provider.sha256, provider.origin)
            self._fresh.add(run_id)
        except (DataError, MissingFile, WrongFile) as error:
            raise needs(error) from error

    def _ensure_run(self, run: Run, label: str) -> None:
        folder = self.folder(run)
        if not self.redo(self.state(run)):
            return
        with folder.locked():
            self._states.clear()
            state = self.state(run)  # another process may have made it meanwhile
            if not self.redo(state):
                return
            if state.status == "stale":
                say(f"{label}: {state.why}; made again")
                folder.clear()
            with self._recorded(run, folder, label):
                self._train(run, folder, label)
            self._states.clear()

    @contextmanager
    def _recorded(self, provider: Provider, folder: RunFolder, label: str) -> Iterator[None]:
        """Turn an exception inside into a failure file and `Failed`; interruptions pass."""
        try:
            yield
        except (DataError, MissingFile, WrongFile, StoreError, Needs, Failed):
            raise
        except Exception as error:
            short = f"{type(error).__name__}: {first_line(error)}"
            lines = traceback.format_exception(error)
            # The frames hold network, optimiser and batch: let go of them, or the rows after an
            # out-of-memory error meet the same.
            traceback.clear_frames(error.__traceback__)
        else:
            return
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        folder.write_json("failure.json", {"error": short, "traceback": lines})
        say(f"{label}: failed: {short}; traceback in {folder.path / 'failure.json'}")
        self.failures[self.ids.run_id(provider)] = short
        raise Failed(short)

    def _train(self, run: Run, folder: RunFolder, label: str) -> None:
        images = self.ids.images(run.data)
        saved, origin = self._checkpoint(run, folder, label)
        start = None if run.start is None else self._tensors(run.start)
        progress = Progress(label, "step")

        def save(content: bytes) -> None:
            spent = origin.seconds + progress.seconds
            folder.write_json("checkpoint.json", {**asdict(origin), "seconds": spent})
            begun = time.monotonic()
            folder.write("checkpoint.pt", content)
            # A queue of features makes a gigabyte: never spend more than a twentieth on saving.
            checkpoints.every = max(checkpoints.every, 20 * (time.monotonic() - begun))

        checkpoints = Checkpoints(
            load=lambda: saved,
            save=save,
            log=lambda line: folder.append_line("log.jsonl", line),
            progress=progress,
            every=self.checkpoint_seconds,
        )
        network = train(run, images, self, checkpoints, start, self.workers)
        progress.close()
        origin = replace(origin, seconds=round(origin.seconds + progress.seconds, 1))
        tensors = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
        folder.write(WEIGHTS, save_tensors(tensors))
        folder.write_json("run.json", self._record(run, len(images), origin))
        for leftover in ("checkpoint.pt", "checkpoint.json", "failure.json"):
            folder.remove(leftover)
        say(f"{label}: {int(run.training.steps)} steps in {clock(origin.seconds)}")

    def _checkpoint(self, run: Run, folder: RunFolder, label: str) -> tuple[bytes | None, _Origin]:
        """The last checkpoint and what made it; the log is cut to its step.

        A checkpoint that other code made, or that started from other weights, is what a stale run
        is: where those are made again, it is dropped; elsewhere it goes on and stays marked.
        """
        present = _Origin(sources(run, TRAIN_MODULE), self._weights_needed(run))
        saved, origin, step = None, present, 0
        try:
            saved = folder.read("checkpoint.pt")
            step = 0 if saved is None else _step_of(saved)
        except Damaged:
            pass
        except Exception as error:
            # The digest is right and the content is not ours: somebody else's file.
            folder.set_aside("checkpoint.pt", f"is refused ({first_line(error)})")
            saved = None
        if saved is not None:
            record = folder.read_json("checkpoint.json")
            origin = _Origin({}, {}) if record is None else _Origin(**record)
            if (origin.sources, origin.needs) != (present.sources, present.needs):
                again = self.redo(State("stale"))
                what = "it is trained from the start" if again else "it goes on and is marked stale"
                say(f"{label}: other code or other weights began this training; {what}")
                if again:
                    saved, origin, step = None, present, 0
        kept = [line for line in folder.lines("log.jsonl") if line["step"] <= step]
        (folder.path / "log.jsonl").unlink(missing_ok=True)
        for line in kept:
            folder.append_line("log.jsonl", line)
        return saved, origin

    def _weights_needed(self, run: Run) -> dict[str, str]:
        needed = [d for d in dependencies(run) if isinstance(d, Run)]
        return {self.ids.run_id(d): self.weights_digest(d) for d in needed}

    def _record(self, run: Run, n_images: int, origin: _Origin) -> dict[str, Any]:
        """Everything that is needed to understand the run later."""
        return {
            "id": self.ids.run_id(run),
            "spec": self.ids.canonical_fields(run),
            "declared": repr(run),
            "profile": self.resolver.profile.name,
            "training_images": n_images,
            "expected_images": self.ids.images(run.data).expected,
            **asdict(origin),
            "machine": machine(self.device),
        }

    def _tensors(self, provider: Provider) -> dict[str, Tensor]:
        """A provider's weights, on the CPU."""
        if isinstance(provider, Released):
            path = self.files.find(provider.file, provider.sha256, provider.origin)
            return provider.network.architecture.released_state(path)  # type: ignore[attr-defined]
        content = self.folder(provider).read(WEIGHTS)
        if content is None:
            raise Failed(f"{self.folder(provider).path / WEIGHTS} is not there")
        return load_tensors(content)

    def _load(self, provider: Provider) -> nn.Module:
        with torch.random.fork_rng(devices=[]):  # building draws random numbers
            module = provider.network.build()
        if not isinstance(provider, Fixed):
            module.load_state_dict(self._tensors(provider))
        return module

    # Scores.

    def score_name(self, score: Score) -> str:
        """The score's file inside the run's folder."""
        return f"scores/{score.metric.symbol.lower()}-{self.ids.score_id(score)}.json"

    def picture_name(self, score: Score) -> str:
        """The first test image as the run restores it, one file per test set."""
        data = [self.ids.canonical(part) for part in (score.data, score.evaluation)]
        return f"images/{digest([*data, score.seed])}.png"

    def score_state(self, score: Score) -> State:
        """How the store has a score; the run behind it is checked on its own."""
        record = self.folder(score.provider).read_json(self.score_name(score))
        if record is None:
            return State("new")
        if modules := changed(record["sources"], sources(score, EVALUATE_MODULE)):
            return State("stale", f"{', '.join(modules)} changed since")
        present = self._weights_behind(score)
        # A released file that is absent now says nothing against what it gave before.
        if any(sha256 and record["weights"].get(i) != sha256 for i, sha256 in present.items()):
            return State("stale", "the run or the judge was made again")
        return State("finished")

    def ensure_scores(self, scores: Iterable[Score], label: str) -> None:
        """Measure what the store does not have; one pass per test set for all its metrics.

        Raises:
            Failed, Needs: as `ensure`.
        """
        try:
            by_data: dict[tuple[Any, Any, int], list[Score]] = {}
            for score in scores:
                for dependency in dependencies(score):
                    self.ensure(dependency)
                if self.redo(self.score_state(score)):
                    by_data.setdefault((score.data, score.evaluation, score.seed), []).append(score)
            for (data, *_), missing in by_data.items():
                folder = self.folder(missing[0].provider)
                with folder.locked(), self._recorded(missing[0].provider, folder, label):
                    missing = [s for s in missing if self.redo(self.score_state(s))]
                    if missing:
                        self._measure(data, missing, folder, label)
        except (DataError, MissingFile, WrongFile) as error:
            raise needs(error) from error

    def _measure(self, data: Any, scores: list[Score], folder: RunFolder, label: str) -> None:
        """One pass over a test set for several metrics of one provider."""
        images = self.ids.images(data)
        progress = Progress(f"{label}, measuring", "image")
        first = scores[0]
        weights = [self._weights_behind(score) for score in scores]
        values = evaluate(
            self.frozen(first.provider),
            data,
            images,
            [score.metric for score in scores],
            first.evaluation,
            self,
            first.seed,
            progress,
            lambda image: folder.write(self.picture_name(first), png(image)),
        )
        progress.close()
        for score, column, behind in zip(scores, values, weights, strict=True):
            record = {
                "id": self.ids.score_id(score),
                "metric": repr(score.metric),
                "data": repr(score.data),
                "evaluation": str(score.evaluation),
                "noise_seed": score.seed,
                "expected_images": images.expected,
                "images": images.names,
                "values": column,
                "weights": behind,
                "sources": sources(score, EVALUATE_MODULE),
                "seconds": round(progress.seconds, 1),
                "machine": machine(self.device),
            }
            folder.write_json(self.score_name(score), record)
        folder.remove("failure.json")

    def _weights_behind(self, score: Score) -> dict[str, str]:
        return {self.ids.run_id(d): self.weights_digest(d) for d in dependencies(score)}


_SIZES = ("steps", "batch", "crop")


def _pixels(training: dict[str, Any]) -> int:
    """Pixels that pass through the network in a training."""
    steps, batch, crop = (int(training[name]) for name in _SIZES)
    return steps * batch * crop**2


def png(image: Tensor) -> bytes:
    """An image (3, H, W) in [0, 1] as a PNG file."""
    from PIL import Image

    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _step_of(saved: bytes) -> int:
    return int(torch.load(io.BytesIO(saved), map_location="cpu", weights_only=True)["step"])
