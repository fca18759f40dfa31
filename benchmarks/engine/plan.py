"""From a declared table to its rows under a profile, and the jobs that fill it, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from typing import Any

from benchmarks.declare.column import Column
from benchmarks.declare.errors import UsageError, nearest
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Provider
from benchmarks.declare.table import Row, Table, name_of
from benchmarks.engine.graph import dependencies
from benchmarks.engine.score import Score
from benchmarks.engine.status import Status
from benchmarks.metrics.metric import Metric
from benchmarks.profiles.resolve import Resolver
from datasets.degradations.clean import Clean


@dataclass
class PlannedRow:
    """A row, or a line of reference, with the providers of its numbers.

    name: `FFDNet / + L_Contextual`, for progress and for --only.
    providers: one for each seed, and where groups of columns have a training of their own, so many
        for each group.
    scores: by column, then by seed; none in a column that is not implemented.
    of: the row that a line of reference belongs to, and with which it is asked for.
    problem: why the row has no numbers, once that is known; unavailable: why a column has none.
    """

    name: str
    group: str
    label: str
    method: str
    providers: list[Provider]
    scores: list[list[Score]]
    row: Row | None = None
    asked: bool = True
    of: str = ""
    problem: Exception | None = None
    unavailable: dict[int, Exception] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """Why cells have no number, each reason once and with the way out."""
        reasons = [*self.unavailable.values(), *([self.problem] if self.problem else [])]
        return list(dict.fromkeys(f"{self.name}: {reason}" for reason in reasons))


@dataclass(frozen=True)
class Job:
    """One piece of work that a process can take once the jobs before it are done.

    label: what is made, for progress. row: the first row that waits for it.
    scores: what is measured of the provider; none where the job is its training.
    judge: whether the training is of a network that only looks at what others restore.
    """

    label: str
    provider: Provider
    row: PlannedRow
    scores: tuple[Score, ...] = ()
    judge: bool = False


@dataclass
class Plan:
    """A table under a profile; it reads the store and makes nothing.

    measured: whether its rows are measured; else they are trained alone, for a figure.
    """

    table: Table
    status: Status
    seeds: tuple[int, ...]
    rows: list[PlannedRow]
    references: list[PlannedRow]
    measured: bool = True

    @property
    def asked(self) -> list[PlannedRow]:
        """The rows that are to be filled, with the lines of reference, in the order of making."""
        return [row for row in self.references + self.rows if self.asks_for(row)]

    def asks_for(self, row: PlannedRow) -> bool:
        """Whether a row is to be filled; a line of reference is with the row that it is of."""
        if not row.of:
            return row.asked
        return row.asked and any(one.asked for one in self.rows if one.name == row.of)

    def jobs(self) -> Iterator[Job]:
        """Everything that the asked rows need, what is needed before what needs it.

        Each training of a row comes before its measurement, and the next seed and the next row
        after it, so that a table fills row by row.
        """
        rows = {provider: row.name for row in self.asked for provider in row.providers}
        passes = self._passes()
        seen: set[Provider] = set()

        def trainings(provider: Provider, role: str, row: PlannedRow) -> Iterator[Job]:
            if provider in seen:
                return
            seen.add(provider)
            for dependency in dependencies(provider):
                start = dependency == getattr(provider, "start", None)
                what = f"start of {provider.network.name}'s rows" if start else "judge"
                yield from trainings(dependency, what, row)
            yield Job(
                rows.get(provider, role),
                provider,
                row,
                judge=role == "judge" and provider not in rows,
            )

        for row in self.asked:
            for provider in row.providers:
                scores = tuple(s for column in row.scores for s in column if s.provider == provider)
                needed = [d for score in scores for d in dependencies(score)]
                for dependency in needed if self.measured else [provider]:
                    yield from trainings(dependency, "judge", row)
                if scores:
                    found = dict.fromkeys(s for score in scores for s in passes[score.network_pass])
                    yield Job(row.name, provider, row, tuple(found))

    def _passes(self) -> dict[tuple[Any, ...], list[Score]]:
        """The scores of all asked rows by the pass of a network over a test set that gives them.

        Rows that only measure otherwise are measured with the first of them.
        """
        found: dict[tuple[Any, ...], list[Score]] = {}
        for row in self.asked:
            for score in (score for column in row.scores for score in column):
                found.setdefault(score.network_pass, []).append(score)
        return found


def make_plan(table: Table, status: Status, seeds: int = 1, only: str = "") -> Plan:
    """Resolve a table's rows and columns under the profile.

    Raises:
        UsageError: `only` matches no row.
    """
    resolver = status.resolver
    numbers = tuple(range(seeds))
    columns = [resolver.column(table, column) for column in table.columns]
    rows = []
    for group, row in table.rows():
        providers, scores = _measured(resolver, table, row, columns, numbers)
        name = name_of(group, row)
        rows.append(PlannedRow(name, group, row.label, row.method or group, providers, scores, row))
    if only:
        _ask(rows, only, table)
    references = []
    for reference in table.references:
        label, row = reference.label, reference.measured
        providers, scores = _measured(resolver, table, row, columns, numbers)
        references.append(PlannedRow(label, "", label, "", providers, scores, of=reference.of))
    return Plan(table, status, numbers, rows, references)


def _measured(
    resolver: Resolver, table: Table, row: Row, columns: list[Column], seeds: Sequence[int]
) -> tuple[list[Provider], list[list[Score]]]:
    """A row's providers and its scores by column; `columns` are the table's."""
    providers = {
        group: _providers(resolver, table, part, seeds)
        for group, part in table.trainings(row).items()
    }
    shown = [resolver.column(table, column) for column in row.columns] or columns
    shown = [_undegraded(c) for c in shown] if row.role == "reference" else shown
    usual = table.protocol.evaluation
    scores = [
        _scores(
            providers.get(of.group, providers.get("", [])),
            c,
            row.evaluation or c.evaluation or usual,
        )
        for of, c in zip(table.columns, shown, strict=True)
    ]
    return list(dict.fromkeys(p for each in providers.values() for p in each)), scores


def row_named(plan: Plan, wanted: str) -> PlannedRow:
    """The row that a name means: its label if only one row has it, else `group / label`.

    Raises:
        UsageError: no row or several; the message lists the names.
    """
    found = [r for r in plan.rows if squeezed(wanted) in (squeezed(r.label), squeezed(r.name))]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"'{row.name}'" for row in found or plan.rows)
    problem = "means several rows" if found else f"is no row{_nearest_row(wanted, plan.rows)}"
    raise UsageError(f"{wanted!r} {problem} of {plan.table.name}: {names}")


def matches(pattern: str, row: PlannedRow) -> bool:
    """Whether --only asks for a row: part of `group / label`, case and spaces ignored."""
    name, wanted = squeezed(row.name), squeezed(pattern)
    return wanted in name or fnmatch(name, wanted)


def squeezed(text: str) -> str:
    """The text in lower case and without spaces, as names on the command line are compared."""
    return text.lower().replace(" ", "")


def _ask(rows: list[PlannedRow], only: str, table: Table) -> None:
    """Mark the rows that `only` matches."""
    for row in rows:
        row.asked = matches(only, row)
    if not any(row.asked for row in rows):
        known = ", ".join(f"'{row.name}'" for row in rows)
        hint = _nearest_row(only, rows)
        raise UsageError(f"{table.name} has no row like {only!r}{hint}; its rows are {known}")
    if not any(row.row.implemented for row in rows if row.asked and row.row):
        raise UsageError(f"{table.name}: rows like {only!r} are not implemented yet")


def _nearest_row(wanted: str, rows: Sequence[PlannedRow]) -> str:
    """The hint to a row, which may be meant by its name or by its label alone."""
    return nearest(wanted, [text for row in rows for text in (row.name, row.label)])


def _providers(resolver: Resolver, table: Table, row: Row, seeds: Sequence[int]) -> list[Provider]:
    """The providers of a row, one per seed; a network without training is the same for all."""
    if row.model is None:
        return []
    providers = [resolver.run(table, row, seed) for seed in seeds]
    return providers if row.trained else providers[:1]


def _scores(providers: Sequence[Provider], column: Column, evaluation: Evaluation) -> list[Score]:
    if not isinstance(column.metric, Metric) or column.data is None:
        return []
    return [Score(provider, column.data, column.metric, evaluation) for provider in providers]


def _undegraded(column: Column) -> Column:
    return column if column.data is None else replace(column, data=Clean(column.data.data))
