"""The caption of a table: what was run, in words that a reader of the paper knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from benchmarks.declare.runs import Network, Provider, Released, Run
from benchmarks.declare.table import as_objective
from benchmarks.declare.training import Best
from benchmarks.declare.tree import parts, walk
from benchmarks.engine.content_ids import base_data
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import Plan, PlannedRow
from benchmarks.engine.progress import clock
from benchmarks.engine.score import Score
from benchmarks.engine.status import Status
from benchmarks.engine.term_facts import term_facts
from datasets.images import DataError
from losses.adversarial import Adversarial
from losses.balanced import unweighed
from losses.objective import Objective

Fact = tuple[str, str]


def facts(plan: Plan) -> list[Fact]:
    """Profile, data, trainings, seeds, evaluation, judges, device and random weights of a table."""
    profile, table = plan.status.resolver.profile, plan.table
    runs = [p for row in plan.rows for p in row.providers if isinstance(p, Run)]
    scores = [s for row in plan.rows for column in row.scores for s in column]
    tests = dict.fromkeys(_data(plan.status, base_data(s.data)) for s in scores)
    seeds = ", ".join(map(str, plan.seeds)) + (" (one run: no ±)" if len(plan.seeds) == 1 else "")
    if any(not row.asked for row in plan.rows) and len(plan.seeds) > 1:
        seeds += " where ± stands, else the first"
    found = [] if table.released else [("profile", f"{profile.name}: {profile.summary}")]
    found += [
        *_training(plan, runs),
        ("test data", "; ".join(tests)),
        ("seeds", seeds),
        ("evaluation", str(table.protocol.evaluation)),
        *dict.fromkeys((s.metric.symbol, s.metric.note) for s in scores),
        *_judges(scores),
        ("device", str(plan.status.device)),
    ]
    if profile.comparable and not table.released and (time := _time(plan)):
        found.append(("time", time))
    if random := sorted(set(_random_networks([*runs, *scores]))):
        found.append(("random weights", ", ".join(random)))
    return found


def _time(plan: Plan) -> str:
    """How long the trainings and measurements behind the table took, each counted once."""
    status, seen = plan.status, set[Provider]()
    waiting: list[Any] = [
        score for row in plan.references + plan.rows for column in row.scores for score in column
    ]
    try:
        scores = {score: status.record(score) for score in waiting}
    except DataError:  # of data that is absent nothing can be found
        return ""
    while waiting:
        fresh = set(dependencies(waiting.pop())) - seen
        seen |= fresh
        waiting += fresh
    runs = [status.run_record(run) for run in seen if isinstance(run, Run)]
    passes: dict[Any, float] = {}
    for score, record in scores.items():
        if record is not None:  # the metrics of a pass share its time
            passes[score.network_pass] = max(record["seconds"], passes.get(score.network_pass, 0))
    records = [r for r in (*runs, *scores.values()) if r is not None]
    if not records:
        return ""
    machines = dict.fromkeys(
        f"{r['machine']['processor']} with {r['machine']['threads']} thread(s)" for r in records
    )
    trained = sum(r["seconds"] for r in runs if r is not None)
    return (
        f"{clock(trained)} of training and {clock(sum(passes.values()))} of measuring, on "
        + " and ".join(machines)
    )


def _training(plan: Plan, runs: list[Run]) -> list[Fact]:
    """What the rows were trained with, from where, and what became smaller with the crop."""
    if not runs:
        return []
    found = [
        ("training data", _data(plan.status, base_data(runs[0].data), repr(runs[0].data))),
        ("training", _recipes(runs)),
    ]
    chosen = dict.fromkeys(_choice(plan, run.training.keep) for run in runs)
    found += [("checkpoint", words) for words in chosen if words]
    found += _starts(plan, runs)
    if sizes := dict.fromkeys(size for row in plan.rows for size in _shrunk_sizes(row)):
        found.append(("sizes that follow crop and batch", "; ".join(sizes)))
    return found + term_facts(plan)


def _starts(plan: Plan, runs: list[Run]) -> Iterator[Fact]:
    """From which weights the rows start, where these are not their networks' initialisations."""
    starts = dict.fromkeys(run.start for run in runs if run.start is not None)
    if not starts:
        return
    words = "; ".join(_start(plan.status, start) for start in starts)
    yield "start of every row", f"{words}; the paper trains from scratch"
    if any(isinstance(p, Adversarial) for run in runs for p in walk(run.objective)):
        yield "discriminators", "start from their initialisation, beside networks that do not"


