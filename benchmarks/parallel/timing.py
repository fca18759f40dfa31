"""How long jobs take: by what this machine finished, else by what it rehearsed.

Timing(status, record).expected(job)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.runs import Run
from benchmarks.engine.content_ids import digest
from benchmarks.engine.plan import Job
from benchmarks.engine.score import Score
from benchmarks.engine.status import Expected, Status
from benchmarks.engine.store import RunFolder
from benchmarks.rehearse.arithmetic import UTILISATION, Accelerator, Cost, looks
from benchmarks.rehearse.record import Record
from datasets.images import DataError

# What a stored score is of: its network, its metric and its test set.
Measurement = tuple[str, str, str]


class Timing:
    """The seconds of jobs; what stored scores tell of them is read once.

    Args:
        record: what this machine has rehearsed.
    """

    def __init__(self, status: Status, record: Record):
        self.status = status
        self.record = record
        self._stored: dict[tuple[str, str], dict[Measurement, float]] = {}

    def expected(self, job: Job) -> Expected | None:
        """How long a job takes, or what is left of it; None if nothing tells.

        Trainings as `Status.expected`, where that is rehearsed with the looks of their probes.
        Measurements take what whole passes took that gave the same metrics of such a network on the
        same test set; else what was rehearsed.
        """
        if not job.scores:
            return self._training(job.provider) if isinstance(job.provider, Run) else Expected(0.0)
        passes: dict[Any, list[Score]] = {}
        for score in job.scores:
            passes.setdefault(score.network_pass, []).append(score)
        known = [self._pass(scores) for scores in passes.values()]
        found = [one for one in known if one is not None]
        if len(found) < len(known):
            return None
        return Expected(sum(one.seconds for one in found), any(one.rehearsed for one in found))

    def elsewhere(self, job: Job, accelerator: Accelerator) -> float | None:
        """Seconds of a job on a machine that nobody measured, estimated from its operations.

        Returns:
            None if it was not rehearsed here, or no share of that machine's peak is assumed for the
            precision of the training. Measurements and looks compute in float32.
        """
        parts, share = [(self._tests(job.scores), "float32")], 1.0
        if not job.scores and isinstance(run := job.provider, Run):
            steps = self.record.training(run), str(run.training.precision)
            parts, share = [steps, (self._looks(run), "float32")], self._share(run)
        hours = 0.0
        for cost, precision in parts:
            if cost is None or precision not in UTILISATION:
                return None
            hours += accelerator.hours(cost.flop, precision)
        return share * hours * 3600

    def _training(self, run: Run) -> Expected | None:
        try:
            found = self.status.expected(run)
        except DataError:  # without it the run cannot be compared with finished ones
            seconds = self.record.seconds(run)
            found = None if seconds is None else Expected(seconds, rehearsed=True)
        # Finished ones looked as they went; a rehearsal times steps and looks apart.
        looks = self._looks(run) if found is not None and found.rehearsed else Cost()
        if found is None or looks is None:
            return None
        return replace(found, seconds=(found.seconds + looks.seconds) * self._share(run))

    def _looks(self, run: Run) -> Cost | None:
        """What the probes of a training take as rehearsed."""
        total = Cost()
        for score, times in looks(run):
            if (cost := self._tests([score])) is None:
                return None
            total += cost * times
        return total

    def _share(self, run: Run) -> float:
        """How much of a training is left: all of it, unless it goes on from a checkpoint."""
        try:
            if self.status.state(run).status != "partial":
                return 1.0
        except DataError:
            return 1.0
        steps = [step for line in self.status.log(run) if isinstance(step := line.get("step"), int)]
        return max(0.0, 1.0 - max(steps, default=0) / int(run.training.steps))

    def _pass(self, scores: Sequence[Score]) -> Expected | None:
        """What one pass of a network over a test set takes, with all metrics."""
        stored = [seconds for score in scores if (seconds := self._measured(score)) is not None]
        if len(stored) == len(scores):
            return Expected(max(stored))
        cost = self._tests(scores)
        return None if cost is None else Expected(cost.seconds, rehearsed=True)

    def _tests(self, scores: Sequence[Score]) -> Cost | None:
        """What measuring takes as rehearsed; None also where nobody knows how large images are."""
        try:
            return self.record.tests(scores, self.status)
        except (DataError, DeclarationError):
            return None

    def _measured(self, score: Score) -> float | None:
        """Seconds of the whole pass that gave a score like this one; of the last in order of names.

        Of a network that is not trained here no record tells the arguments: its class counts.
        """
        network = score.provider.network
        names = network.name.lower(), score.metric.symbol.lower()
        if names not in self._stored:
            paths = sorted(self.status.store.root.glob(f"{names[0]}-*/scores/{names[1]}-*.json"))
            known = [self._record(path) for path in paths]
            self._stored[names] = dict(one for one in known if one is not None)
        spec = self.status.ids.canonical(network) if isinstance(score.provider, Run) else None
        asked = digest(spec), repr(score.metric.recorded), repr(score.data)
        return self._stored[names].get(asked)

    def _record(self, path: Path) -> tuple[Measurement, float] | None:
        """What a stored score is of, and its seconds; None of another device, or if damaged."""
        folder = RunFolder(path.parents[1])
        score, run = folder.read_json(f"scores/{path.name}"), folder.read_json("run.json")
        try:
            spec = None if run is None else run["spec"]["network"]
            of = digest(spec), score["metric"], score["data"]
            here = score["machine"]["device"] == str(self.status.device)
            return (of, float(score["seconds"])) if here else None
        except (TypeError, KeyError, ValueError):
            return None
