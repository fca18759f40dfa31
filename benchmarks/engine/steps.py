"""What a run of a plan would do and what stands in its way, for --plan and before the work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.declare.runs import Provider, Released, Run
from benchmarks.declare.tree import parts
from benchmarks.engine.content_ids import slug
from benchmarks.engine.plan import Plan, PlannedRow
from benchmarks.engine.progress import clock
from benchmarks.engine.sizes import too_small
from benchmarks.engine.status import Status
from datasets.images import DataError


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
    status, lines = plan.status, []
    for job in plan.jobs():
        if job.scores:
            continue
        what = f"{job.label}: {slug(job.provider)}"
        problems = dict.fromkeys(missing(status, job.provider, nested=False))
        try:
            name = f"{what}-{status.ids.run_id(job.provider)}"
        except DataError as error:  # without its data, what it needs has no identity
            problems |= {str(error): None}
        if problems:
            lines.append(Step("missing", what, problems=tuple(problems)))
        else:
            lines.append(_step(status, job.provider, name))
    lines += [line for row in plan.asked if (line := _measuring(status, row))]
    if problem := too_small(plan):
        lines.append(Step("missing", "test images that are large enough", problems=(problem,)))
    return lines


def nothing_can_be_made(plan: Plan) -> str:
    """What is missing, if that leaves no cell of those asked for; else ""."""
    first = ""
    for row in plan.rows:
        for column in filter(None, row.scores if row.asked else []):
            problems = list(missing(plan.status, column[0]))
            if not problems:
                return ""
            first = first or problems[0]
    return first


def missing(status: Status, node: Any, nested: bool = True) -> Iterator[str]:
    """Every data set and file that a run or a score wants and that is not there.

    nested: also what the runs behind it want, unless they are finished.
    """
    if isinstance(node, type):
        return
    try:
        if hasattr(node, "open"):
            status.ids.images(node)
        for file in weight_files(node):
            status.files.find(*file)
    except DataError as error:
        yield str(error)
    for _, part in parts(node):
        if not isinstance(part, Run | Released) or (nested and _unfinished(status, part)):
            yield from missing(status, part, nested)


def weight_files(node: Any) -> list[tuple[str, str]]:
    """Name and digest of the weights files that an object itself wants."""
    if isinstance(node, Released):
        return [(node.file, node.sha256)]
    return list(node.weight_files()) if hasattr(node, "weight_files") else []


def _unfinished(status: Status, provider: Provider) -> bool:
    try:
        return status.redo(status.state(provider)) or not isinstance(provider, Run)
    except DataError:
        return True


def _step(status: Status, provider: Provider, what: str) -> Step:
    if isinstance(provider, Released):
        path = status.files.find(provider.file, provider.sha256)
        return Step("ready", what, str(path))
    if not isinstance(provider, Run):
        return Step("ready", what, "nothing to train")
    state = status.state(provider)
    if not status.redo(state):
        note = f"; stale: {state.why}" if state.status == "stale" else ""
        return Step("cached", what, f"{status.folder(provider).path}{note}")
    action = {"partial": "resume", "stale": "retrain"}.get(state.status, "train")
    training = provider.training
    crop = int(training.crop)
    size = f"{int(training.steps)} steps of {int(training.batch)} crops of {crop}x{crop}"
    time = _expected_time(status, provider)
    return Step(action, what, f"{size}, {time}{f'; {state.why}' if state.why else ''}")


def _expected_time(status: Status, run: Run) -> str:
    """How long a training will take, in words: by finished ones, else by a rehearsal."""
    if (expected := status.expected(run)) is None:
        return "no timing of its kind yet"
    return f"about {clock(expected.seconds)}" + " on this machine, rehearsed" * expected.rehearsed


def _measuring(status: Status, row: PlannedRow) -> Step | None:
    """The line of the plan for those scores of a row that are not in the store."""
    scores = [score for column in row.scores for score in column]
    problems: dict[str, None] = {}
    for score in scores:
        problems |= dict.fromkeys(missing(status, (score.data, score.metric)))
    if problems:
        return Step("missing", f"{row.name}: to be measured", problems=tuple(problems))
    try:
        waiting = sum(status.redo(status.score_state(score)) for score in scores)
    except DataError as error:  # the training data, told above
        return Step("missing", row.name, problems=(str(error),))
    detail = f"{waiting} of {len(scores)} scores"
    return Step("measure", row.name, detail) if waiting else None
