"""From a declared table to what has to be done: runs, scores, and what is missing for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from fnmatch import fnmatch
from typing import Any

from benchmarks.declare.errors import UsageError
from benchmarks.declare.runs import Provider, Released, Run
from benchmarks.declare.table import Column, Row, Table
from benchmarks.engine.content_ids import Score, slug
from benchmarks.engine.execute import Engine
from benchmarks.engine.graph import dependencies
from benchmarks.engine.problems import Failed, Needs, needs
from benchmarks.engine.progress import clock
from benchmarks.engine.weights import MissingFile, WrongFile
from benchmarks.metrics.metric import Metric
from benchmarks.profiles.resolve import Resolver
from datasets.degradations.clean import Clean
from datasets.images import DataError


@dataclass
class Entry:
    """A row, or a line of reference, with the provider of its numbers for every seed.

    scores: by column, then by seed; none in a column that is not implemented.
    problem: why the row has no numbers, once that is known.
    """

    group: str
    label: str
    method: str
    providers: list[Provider]
    scores: list[list[Score]]
    row: Row | None = None
    asked: bool = True
    problem: Exception | None = None
    unavailable: dict[int, Failed | Needs] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`FFDNet / + L_Contextual`, for progress and for --only."""
        return " / ".join(word for word in (self.group, self.label) if word)

    @property
    def problems(self) -> list[str]:
        """Why cells have no number, each reason once and with the way out."""
        reasons = [*self.unavailable.values(), *([self.problem] if self.problem else [])]
        return list(dict.fromkeys(f"{self.name}: {reason}" for reason in reasons))


@dataclass
class Plan:
    """A table under a profile."""

    table: Table
    engine: Engine
    seeds: tuple[int, ...]
    entries: list[Entry]
    references: list[Entry]

    def runs(self) -> Iterator[tuple[Provider, str]]:
        """Every provider that the asked entries need, and what for, in the order of making."""
        asked = [entry for entry in self.entries + self.references if entry.asked]
        rows = {provider: entry.name for entry in asked for provider in entry.providers}
        seen: set[Provider] = set()

        def visit(provider: Provider, role: str) -> Iterator[tuple[Provider, str]]:
            if provider in seen:
                return
            seen.add(provider)
            for dependency in dependencies(provider):
                start = dependency == getattr(provider, "start", None)
                yield from visit(
                    dependency, f"start of {provider.network.name}'s rows" if start else "judge"
                )
            yield provider, rows.get(provider, role)

        for entry in asked:
            for score in (s for column in entry.scores for s in column):
                for dependency in dependencies(score):
                    yield from visit(dependency, "judge")

    def execute(self) -> None:
        """Make everything that was asked for; failures stay with their entries."""
        for entry in self.references + self.entries:
            if entry.asked and entry.providers:
                self._check_columns(entry)
                self._make(entry)

    def _check_columns(self, entry: Entry) -> None:
        """Find the columns whose test data or judge cannot be had; the others go on."""
        for i, column in enumerate(entry.scores):
            if not column:
                continue
            try:
                self.engine.ids.images(column[0].data)
                for judge in dependencies(column[0].metric):
                    self.engine.ensure(judge)
            except (DataError, MissingFile, WrongFile) as error:
                entry.unavailable[i] = needs(error)
            except (Failed, Needs) as error:
                entry.unavailable[i] = error

    def _make(self, entry: Entry) -> None:
        columns = [c for i, c in enumerate(entry.scores) if c and i not in entry.unavailable]
        try:
            for seed, provider in enumerate(entry.providers):
                if columns:
                    self.engine.ensure(provider, entry.name)
                    self.engine.ensure_scores([column[seed] for column in columns], entry.name)
        except (Failed, Needs) as error:
            entry.problem = error


def matches(pattern: str, entry: Entry) -> bool:
    """Whether --only asks for a row: part of `group / label`, case and spaces ignored."""
    name, wanted = (text.lower().replace(" ", "") for text in (entry.name, pattern))
    return wanted in name or fnmatch(name, wanted)


def make_plan(table: Table, engine: Engine, seeds: int = 1, only: str = "") -> Plan:
    """Resolve a table's rows and columns under the engine's profile.

    Raises:
        UsageError: `only` matches no row.
    """
    resolver = engine.resolver
    numbers = tuple(range(seeds))
    columns = [resolver.resolve(column) for column in table.columns]
    entries = []
    for group, row in table.rows():
        providers = _providers(resolver, table, row, numbers)
        shown = [_undegraded(c) for c in columns] if row.role == "reference" else columns
        scores = [_scores(table, providers, column) for column in shown]
        entries.append(Entry(group, row.label, row.method or group, providers, scores, row))
    if only:
        for entry in entries:
            entry.asked = matches(only, entry)
        if not any(entry.asked for entry in entries):
            known = ", ".join(f"'{entry.name}'" for entry in entries)
            raise UsageError(f"{table.name} has no row like {only!r}; its rows are {known}")
        if not any(entry.row.implemented for entry in entries if entry.asked and entry.row):
            raise UsageError(f"{table.name}: rows like {only!r} are not implemented yet")
    references = []
    for reference in table.references:
        shown = [_undegraded(column) for column in columns] if reference.clean else columns
        scores = [_scores(table, [reference.provider], column) for column in shown]
        references.append(Entry("", reference.label, "", [reference.provider], scores))
    return Plan(table, engine, numbers, entries, references)


