"""The path of one number, from the paper's sentence to the value of each image."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.declare.errors import UsageError, nearest
from benchmarks.declare.runs import LastStep, Provider, Released, Run
from benchmarks.declare.sources import Choice, choices
from benchmarks.declare.table import Row, as_objective
from benchmarks.declare.weight_sources import WEIGHT_SOURCES
from benchmarks.engine.collect import to_grid
from benchmarks.engine.content_ids import slug
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import Plan, PlannedRow, squeezed
from benchmarks.engine.score import Score
from benchmarks.engine.status import Status
from benchmarks.grid.model import Cell
from datasets.source_words import in_words
from losses.objective import Objective

IMAGES_SHOWN = 12


def explain(plan: Plan, row: PlannedRow, column: str) -> str:
    """Several lines of text about one cell of a table.

    Raises:
        UsageError: there is no such column; the message lists them.
    """
    i = _column(plan, column)
    grid = to_grid(plan)
    cell = grid.rows[plan.rows.index(row)].cells[i]
    if not row.scores[i]:
        raise UsageError(f"{row.name}, {grid.columns[i].name}: not implemented")
    score = row.scores[i][0]
    lines = [
        f"{plan.table.source}, {row.name}, {grid.columns[i].name}",
        "",
        *_numbers(cell, grid.columns[i].digits),
        "",
        *_declared(plan, row),
        "",
        *_provider(plan.status, score.provider),
        "",
        *_measured(plan.status, score),
    ]
    return "\n".join(lines)


def _column(plan: Plan, wanted: str) -> int:
    names = [column.name for column in plan.table.columns]
    known = list(map(squeezed, names))
    if squeezed(wanted) not in known:
        hint = nearest(wanted, names)
        raise UsageError(
            f"{plan.table.name} has no column {wanted!r}{hint}; it has {', '.join(names)}"
        )
    return known.index(squeezed(wanted))


def _numbers(cell: Cell, digits: int) -> Iterator[str]:
    yield f"the paper prints   {cell.paper}"
    if cell.values:
        ours = ", ".join(f"{value:.{digits + 3}f}" for value in cell.values)
        stale = " (stale: made by other code)" if cell.status == "stale" else ""
        yield f"measured here      {ours}{stale}"
    else:
        reason = {"pending": "not measured yet under this profile"}.get(cell.status, cell.status)
        yield f"measured here      nothing: {reason} {cell.detail}".rstrip()


def _declared(plan: Plan, row: PlannedRow) -> Iterator[str]:
    """What the paper file says about the row, and where each number in it comes from."""
    declared = row.row
    assert isinstance(declared, Row)
    yield f"declared in {plan.table.source}:"
    yield f"  network          {declared.network!r}"
    if declared.objective is not None:
        objective = as_objective(declared.objective)
        yield "  objective        " + _sum(objective)
        data = plan.table.training_data(declared)
        yield f"  trained on       {data!r}"
        yield "  choices:"
        found = [
            *choices(objective),
            *choices(plan.table.training(declared)),
            *choices(data),
        ]
        yield from (f"    {line}" for line in map(_choice, dict.fromkeys(found)))


def _sum(objective: Objective) -> str:
    return " + ".join(f"{float(w):g} x {term.symbol}" for w, term in objective.terms)


def _choice(choice: Choice) -> str:
    origin = {"paper": "paper, ", "cited": "cited: ", "assumed": "ASSUMED: "}[choice.source.kind]
    return f"{choice.where or 'weight'} = {choice.value}  ({origin}{choice.source.note})"


def _provider(status: Status, provider: Provider) -> Iterator[str]:
    """What is run under this profile, and what it needs."""
    yield f"run under profile {status.resolver.profile.name}:"
    yield f"  folder           {status.folder(provider).path}"
    if isinstance(provider, Released):
        source = WEIGHT_SOURCES.get(provider.file)
        yield f"  released weights {provider.file}{f'. {in_words(source)}' if source else ''}"
    if isinstance(provider, LastStep):
        yield "  measured         the weights of its last step, where it keeps the best"
        provider = provider.run
        yield f"  training in      {status.folder(provider).path}"
    if not isinstance(provider, Run):
        return
    state = status.state(provider)
    yield f"  state            {state.status}{f': {state.why}' if state.why else ''}"
    yield f"  objective        {provider.objective!r}"
    yield f"  data             {provider.data!r}"
    yield f"  training         {provider.training!r}, seed {provider.seed}"
    for dependency in dependencies(provider):
        role = "starts from" if dependency == provider.start else "needs"
        yield f"  {role:16} {slug(dependency)}-{status.ids.run_id(dependency)}"
    record = status.run_record(provider)
    if record:
        machine = record["machine"]
        yield (
            f"  made             in {record['seconds']} s on {machine['device']} "
            f"({machine['processor']}), torch {machine['torch']}, commit {machine['commit'] or '?'}"
        )


def _measured(status: Status, score: Score) -> Iterator[str]:
    """How it was measured, and the value of each image."""
    path = status.folder(score.provider).path / status.score_name(score)
    yield "measured:"
    yield f"  test data        {score.data!r}"
    yield f"  metric           {score.metric.note}"
    yield f"  evaluation       {score.evaluation}"
    for judge in dependencies(score.metric):
        yield f"  judge            {slug(judge)}-{status.ids.run_id(judge)}"
    yield f"  file             {path}"
    record = status.record(score)
    if record is None:
        yield "  images           not measured yet"
        return
    yield f"  images           {len(record['images'])}"
    pairs = list(zip(record["images"], record["values"], strict=True))
    for name, value in pairs[:IMAGES_SHOWN]:
        yield f"    {name:40} {_value(score, value)}"
    if len(pairs) > IMAGES_SHOWN:
        yield f"    ... and {len(pairs) - IMAGES_SHOWN} more in the file"


def _value(score: Score, value: object) -> str:
    """One image's own value; of a matrix of counts the metric of that image alone."""
    try:
        return f"{score.metric.summary([value]):.{score.metric.digits + 2}f}"
    except ValueError as error:  # it adds nothing to the metric
        return str(error)
