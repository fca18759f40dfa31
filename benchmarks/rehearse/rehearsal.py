"""The rehearsal of a table: each kind of training, network and metric in it once, on this machine.

lines = Rehearsal(status, Record.of(results, device)).of(plan.jobs())
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from benchmarks.declare.runs import Provider, Run
from benchmarks.declare.tree import walk
from benchmarks.engine.content_ids import base_data, digest
from benchmarks.engine.freshness import sources
from benchmarks.engine.plan import Job
from benchmarks.engine.problems import drop_frames, first_line
from benchmarks.engine.progress import say
from benchmarks.engine.score import Score
from benchmarks.engine.status import EVALUATE_MODULE, TRAIN_MODULE, Status
from benchmarks.rehearse import measuring, training
from benchmarks.rehearse.arithmetic import Cost, image_cost, training_cost
from benchmarks.rehearse.drawn_data import drawn, is_set
from benchmarks.rehearse.kinds import kind_of
from benchmarks.rehearse.measuring import Measured, metric_key, pass_key, true_size
from benchmarks.rehearse.record import Record
from benchmarks.rehearse.stand_in_weights import still_so
from benchmarks.rehearse.training import Steps
from datasets.sampling import TrainingSamples

_T = TypeVar("_T")


@dataclass
class Line:
    """What was found out about one network of a table.

    name: of the row that trains or measures it. key: the network's own, since rows that train
        several give all of them one name. data: what it is trained on, "" for nothing.
    steps: what two of its steps took, None where nothing is trained or the rehearsal failed.
    costs: what all of it takes, by what it is the training or a test of: where lines share that,
        it is made once. parts: the arithmetic, one line each, in words.
    absent: the files in whose place weights were random. problems: what failed, and why.
    """

    name: str
    key: str
    data: str = ""
    run: Run | None = None
    steps: Steps | None = None
    costs: dict[Any, Cost] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    absent: set[str] = field(default_factory=set)
    problems: list[str] = field(default_factory=list)

    @property
    def training(self) -> Cost:
        """All steps of the training."""
        return self.costs.get(self.run, Cost())

    @property
    def testing(self) -> Cost:
        """The network and the metrics on all images, those of probes among them."""
        return sum((cost for what, cost in self.costs.items() if what != self.run), Cost())

    @property
    def cost(self) -> Cost:
        """Training and testing together."""
        return self.training + self.testing


class Rehearsal:
    """Rehearses tables one after the other, and nothing twice.

    Args:
        status: of the profile whose runs are rehearsed, on the device that is meant.
        micro_batch: see `benchmarks.rehearse.training.rehearsed`.
    """

    def __init__(self, status: Status, record: Record, micro_batch: int = 0):
        self.status = status
        self.record = record
        self.micro_batch = micro_batch
        self._failures: dict[str, str] = {}

    def of(self, jobs: Iterable[Job]) -> list[Line]:
        """The lines of a table: one per network that is trained or measured, in their order."""
        lines: dict[Provider, Line] = {}
        for job in jobs:
            if job.scores:
                line = lines.setdefault(job.provider, Line(job.label, digest(repr(job.provider))))
                self._test(line, job.scores, 1)
            elif isinstance(job.provider, Run) and job.provider not in lines:
                lines[job.provider] = Line(job.label, digest(repr(job.provider)))
                self._train(lines[job.provider], job.provider)
        return list(lines.values())

    def _train(self, line: Line, run: Run) -> None:
        """Two steps of the run's kind, a sample of its data, and the looks of its probes."""
        line.run, line.data = run, _data_in_words(run)
        self._try(line, f"data {digest(repr(run.data))}", lambda: self._sample(run))
        behind = (run.network, run.objective, run.training)
        code = digest(sources(behind, TRAIN_MODULE, training.__name__))
        wanted, pieces = training.images_of_a_step(run, self.status.device, self.micro_batch)
        line.steps = self._try(
            line,
            kind_of(run),
            lambda: self.record.made(
                kind_of(run),
                code,
                Steps,
                lambda: self._rehearsed(line.name, run),
                lambda steps: steps.answers(wanted, pieces) and self._same_files(steps),
            ),
        )
        if line.steps is not None:
            line.costs[run] = training_cost(run, line.steps)
            line.absent |= set(line.steps.absent)
        for probe in run.training.probes:
            looks = len(probe.steps(int(run.training.steps)))
            self._test(line, [Score(run, probe.data, probe.metric, probe.evaluation)], looks)

    def _rehearsed(self, name: str, run: Run) -> Steps:
        say(f"{name}: two steps of {run.network.name}")
        return training.rehearsed(run, self.status, self.record.path.parent, self.micro_batch)

    def _sample(self, run: Run) -> None:
        """One training sample, since kinds do not tell one data set from another."""
        data, recipe = drawn(run.data), run.training
        images = base_data(data).open(self.status.ids.data_paths)
        _ = TrainingSamples(data, images, int(recipe.crop), recipe.augment, run.seed)[0]

    def _test(self, line: Line, scores: Iterable[Score], looks: int) -> None:
        """The network on an image of each test set, and each metric on one."""
        passes: set[tuple[Any, ...]] = set()
        for score in scores:
            size = self._try(
                line, f"size {score.data!r}", partial(true_size, score.data, self.status)
            )
            if size is None:
                continue
            images = size.tests * looks
            if score.network_pass not in passes:
                passes.add(score.network_pass)
                self._measure(line, score, measuring.network_pass, images)
            self._measure(line, score, measuring.metric_pass, images)

    def _measure(
        self, line: Line, score: Score, work: Callable[[Score, Status], Measured], images: int
    ) -> None:
        """The network of a score, or its metric, on one image of the test set."""
        key, what = metric_key(score, self.status), score.metric.symbol
        behind: Any = (score.metric, score.evaluation)
        of: Any = score
        if work is measuring.network_pass:
            key, what = pass_key(score, self.status), score.provider.network.name
            behind, of = (score.provider.network, score.data), score.network_pass
        code = digest(sources(behind, EVALUATE_MODULE, measuring.__name__))

        def make() -> Measured:
            say(f"{line.name}: an image through {what}")
            return work(score, self.status)

        place = f"{what} on {type(base_data(score.data)).__name__}"
        made = self._try(
            line, key, lambda: self.record.made(key, code, Measured, make, self._same_files), place
        )
        if made is None:
            return
        costs, test = line.costs, (of, images)
        costs[test] = costs.get(test, Cost()) + image_cost(made, images)
        line.absent |= set(made.absent)
        share = f" ({made.share})" if made.share else ""
        line.parts.append(
            f"{place}: {images:,} images of {made.width}x{made.height}, {made.seconds:.2f} s{share}"
        )

    def _same_files(self, made: Steps | Measured) -> bool:
        """Whether the files with weights are those with which it was made."""
        return still_so(made.absent, made.present, self.status.files)

    def _try(self, line: Line, key: str, make: Callable[[], _T], what: str = "") -> _T | None:
        """What is made; None, and the reason on the line, where that fails, now or before."""
        if key not in self._failures:
            try:
                return make()
            except Exception as error:
                self._failures[key] = f"{type(error).__name__}: {first_line(error)}"
                drop_frames(error)
        line.problems.append(f"{what}: {self._failures[key]}" if what else self._failures[key])
        return None


def _data_in_words(run: Run) -> str:
    """What a run learns from: `Cityscapes, Noisy, sigma 0..75`."""
    base = next(node for node in walk(run.data) if is_set(node))
    return f"{type(base).__name__}, {run.data.key}"