def _start(status: Status, start: Provider) -> str:
    if not isinstance(start, Run):
        file = f" {start.file}" if isinstance(start, Released) else ""
        return f"{start.network!r}: the released weights{file}"
    text = f"{start.network!r}: a shared training, {_recipes([start])}"
    change = _last_fifth(status.log(start), as_objective(start.objective))
    normalised = "; batch-normalised, with the statistics of that training"
    return (
        text
        + ("" if change is None else f", its loss {change:+.1%} from its fourth fifth to its last")
        + (normalised if _batch_normalised(start.network) else "")
    )


def _last_fifth(log: list[dict[str, Any]], objective: Objective) -> float | None:
    """How the mean loss of the last fifth of a training differs from that of the fifth before."""
    weights = {
        name: float(w) for name, (w, _) in zip(objective.names, objective.terms, strict=True)
    }
    losses = [
        sum(w * line[name] for name, w in weights.items())
        for line in log
        if all(isinstance(line.get(name), float) for name in weights)
    ]
    fifth = len(losses) // 5
    if not fifth:
        return None
    before, last = losses[-2 * fifth : -fifth], losses[-fifth:]
    return sum(last) / sum(before) - 1 if sum(before) else None


def _batch_normalised(network: Network) -> bool:
    with torch.device("meta"):
        layers = network.build().modules()
    return any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in layers)


def _choice(plan: Plan, keep: str | Best) -> str:
    """How the weights were chosen among those of a training; "" for the last ones."""
    if not isinstance(keep, Best):
        return ""
    where = _data(plan.status, base_data(keep.data), repr(keep.data))
    tests = {base_data(s.data) for row in plan.rows for column in row.scores for s in column}
    own = "; CHOSEN ON THE TEST IMAGES" if base_data(keep.data) in tests else ""
    return f"the best {keep.metric.symbol} on {where}, every {int(keep.every)} steps{own}"


def _data(status: Status, data: Any, name: str = "") -> str:
    """A data set and its images in words, such as `Kodak24(), 12 of 24 images`."""
    text = name or repr(data)
    try:
        images = status.ids.images(data)
    except DataError:
        return f"{text}, not there"
    expected = images.expected
    count = f"{len(images)} of {expected}" if expected and expected != len(images) else len(images)
    but = f" ({images.unofficial})" if images.unofficial else ""
    return f"{text}, {count} images{but}"


def _recipes(runs: list[Run]) -> str:
    """Steps, batch and crop of the runs, each distinct recipe once."""
    recipes = dict.fromkeys(run.training for run in runs)
    return "; ".join(
        f"{int(t.steps)} steps of {int(t.batch)} crops of {int(t.crop)}x{int(t.crop)}, "
        f"{type(t.optimizer).__name__} with lr {float(t.optimizer.lr):g}"
        for t in recipes
    )


def _shrunk_sizes(row: PlannedRow) -> Iterator[str]:
    """Sizes that the profile made smaller, such as `L_D2SM: window 16 for the declared 224`."""
    if row.row is None or row.row.objective is None or not isinstance(row.providers[0], Run):
        return
    declared = as_objective(row.row.objective).terms
    used = as_objective(row.providers[0].objective).terms
    for (_, term), (_, smaller) in zip(declared, used, strict=True):
        smaller = unweighed(smaller)
        sizes = [
            f"{name} {new} for the declared {old}"
            for (name, old), (_, new) in zip(parts(term), parts(smaller), strict=True)
            if isinstance(old, int) and old != new and name not in ("crop", "batch")
        ]
        if sizes:
            yield f"{smaller.symbol}: {', '.join(sizes)}"


def _judges(scores: list[Score]) -> Iterator[Fact]:
    for judge in dict.fromkeys(j for s in scores for j in dependencies(s.metric)):
        trained = f", trained here: {_recipes([judge])}" if isinstance(judge, Run) else ""
        if isinstance(judge, Released):
            trained = f", released weights {judge.file}"
        yield "judge", f"{judge.network!r}{trained}"


def _random_networks(node: Any) -> Iterator[str]:
    """Names of feature networks with random weights under an object."""
    for part in walk(node):
        if getattr(part, "weights", None) == "random":
            width = getattr(part, "width", 1)
            share = f" with {width:g} of its channels" if width != 1 else ""
            kind = type(part).__name__
            name = getattr(part, "network", None) or f"{kind}'s {getattr(part, 'net', 'Inception')}"
            yield f"{name}{share}"
