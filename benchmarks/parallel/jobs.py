"""The jobs of a command by name, as processes take them one by one.

A job is a training, or the scores of one provider that a row asks for. Its name is the id of the
run, or one that is made of the ids of the scores: every process that resolves the same command on
the same data finds the same names.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.declare.runs import Run
from benchmarks.engine.content_ids import digest
from benchmarks.engine.graph import trainings_before
from benchmarks.engine.plan import Job
from benchmarks.engine.score import Score
from benchmarks.engine.status import CHECKPOINT, Status
from benchmarks.engine.steps import missing
from benchmarks.engine.store import RunFolder
from benchmarks.engine.work import Work
from datasets.images import DataError

FAILURE = "failure.json"
LOG = "log.jsonl"

Signature = tuple[tuple[str, int, int], ...]
"""Which failures lie in the store: name, time in nanoseconds and inode of each file."""


@dataclass(frozen=True)
class NamedJob:
    """A job, its name, and what of it can be had.

    scores: those of the job whose data and judges are there; none where it is a training.
    needs: the trainings that must be finished before it, by name.
    """

    name: str
    job: Job
    status: Status
    scores: tuple[Score, ...]
    needs: frozenset[str]

    @cached_property
    def folder(self) -> RunFolder:
        """Where its files lie; one process at a time makes something there."""
        return self.status.folder(self.job.provider)

    @property
    def label(self) -> str:
        """What is made, for people."""
        return f"{self.job.label}, measuring" if self.scores else self.job.label

    def without(self, gone: Set[str]) -> NamedJob | None:
        """What is left of it where some trainings will not come; None if that is nothing."""
        if not self.needs & gone:
            return self
        scores = tuple(score for score in self.scores if not self._needs_of(score) & gone)
        needs = frozenset().union(*map(self._needs_of, scores))
        return replace(self, scores=scores, needs=needs) if scores else None

    def _needs_of(self, score: Score) -> frozenset[str]:
        return frozenset(self.status.ids.run_id(run) for run in trainings_before(score))

    def done(self) -> bool:
        """Whether the store has all of it, as it is remembered to be; see `Status.forget`."""
        return not self.undone() if self.scores else not self._untrained()

    def undone(self) -> list[Score]:
        """Its scores that the store does not have."""
        return [s for s in self.scores if self.status.redo(self.status.score_state(s))]

    def _untrained(self) -> bool:
        return self.status.redo(self.status.state(self.job.provider))

    def failures(self) -> Signature:
        """The failures that are recorded of it now, of whichever attempt."""
        names = [FAILURE, *(self.status.failure_name(score) for score in self.scores)]
        return tuple(found for name in names if (found := _signed(self.folder.path, name)))

    def why(self, failures: Signature) -> str:
        """What the first of these failures says."""
        told = self.folder.read_json(failures[0][0]) if failures else None
        error = told.get("error") if isinstance(told, dict) else None
        return str(error or f"see {self.folder.path}")

    @property
    def checkpoint(self) -> str:
        """The digest of its checkpoint, which changes when it gets on; "" where it has none."""
        return "" if self.scores else self.folder.digest(CHECKPOINT)

    @property
    def step(self) -> int:
        """The last step that its training logged; 0 before the first, and where it measures."""
        lines = [] if self.scores else self.folder.lines(LOG)
        steps = [line["step"] for line in lines if isinstance(line.get("step"), int)]
        return max(steps, default=0)

    @property
    def steps(self) -> int:
        """How many steps its training has; 0 where it measures."""
        provider = self.job.provider
        return int(provider.training.steps) if isinstance(provider, Run) and not self.scores else 0


def named_jobs(works: Sequence[Work], status: Status) -> list[NamedJob]:
    """The jobs of all works that a process can take, each once, each after what it needs.

    What lacks data or weights is left out, with everything that needs it: nothing but a person
    can change that, and the ordinary way of filling a table says how.
    """
    found: dict[str, NamedJob] = {}
    for job in (job for work in works for job in work.jobs()):
        if (named := _named(job, status, found)) is not None:
            found.setdefault(named.name, named)
    return list(found.values())


def _named(job: Job, status: Status, known: dict[str, NamedJob]) -> NamedJob | None:
    """A job with its name; None where nothing of it can be had, or nothing is to be made."""

    def to_be_had(node: Any) -> bool:
        """Whether data and weights are there, and the trainings that it needs can be had."""
        finished = isinstance(node, Run) and not status.redo(status.state(node))
        if not finished and next(missing(status, node), None) is not None:
            return False
        return all(status.ids.run_id(run) in known for run in trainings_before(node))

    try:
        if job.scores:
            scores = tuple(filter(to_be_had, job.scores))
            if not scores:
                return None
            needs = {status.ids.run_id(run) for score in scores for run in trainings_before(score)}
            name = digest([status.ids.score_id(score) for score in scores])
            return NamedJob(name, job, status, scores, frozenset(needs))
        if not isinstance(job.provider, Run) or not to_be_had(job.provider):
            return None
        needs = {status.ids.run_id(run) for run in trainings_before(job.provider)}
        return NamedJob(status.ids.run_id(job.provider), job, status, (), frozenset(needs))
    except DataError:
        return None


def _signed(folder: Path, name: str) -> tuple[str, int, int] | None:
    """A file's name with what tells it from one that is written later; None if it is not there."""
    try:
        found = (folder / name).stat()
    except OSError:
        return None
    return name, found.st_mtime_ns, found.st_ino
