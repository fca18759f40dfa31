"""From the store to the table model that every report renders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.declare.errors import UsageError
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.runs import Run
from benchmarks.declare.sources import ledger_entries
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Table, printed_cells
from benchmarks.engine.content_ids import Score, base_data
from benchmarks.engine.execute import Engine, State
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import Entry, Plan
from benchmarks.engine.problems import Needs, needs
from benchmarks.engine.weights import MissingFile, WrongFile
from benchmarks.grid import bootstrap
from benchmarks.grid.derived import with_derived
from benchmarks.grid.model import Cell, Grid, GridRow
from benchmarks.profiles.resolve import Profile
from datasets.images import DataError
from losses.objective import Objective, Term

STAND_INS = {
    "random": "random weights",
    "photographs": "parameters fitted to a few embedded photographs",
}
WATERMARKS = {
    "smoke": "Smoke profile: a check that everything works, not comparable with the paper.",
    "lite": "Lite profile: a reduced protocol. It asks whether the paper's order of methods shows; "
    "the numbers themselves cannot agree.",
}


def declared(table: Table | Speed | Pairwise, profile: Profile) -> Grid:
    """A table before anything is measured: what the paper prints, the profile, the choices."""
    as_printed = isinstance(table, Table) and table.released  # no profile changes such a table
    name = "paper" if as_printed else profile.name
    return replace(
        table.printed(),
        profile=name,
        watermark=WATERMARKS.get(name, ""),
        comparable=as_printed or profile.comparable,
        ledger_note=""
        if name == "paper"
        else "These are the declared choices, which the paper profile runs; what this profile ran "
        "instead stands above.",
        ledger=ledger_entries(table),
    )


def to_grid(plan: Plan) -> Grid:
    """Everything that is known about a table; reads the store, makes nothing."""
    grid = replace(
        with_stand_ins(declared(plan.table, plan.engine.resolver.profile), plan),
        rows=[
            GridRow(e.group, e.method, e.label, _cells(plan, e), e.row.note, e.row.role)
            for e in plan.entries
            if e.row is not None
        ],
        facts=_facts(plan),
        references=[
            GridRow("", e.label, "", _cells(plan, e), role="reference") for e in plan.references
        ],
        notes=_notes(plan),
    )
    return with_derived(grid)


def with_stand_ins(grid: Grid, plan: Plan) -> Grid:
    """Columns whose metric lacks its weights say what takes their place."""
    metrics = [plan.engine.resolver.resolve(column.metric) for column in plan.table.columns]
    columns = [
        replace(column, stand_in=STAND_INS.get(getattr(metric, "weights", ""), ""))
        for column, metric in zip(grid.columns, metrics, strict=True)
    ]
    return replace(grid, columns=columns)


def pictures(plan: Plan) -> list[tuple[str, Path]]:
    """Caption and file of each row's first test image in the last column, for a contact sheet."""
    found = []
    for entry in plan.references + plan.entries:
        if not entry.scores[-1]:
            continue
        score = entry.scores[-1][0]
        try:
            engine = plan.engine
            folder, name = engine.folder(score.provider), engine.picture_name(score)
        except (DataError, MissingFile, WrongFile):
            continue
        if folder.intact(name):
            found.append((entry.name, folder.path / name))
    return found


def _cells(plan: Plan, entry: Entry) -> list[Cell]:
    printed = printed_cells(entry.row) if entry.row else [Cell()] * len(entry.scores)
    return [_cell(plan, entry, i, printed[i]) for i in range(len(entry.scores))]


def _comparable(plan: Plan) -> bool:
    """Whether the numbers may be held against the paper's."""
    return plan.table.released or plan.engine.resolver.profile.comparable


