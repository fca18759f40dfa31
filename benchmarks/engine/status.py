"""How the store stands to what is declared: reads and checks files, makes nothing.

A run is there when its record and its weights are intact, were made by the present code, and
started from the present weights of the runs that it needs; a score likewise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from benchmarks.declare.runs import LastStep, Provider, Released, Run
from benchmarks.declare.training import Best
from benchmarks.engine.content_ids import ContentIds, digest, slug
from benchmarks.engine.freshness import changed, sources
from benchmarks.engine.graph import dependencies
from benchmarks.engine.score import Score
from benchmarks.engine.store import RunFolder, Store
from benchmarks.engine.weights import WeightFiles
from benchmarks.profiles.resolve import Resolver
from datasets.images import DataError

TRAIN_MODULE = "benchmarks.engine.train"
EVALUATE_MODULE = "benchmarks.engine.evaluate"
WEIGHTS = "weights.safetensors"
LAST_WEIGHTS = "last.safetensors"  # beside them, where a training keeps its best
CHECKPOINT = "checkpoint.pt"
RUN_FIELDS = {
    "spec": dict, "sources": dict, "needs": dict, "weights": str, "seconds": (int, float),
    "machine": dict,
}  # fmt: skip
SCORE_FIELDS = {
    "images": list, "values": list, "weights": dict, "sources": dict,
    "expected_images": (int, type(None)), "seconds": (int, float), "machine": dict,
}  # fmt: skip

_SIZES = ("steps", "batch", "crop")


@dataclass
class State:
    """The state of a run or a score in the store.

    status: "finished", "stale", "partial" or "new". why: the reason of a stale one, for people.
    """

    status: str
    why: str = ""


@dataclass(frozen=True)
class Expected:
    """How long a training will take, in seconds; by its rehearsal, or by finished trainings."""

    seconds: float
    rehearsed: bool = False


@dataclass
class Status:
    """The store as one profile on one device sees it.

    refresh: whether what other code made counts as missing, whatever the profile says.
    rehearsed: seconds of a training by a rehearsal of its kind on this machine; None without one.
    """

    store: Store
    ids: ContentIds
    files: WeightFiles
    resolver: Resolver
    device: torch.device
    refresh: bool = False
    rehearsed: Callable[[Run], float | None] = lambda run: None
    _states: dict[str, State] = field(default_factory=dict)

    def folder(self, provider: Provider) -> RunFolder:
        """The folder in which a provider's files lie; it need not exist yet."""
        return self.store.folder(slug(provider), self.ids.run_id(provider))

    def state(self, provider: Provider) -> State:
        """The state of a run, read once until `forget`; other providers are always finished."""
        if not isinstance(provider, Run):
            return State("finished")
        run_id = self.ids.run_id(provider)
        if run_id not in self._states:
            self._states[run_id] = self._read(provider)
        return self._states[run_id]

    def forget(self) -> None:
        """Read every state anew when it is next asked for: something was made."""
        self._states.clear()

    def _read(self, run: Run) -> State:
        folder = self.folder(run)
        record = self.run_record(run)
        if record is None or not self._weights_intact(run, record):
            return State("partial" if (folder.path / CHECKPOINT).exists() else "new")
        if modules := changed(record["sources"], training_sources(run)):
            return State("stale", f"{', '.join(modules)} changed since")
        for dependency in dependencies(run):
            known = record["needs"].get(self.ids.run_id(dependency))
            if isinstance(dependency, Run) and known != self.weights_digest(dependency):
                return State("stale", f"{slug(dependency)}, which it needs, was made again")
        return State("finished")

    def _weights_intact(self, run: Run, record: dict[str, Any]) -> bool:
        """Whether the weights are those of the record, and so are those of the last step."""
        folder = self.folder(run)
        if not folder.intact(WEIGHTS, record["weights"]):
            return False
        return not isinstance(run.training.keep, Best) or folder.intact(
            LAST_WEIGHTS, record.get("last", "")
        )

    def run_record(self, run: Run) -> dict[str, Any] | None:
        """What run.json holds, or None where there is none or it is another run's."""
        record: dict[str, Any] | None = self.folder(run).read_record(
            "run.json", RUN_FIELDS, id=self.ids.run_id(run)
        )
        return record

    def log(self, run: Run) -> list[dict[str, Any]]:
        """What a training logged so far; nothing where its data is absent."""
        try:
            return self.folder(run).lines("log.jsonl")
        except DataError:
            return []

    def redo(self, state: State) -> bool:
        """Whether a run or a score in that state must be made."""
        if state.status == "stale":
            return self.refresh or self.resolver.profile.redo_stale
        return state.status != "finished"

    def failed_before(self, provider: Provider) -> bool:
        """Whether the last attempt, perhaps of an earlier command, ended in an error."""
        return (self.folder(provider).path / "failure.json").exists()

    def weights_digest(self, provider: Provider) -> str:
        """sha256 of the weights, which tells two trainings of one declaration apart; "" if none."""
        if isinstance(provider, Run):
            return self.folder(provider).digest(WEIGHTS)
        if isinstance(provider, LastStep):
            return self.folder(provider.run).digest(LAST_WEIGHTS)
        if isinstance(provider, Released) and self.files.has(provider.file):
            return self.files.digest(self.files.find(provider.file, provider.sha256))
        return ""

    def weights_needed(self, run: Run) -> dict[str, str]:
        """Digests of the weights that a training starts from or looks through, by run id."""
        needed = [d for d in dependencies(run) if isinstance(d, Run)]
        return {self.ids.run_id(d): self.weights_digest(d) for d in needed}

    def expected(self, run: Run) -> Expected | None:
        """How long a training will take; None if nothing tells.

        From finished ones on this device that do the same in a step, in proportion to steps and
        pixels; else from a rehearsal; else from finished ones of a network of that name.
        """
        rates: dict[bool, float] = {}
        alike = self.ids.canonical(run.network), _arithmetic(self.ids.canonical(run.training))
        for path in sorted(self.store.root.glob(f"{run.network.name.lower()}-*/run.json")):
            record = RunFolder(path.parent).read_json("run.json")
            try:
                if record["machine"]["device"] == str(self.device):
                    spec = record["spec"]
                    same_terms = path.parent.name.rpartition("-")[0] == slug(run)
                    same = same_terms and alike == (spec["network"], _arithmetic(spec["training"]))
                    rates[same] = float(record["seconds"]) / _pixels(spec["training"])
            except (TypeError, KeyError, ValueError, ZeroDivisionError):
                continue  # damaged, or not a record of ours: it tells no time
        size = _pixels({name: int(getattr(run.training, name)) for name in _SIZES})
        if True not in rates and (rehearsed := self.rehearsed(run)) is not None:
            return Expected(rehearsed, rehearsed=True)
        rate = rates.get(True, rates.get(False))
        return None if rate is None else Expected(rate * size)

    # Scores.

    def failure_name(self, score: Score) -> str:
        """The file, inside the run's folder, of the traceback of a metric that raised."""
        return f"failures/{score.metric.symbol.lower()}-{self.ids.score_id(score)}.json"

    def score_failed_before(self, score: Score) -> bool:
        """Whether the last attempt at the score, or at the run behind it, ended in an error."""
        folder = self.folder(score.provider)
        own = (folder.path / self.failure_name(score)).exists()
        return own or self.failed_before(score.provider)

    def score_name(self, score: Score) -> str:
        """The score's file inside the run's folder."""
        return f"scores/{score.metric.symbol.lower()}-{self.ids.score_id(score)}.json"

    def picture_name(self, score: Score) -> str:
        """The file of the first test image as the run restores it, one per test set."""
        data = [self.ids.canonical(part) for part in (score.data, score.evaluation)]
        return f"images/{digest([*data, score.seed])}.png"

    def record(self, score: Score) -> dict[str, Any] | None:
        """What was measured, or None where nothing was, or the record was damaged or another's."""
        folder, name = self.folder(score.provider), self.score_name(score)
        record: dict[str, Any] | None = folder.read_record(
            name,
            SCORE_FIELDS,
            id=self.ids.score_id(score),
            run=self.ids.run_id(score.provider),
        )
        if record is None:
            return None
        images = self.ids.images(score.data).names
        if record["images"] != images or len(record["values"]) != len(images):
            folder.set_aside(name, "does not hold one value for each image of its set")
            return None
        return record

    def score_state(self, score: Score) -> State:
        """The state of a score; that of the run behind it is asked for on its own."""
        record = self.record(score)
        if record is None:
            return State("new")
        if modules := changed(record["sources"], sources(score, EVALUATE_MODULE)):
            return State("stale", f"{', '.join(modules)} changed since")
        present = self.weights_behind(score)
        # A released file that is absent now says nothing against what it gave before.
        if any(sha256 and record["weights"].get(i) != sha256 for i, sha256 in present.items()):
            return State("stale", "the run or the judge was made again")
        return State("finished")

    def weights_behind(self, score: Score) -> dict[str, str]:
        """Digests of the weights of the run and of the judges behind a score, by run id."""
        return {self.ids.run_id(d): self.weights_digest(d) for d in dependencies(score)}


def training_sources(run: Run) -> dict[str, str]:
    """Digests of the code that makes a run; measuring counts where a probe looks."""
    looking = (EVALUATE_MODULE,) if run.training.probes else ()
    return sources(run, TRAIN_MODULE, *looking)


def _arithmetic(training: dict[str, Any]) -> tuple[Any, ...]:
    """In what a training computes; a record that does not say it is of a plain one."""
    return training.get("precision", "float32"), training.get("compiled", False)


def _pixels(training: dict[str, Any]) -> int:
    """How many pixels pass through the network in a training."""
    steps, batch, crop = (int(training[name]) for name in _SIZES)
    return steps * batch * crop**2
