"""From the store to the table model that every report renders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.runs import LastStep, Run
from benchmarks.declare.sources import ledger_entries
from benchmarks.declare.table import printed_cells
from benchmarks.engine.content_ids import base_data
from benchmarks.engine.facts import facts
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import Plan, PlannedRow
from benchmarks.engine.score import Score
from benchmarks.engine.status import State, Status
from benchmarks.grid import bootstrap
from benchmarks.grid.derived import with_derived
from benchmarks.grid.model import Cell, Grid, GridRow
from benchmarks.profiles.profile import Profile
from datasets.images import DataError

STAND_INS = {
    "random": "random weights",
    "photographs": "parameters fitted to a few embedded photographs",
}
WATERMARKS = {
    "smoke": "Smoke profile: a check that everything works, not comparable with the paper.",
    "lite": "Lite profile: a reduced protocol. It asks whether the paper's order of methods shows; "
    "the numbers themselves cannot agree.",
}


def declared(exhibit: Exhibit, profile: Profile) -> Grid:
    """An exhibit before anything is measured: what the paper prints, the profile, the choices."""
    as_declared = bool(exhibit.released)  # no profile changes such a table
    name = "paper" if as_declared else profile.name
    return replace(
        exhibit.printed(),
        profile=name,
        watermark=WATERMARKS.get(name, ""),
        comparable=as_declared or profile.comparable,
        ledger_note=""
        if name == "paper"
        else "These are the declared choices, which the paper profile runs; what this profile ran "
        "instead stands above.",
        ledger=ledger_entries(*exhibit.chosen),
    )


def to_grid(plan: Plan) -> Grid:
    """Everything that is known about a table; reads the store, makes nothing."""
    grid = replace(
        with_stand_ins(declared(plan.table, plan.status.resolver.profile), plan),
        rows=[
            GridRow(r.group, r.method, r.label, _cells(plan, r), r.row.note, r.row.role)
            for r in plan.rows
            if r.row is not None
        ],
        facts=facts(plan),
        references=[
            GridRow("", r.label, "", _cells(plan, r), role="reference") for r in plan.references
        ],
        notes=[
            *plan.table.printed_notes,
            *plan.table.notes,
            *(problem for row in plan.rows for problem in row.problems),
        ],
    )
    return with_derived(grid)


def with_stand_ins(grid: Grid, plan: Plan) -> Grid:
    """The grid with columns that say what takes the place of absent weights and of test images."""
    columns = []
    for column, declared in zip(grid.columns, plan.table.columns, strict=True):
        measured = plan.status.resolver.column(plan.table, declared)
        stand_in = STAND_INS.get(getattr(measured.metric, "weights", ""), "")
        other_set = _other_set(plan.status, declared.data, measured.data)
        columns.append(replace(column, stand_in=stand_in, other_set=other_set))
    return replace(grid, columns=columns)


def _other_set(status: Status, declared: Any, measured: Any) -> str:
    """Why the images of a column are not the paper's, if that is known; else ""."""
    if declared is None:
        return ""
    theirs, ours = base_data(declared), base_data(measured)
    if ours != theirs:
        return f"{ours!r} in the place of {theirs!r}"
    try:
        return status.ids.images(ours).unofficial
    except DataError:
        return ""


def pictures(plan: Plan) -> list[tuple[str, Path]]:
    """Caption and file of each row's first test image in the last column, for a contact sheet.

    Lines of our own come first, unless they are a row once more, which the same picture shows.
    """
    rows = _pictures(plan, plan.rows)
    shown = {path for _, path in rows}
    again = {row.name for row in plan.references if row.of}
    own = _pictures(plan, plan.references)
    return [(name, path) for name, path in own if name not in again or path not in shown] + rows


def _pictures(plan: Plan, rows: list[PlannedRow]) -> list[tuple[str, Path]]:
    found = []
    for row in rows:
        if not row.scores[-1]:
            continue
        score = row.scores[-1][0]
        try:
            folder = plan.status.folder(score.provider)
            name = plan.status.picture_name(score)
        except DataError:
            continue
        if folder.intact(name):
            found.append((row.name, folder.path / name))
    return found


def _cells(plan: Plan, row: PlannedRow) -> list[Cell]:
    printed = printed_cells(row.row) if row.row else [Cell()] * len(row.scores)
    return [_cell(plan, row, i, printed[i]) for i in range(len(row.scores))]


def _cell(plan: Plan, row: PlannedRow, i: int, printed: Cell) -> Cell:
    """One cell: measured if the store has all its seeds, else the reason why not."""
    status, scores = plan.status, row.scores[i]
    if not scores:  # a line of our own has no place in what is derived from the methods
        own = row.row is None or row.row.columns
        return replace(printed, status="-" if own else "not implemented")
    try:
        records = [status.record(score) for score in scores]
        if not plan.asks_for(row):  # it shows the seeds that are there; all as missing if none is
            there = [*records, None].index(None) or len(records)
            scores, records = scores[:there], records[:there]
        states = [state for score in scores for state in _states(status, score)]
        cell = replace(
            printed,
            run_id=" ".join(status.ids.run_id(s.provider) for s in scores),
            score_id=" ".join(status.ids.score_id(s) for s in scores),
        )
    except DataError as error:
        return replace(printed, status="needs", detail=error.what)
    known = [record for record in records if record is not None]
    complete = len(known) == len(records)
    # A problem elsewhere in the row takes nothing from a number that is good.
    problem = row.unavailable.get(i, row.problem)
    if problem is not None and (not complete or any(map(status.redo, states))):
        return _without_number(cell, problem)
    if not complete:
        failed = any(map(status.score_failed_before, scores))
        return replace(cell, status="failed" if failed else "pending")
    comparable = plan.table.released or status.resolver.profile.comparable
    try:
        values = tuple(s.metric.summary(r["values"]) for s, r in zip(scores, known, strict=True))
    except ValueError as error:  # its images have nothing that the metric counts
        return replace(cell, status="failed", detail=str(error))
    return replace(
        cell,
        trained=isinstance(scores[0].provider, Run | LastStep),
        values=values,
        replicates=_replicates(scores, known) if comparable else (),
        status="stale" if any(state.status == "stale" for state in states) else "ok",
        n_images=len(known[0]["images"]),
        expected_images=known[0]["expected_images"],
    )


def _without_number(cell: Cell, problem: Exception) -> Cell:
    """A cell that says what is missing, or that it failed and how."""
    if isinstance(problem, DataError):
        return replace(cell, status="needs", detail=problem.what)
    return replace(cell, status="failed", detail=str(problem))


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


def _states(status: Status, score: Score) -> Iterator[State]:
    """The score's state and those of all runs behind it."""
    yield status.score_state(score)
    waiting, seen = dependencies(score), set()
    while waiting:
        provider = waiting.pop()
        if provider not in seen:
            seen.add(provider)
            yield status.state(provider)
            waiting += dependencies(provider)