def _cell(plan: Plan, entry: Entry, i: int, printed: Cell) -> Cell:
    """One cell: measured if the store has all its seeds, else the reason why not."""
    engine, scores = plan.engine, entry.scores[i]
    if not scores:  # a line of our own has no place in what is derived from the methods
        return replace(printed, status="not implemented" if entry.row else "-")
    problem = entry.unavailable.get(i, entry.problem)
    try:
        records = [engine.folder(s.provider).read_json(engine.score_name(s)) for s in scores]
        states = [state for score in scores for state in _states(engine, score)]
        cell = replace(
            printed,
            run_id=" ".join(engine.ids.run_id(s.provider) for s in scores),
            score_id=" ".join(engine.ids.score_id(s) for s in scores),
        )
    except (DataError, MissingFile, WrongFile) as error:
        return replace(printed, status="needs", detail=needs(error).what)
    # A problem elsewhere in the row takes nothing from a number that is good.
    if any(record is None for record in records) or any(map(engine.redo, states)):
        if isinstance(problem, Needs):
            return replace(cell, status="needs", detail=problem.what)
        if problem is not None:
            return replace(cell, status="failed", detail=str(problem))
    if any(record is None for record in records):
        failed = any(engine.failed_before(score.provider) for score in scores)
        return replace(cell, status="failed" if failed else "pending")
    return replace(
        cell,
        values=tuple(s.metric.summary(r["values"]) for s, r in zip(scores, records, strict=True)),
        replicates=_replicates(scores, records) if _comparable(plan) else (),
        status="stale" if any(state.status == "stale" for state in states) else "ok",
        n_images=len(records[0]["images"]),
        expected_images=records[0]["expected_images"],
    )


def _replicates(scores: Sequence[Score], records: Sequence[dict[str, Any]]) -> tuple[float, ...]:
    """The cell's number for each resample of its test images, the mean over seeds.

    None for fewer than six images, for seeds that were not measured on the same ones, and where a
    resample has no finite number: an image restored exactly, or no labelled pixel.
    """
    images = records[0]["images"]
    if len(images) < bootstrap.LEAST_IMAGES or any(
        record["images"] != images for record in records
    ):
        return ()
    drawn = bootstrap.counts(images)
    seeds = [s.metric.replicates(r["values"], drawn) for s, r in zip(scores, records, strict=True)]
    replicates = tuple(np.mean(seeds, axis=0).tolist())
    return replicates if all(map(math.isfinite, replicates)) else ()


def _states(engine: Engine, score: Score) -> Iterator[State]:
    """The score's state and those of all runs behind it."""
    yield engine.score_state(score)
    waiting, seen = dependencies(score), set()
    while waiting:
        provider = waiting.pop()
        if provider not in seen:
            seen.add(provider)
            yield engine.state(provider)
            waiting += dependencies(provider)


def _facts(plan: Plan) -> list[tuple[str, str]]:
    """The caption: what was run, in words that a reader of the paper knows."""
    engine, table = plan.engine, plan.table
    profile = engine.resolver.profile
    facts = []
    if not table.released:
        facts.append(("profile", f"{profile.name}: {profile.summary}"))
    runs = [p for e in plan.entries for p in e.providers if isinstance(p, Run)]
    if runs:
        facts += [
            ("training data", _data(engine, runs[0].data)),
            ("training", _trainings(runs)),
        ]
        if starts := dict.fromkeys(run.start for run in runs if isinstance(run.start, Run)):
            warm_ups = (f"{run.network!r}: {_trainings([run])}" for run in starts)
            facts.append(("start of every row", "a shared warm-up, " + "; ".join(warm_ups)))
        if sizes := dict.fromkeys(s for e in plan.entries for s in _shrunk_sizes(e)):
            facts.append(("sizes that follow crop and batch", "; ".join(sizes)))
    scores = [s for e in plan.entries for column in e.scores for s in column]
    tests = dict.fromkeys(_data(engine, base_data(s.data)) for s in scores)
    facts.append(("test data", "; ".join(tests)))
    facts += [
        (
            "seeds",
            ", ".join(map(str, plan.seeds)) + (" (one run: no ±)" if len(plan.seeds) == 1 else ""),
        ),
        ("evaluation", str(table.protocol.evaluation)),
        *dict.fromkeys((s.metric.symbol, s.metric.note) for s in scores),
        *_judges(scores),
        ("device", str(engine.device)),
    ]
    if random := sorted(set(_random_networks([*runs, *scores]))):
        facts.append(("random weights", ", ".join(random)))
    return facts