def _providers(resolver: Resolver, table: Table, row: Row, seeds: Sequence[int]) -> list[Provider]:
    """One per seed; a network without training is the same for all."""
    if row.model is None:
        return []
    providers = [resolver.run(table, row, seed) for seed in seeds]
    return providers if row.trained else providers[:1]


def _scores(table: Table, providers: Sequence[Provider], column: Column) -> list[Score]:
    if not isinstance(column.metric, Metric) or column.data is None:
        return []
    evaluation = table.protocol.evaluation
    return [Score(provider, column.data, column.metric, evaluation) for provider in providers]


def _undegraded(column: Column) -> Column:
    return column if column.data is None else replace(column, data=Clean(column.data.data))


@dataclass(frozen=True)
class Step:
    """One line of --plan.

    problems: what stands in its way, each with the way out.
    """

    action: str
    what: str
    detail: str = ""
    problems: tuple[str, ...] = ()


def steps(plan: Plan) -> list[Step]:
    """What a run of the plan would do, in order, and what stands in its way."""
    engine = plan.engine
    lines = []
    for provider, role in plan.runs():
        if problems := dict.fromkeys(missing(engine, provider, nested=False)):
            lines.append(Step("missing", f"{role}: {slug(provider)}", problems=tuple(problems)))
        else:
            name = f"{slug(provider)}-{engine.ids.run_id(provider)}"
            lines.append(_step(engine, provider, f"{role}: {name}"))
    for entry in plan.references + plan.entries:
        if entry.asked and (line := _scoring(engine, entry)):
            lines.append(line)
    return lines


def nothing_can_be_made(plan: Plan) -> str:
    """What is missing, if that leaves no cell of those asked for; else ""."""
    first = ""
    for entry in plan.entries:
        for column in filter(None, entry.scores if entry.asked else []):
            problems = list(missing(plan.engine, column[0]))
            if not problems:
                return ""
            first = first or problems[0]
    return first


def missing(engine: Engine, node: Any, nested: bool = True) -> Iterator[str]:
    """Every data set and file that a run or a score wants and that is not there.

    nested: also what the runs behind it want, unless they are finished.
    """
    if isinstance(node, tuple | list):
        for part in node:
            yield from missing(engine, part, nested)
        return
    if not is_dataclass(node) or isinstance(node, type):
        return
    own: list[tuple[str, str, str]] = []
    if isinstance(node, Released):
        own = [(node.file, node.sha256, node.origin)]
    elif hasattr(node, "weight_files"):
        own = [(name, sha256, "") for name, sha256 in node.weight_files()]
    try:
        if hasattr(node, "open"):
            engine.ids.images(node)
        for file in own:
            engine.files.find(*file)
    except (DataError, MissingFile, WrongFile) as error:
        yield str(error)
    for item in fields(node):
        part = getattr(node, item.name)
        if isinstance(part, Run | Released) and not (nested and _unfinished(engine, part)):
            continue
        yield from missing(engine, part, nested)


def _unfinished(engine: Engine, provider: Provider) -> bool:
    try:
        return engine.redo(engine.state(provider)) or not isinstance(provider, Run)
    except (DataError, MissingFile, WrongFile):
        return True


def _step(engine: Engine, provider: Provider, what: str) -> Step:
    if isinstance(provider, Released):
        path = engine.files.find(provider.file, provider.sha256, provider.origin)
        return Step("ready", what, str(path))
    if not isinstance(provider, Run):
        return Step("ready", what, "nothing to train")
    state = engine.state(provider)
    if not engine.redo(state):
        note = f"; stale: {state.why}" if state.status == "stale" else ""
        return Step("cached", what, f"{engine.folder(provider).path}{note}")
    action = {"partial": "resume", "stale": "retrain"}.get(state.status, "train")
    training = provider.training
    crop = int(training.crop)
    size = f"{int(training.steps)} steps of {int(training.batch)} crops of {crop}x{crop}"
    seconds = engine.expected_seconds(provider)
    time = "no timing of its kind yet" if seconds is None else f"about {clock(seconds)}"
    return Step(action, what, f"{size}, {time}{f'; {state.why}' if state.why else ''}")


def _scoring(engine: Engine, entry: Entry) -> Step | None:
    """One line for the scores of an entry that are not in the store."""
    scores = [score for column in entry.scores for score in column]
    problems: dict[str, None] = {}
    for score in scores:
        problems |= dict.fromkeys(missing(engine, (score.data, score.metric)))
    if problems:
        return Step("missing", f"{entry.name}: to be measured", problems=tuple(problems))
    try:
        waiting = sum(engine.redo(engine.score_state(score)) for score in scores)
    except (DataError, MissingFile, WrongFile) as error:  # the training data, told above
        return Step("missing", entry.name, problems=(str(error),))
    detail = f"{waiting} of {len(scores)} scores"
    return Step("measure", entry.name, detail) if waiting else None
