"""Which sources tables and figures need under a profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.declare.errors import UsageError, nearest
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.figure import Figure
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Table
from benchmarks.declare.tree import walk
from benchmarks.declare.weight_sources import WEIGHT_SOURCES
from benchmarks.engine.plan import PlannedRow, make_plan
from benchmarks.engine.status import Status
from benchmarks.engine.steps import weight_files
from datasets.sources import Source


@dataclass(frozen=True)
class Need:
    """A source, and the tables and figures that want it; none for one that is asked for by name."""

    source: Source
    wanted_by: tuple[str, ...] = ()


def asked(
    words: tuple[str, ...], exhibits: Mapping[str, Exhibit], status: Status, only: str = ""
) -> list[Need]:
    """What is needed of what a command names: tables, figures, data sets, weights files, or `all`.

    A data set is named by its source, in any case, or by what its sources begin with: "div2k".

    Args:
        exhibits: every table and figure, by name.
        only: which rows of the named tables, as --only has it.
    Raises:
        UsageError: there is nothing of that name, or no row like `only`.
    """
    if "all" in words:
        return needs(exhibits.values(), status)
    chosen = [exhibits[word] for word in words if word in exhibits]
    others = [s for w in words if w not in exhibits for s in _sources(w, exhibits, status)]
    found = {need.source: need for need in needs(chosen, status, only)}
    for source in others:
        found.setdefault(source, Need(source))
    return list(found.values())


def needs(exhibits: Iterable[Exhibit], status: Status, only: str = "") -> list[Need]:
    """Every source that the exhibits want under the profile of `status`, each once.

    Released weights count as being there, so that a profile that takes what there is asks for the
    best.
    """
    status = replace(
        status, resolver=replace(status.resolver, has_file=WEIGHT_SOURCES.__contains__)
    )
    found: dict[Source, dict[str, None]] = {}
    for exhibit in exhibits:
        for source in sources_of(_wanted(exhibit, status, only)):
            found.setdefault(source, {})[exhibit.name] = None
    return [Need(source, tuple(names)) for source, names in found.items()]


def sources_of(node: Any) -> Iterator[Source]:
    """The sources of everything in a declared object, as often as it is held."""
    for part in walk(node):
        if isinstance(part, type):
            continue
        if hasattr(part, "sources"):
            yield from part.sources()
        for name, _ in weight_files(part):
            yield WEIGHT_SOURCES[name]


def _wanted(exhibit: Exhibit, status: Status, only: str) -> list[Any]:
    """What an exhibit is made of under the profile: networks, data, metrics and views."""
    resolver = status.resolver
    match exhibit:
        case Table():
            return [_behind(row) for row in make_plan(exhibit, status, only=only).asked]
        case Figure():
            looked_at = {id(exhibit.row(label)) for label in exhibit.rows}
            plans = [make_plan(table, status) for table in exhibit.tables]
            rows = [row for plan in plans for row in plan.rows if id(row.row) in looked_at]
            return [resolver.resolve(exhibit.view), *(row.providers for row in rows)]
        case Pairwise():
            shown = {exhibit.shown(method) for method in exhibit.preferred}
            rows = make_plan(exhibit.of, status).rows
            return [_behind(row) for row in rows if (row.group, row.label) in shown]
        case Speed():
            timed = [resolver.shortened(run) for run in exhibit.runs().values()]
            return [*timed, resolver.resolve(exhibit.features)]
    raise TypeError(f"nothing knows what a {type(exhibit).__name__} needs")


def _behind(row: PlannedRow) -> Any:
    return row.providers, row.scores


def _sources(word: str, exhibits: Mapping[str, Exhibit], status: Status) -> list[Source]:
    """The sources that a word names which names no exhibit."""
    known = {need.source.name: need.source for need in needs(exhibits.values(), status)}
    known |= WEIGHT_SOURCES
    key = _key(word)
    found = [s for name, s in known.items() if key and f"{_key(name)}_".startswith(f"{key}_")]
    if not found:
        names = ("all", *exhibits, *known)
        raise UsageError(
            f"nothing is called {word!r}{nearest(word, names)}; there are: {', '.join(names)}"
        )
    return found


def _key(name: str) -> str:
    """A name as words are compared with it."""
    return name.casefold().replace("-", "_").replace(" ", "_")