def _data(engine: Engine, data: Any) -> str:
    """`Cityscapes(split='val'), 2 of 500 images`."""
    text = repr(data)
    try:
        images = engine.ids.images(data)
    except DataError:
        return f"{text}, not there"
    expected = images.expected
    count = f"{len(images)} of {expected}" if expected and expected != len(images) else len(images)
    return f"{text}, {count} images"


def _trainings(runs: list[Run]) -> str:
    """Steps, batch and crop of the runs, each distinct recipe once."""
    recipes = dict.fromkeys(run.training for run in runs)
    return "; ".join(
        f"{int(t.steps)} steps of {int(t.batch)} crops of {int(t.crop)}x{int(t.crop)}, "
        f"Adam with lr {float(t.optimizer.lr):g}"
        for t in recipes
    )


def _shrunk_sizes(entry: Entry) -> Iterator[str]:
    """`L_D2SM: window 16 for the declared 224, ...` for terms that the profile made smaller."""
    if entry.row is None or entry.row.objective is None:
        return
    run = entry.providers[0]
    if not isinstance(run, Run):
        return
    for declared, used in zip(terms(entry.row.objective), terms(run.objective), strict=True):
        pairs = [
            (item.name, getattr(declared, item.name), getattr(used, item.name))
            for item in fields(declared)
            if item.name not in ("crop", "batch")
        ]
        sizes = [
            f"{name} {new} for the declared {old}"
            for name, old, new in pairs
            if isinstance(old, int) and old != new
        ]
        if sizes:
            yield f"{used.symbol}: {', '.join(sizes)}"


def terms(objective: Objective | Term) -> list[Term]:
    """The terms of what a row declares."""
    return [t for _, t in objective.terms] if isinstance(objective, Objective) else [objective]


def _judges(scores: list[Score]) -> Iterator[tuple[str, str]]:
    for judge in dict.fromkeys(j for s in scores for j in dependencies(s.metric)):
        trained = f", trained here: {_trainings([judge])}" if isinstance(judge, Run) else ""
        yield "judge", f"{judge.network!r}{trained}"


def _random_networks(node: Any) -> Iterator[str]:
    """Names of feature networks with random weights under an object."""
    if getattr(node, "weights", None) == "random":
        width = getattr(node, "width", 1)
        share = f" with {width:g} of its channels" if width != 1 else ""
        kind = type(node).__name__
        name = getattr(node, "network", None) or f"{kind}'s {getattr(node, 'net', 'Inception')}"
        yield f"{name}{share}"
    if is_dataclass(node) and not isinstance(node, type):
        for item in fields(node):
            yield from _random_networks(getattr(node, item.name))
    elif isinstance(node, tuple | list):
        for part in node:
            yield from _random_networks(part)


def _notes(plan: Plan) -> list[str]:
    notes = [*plan.table.printed_notes, *plan.table.notes]
    return notes + [problem for entry in plan.entries for problem in entry.problems]


def row_named(plan: Plan, wanted: str) -> Entry:
    """The entry that a name means: its label if only one row has it, else `group / label`.

    Raises:
        UsageError: no row or several; the message lists the names.
    """

    def squeezed(text: str) -> str:
        return text.lower().replace(" ", "")

    found = [e for e in plan.entries if squeezed(wanted) in (squeezed(e.label), squeezed(e.name))]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"'{e.name}'" for e in found or plan.entries)
    problem = "means several rows" if found else "is no row"
    raise UsageError(f"{wanted!r} {problem} of {plan.table.name}: {names}")
