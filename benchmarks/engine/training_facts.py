"""What the rows of a table were trained with and from where, and the time it took, for captions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from benchmarks.declare.runs import Network, Provider, Released, Run
from benchmarks.declare.table import Row, as_objective
from benchmarks.declare.training import Best, Probe
from benchmarks.declare.tree import parts, walk
from benchmarks.engine.content_ids import base_data
from benchmarks.engine.fact_words import Fact, arithmetic_words, data_words, recipe_words
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import Plan, PlannedRow
from benchmarks.engine.progress import clock
from benchmarks.engine.status import Status
from benchmarks.engine.term_facts import term_facts, term_pairs
from datasets.images import DataError
from losses.adversarial import Adversarial
from losses.balanced import unweighed
from losses.objective import Objective
from losses.wasserstein import Wasserstein


def training_facts(plan: Plan) -> list[Fact]:
    """What the rows were trained with, from where, and what became smaller with the crop."""
    runs = [p for row in plan.rows for p in row.providers if isinstance(p, Run)]
    if not runs:
        return []
    data = dict.fromkeys(run.data for run in runs)
    words = (data_words(plan.status, base_data(one), repr(one)) for one in data)
    found = [("training data", "; ".join(words)), ("training", recipe_words(runs))]
    chosen = dict.fromkeys(_choice(plan, run.training.keep) for run in runs)
    found += [("checkpoint", words) for words in chosen if words]
    found += [
        ("arithmetic", words) for words in dict.fromkeys(map(arithmetic_words, runs)) if words
    ]
    probes = dict.fromkeys(run.training.probe for run in runs if run.training.probe is not None)
    found += [("looked at", _probe_words(plan, probe)) for probe in probes]
    found += _starts(plan)
    if sizes := dict.fromkeys(size for row in plan.rows for size in _shrunk_sizes(row)):
        found.append(("sizes that follow crop and batch", "; ".join(sizes)))
    return found + term_facts(plan)


def _starts(plan: Plan) -> Iterator[Fact]:
    """From which weights rows start, where these are not their networks' initialisations."""
    by_network: dict[Network, dict[Provider, None]] = {}
    declared = []
    for row in plan.rows:
        if (start := _declared_start(row)) is not None:
            declared.append(f"{row.name} from the weights of {_named(plan, start)}")
            continue
        for run in row.providers:
            if isinstance(run, Run) and run.start is not None:
                by_network.setdefault(run.start.network, {})[run.start] = None
    if by_network:
        words = "; ".join(_start(plan.status, list(starts)) for starts in by_network.values())
        yield "start of every row", f"{words}; the paper trains from scratch"
    if declared:
        yield "start of a row", "; ".join(declared)
    others = {
        f"{run.network!r} instead of {row.row.network!r}": None
        for row in plan.rows
        if row.row is not None
        for run in row.providers
        if isinstance(run, Run) and run.network != row.row.network
    }
    if others:
        yield "other networks", "; ".join(others)
    runs = [p for row in plan.rows for p in row.providers if isinstance(p, Run) and p.start]
    kinds = Adversarial | Wasserstein
    if any(isinstance(part, kinds) for run in runs for part in walk(run.objective)):
        yield "discriminators", "start from their initialisation, beside networks that do not"


def _declared_start(row: PlannedRow) -> Row | Released | None:
    """What a row declares to start from, unless a shared training takes that file's place."""
    start = None if row.row is None else row.row.start
    runs = [run for run in row.providers if isinstance(run, Run)]
    taken = isinstance(start, Row) or any(run.start == start for run in runs)
    return start if taken else None


def _named(plan: Plan, start: Row | Released) -> str:
    """What the weights are called that a row starts from."""
    if isinstance(start, Released):
        return f"{start.file} in {start.part}" if start.part else start.file
    return next((row.name for row in plan.rows if row.row is start), start.label)


def _start(status: Status, starts: list[Provider]) -> str:
    """The start of a network's rows, one for each seed where it was trained here."""
    first, runs = starts[0], [start for start in starts if isinstance(start, Run)]
    if not isinstance(first, Run):
        file = f" {first.file}" if isinstance(first, Released) else ""
        return f"{first.network!r}: the released weights{file}"
    counts = {"training set": {run.data for run in runs}, "seed": {run.seed for run in runs}}
    several = " and ".join(what for what, found in counts.items() if len(found) > 1)
    each = f"a shared training for each {several}" if several else "a shared training"
    text = f"{first.network!r}: {each}, {recipe_words(runs)}"
    changes = [_last_fifth(status.log(run), as_objective(run.objective)) for run in runs]
    if known := ", ".join(f"{change:+.1%}" for change in changes if change is not None):
        text += (
            f", its loss {known} from its fourth fifth to its last, the fall of its rate included"
        )
    if _batch_normalised(first.network):
        text += "; batch-normalised, with the statistics of that training"
    return text


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


def _probe_words(plan: Plan, probe: Probe) -> str:
    """What a probe measures, where and how often."""
    where = data_words(plan.status, base_data(probe.data), repr(probe.data))
    return f"{probe.metric.symbol} on {where}, every {int(probe.every)} steps"


def _choice(plan: Plan, keep: str | Best) -> str:
    """How the weights were chosen among those of a training; "" for the last ones."""
    if not isinstance(keep, Best):
        return ""
    tests = {base_data(s.data) for row in plan.rows for column in row.scores for s in column}
    own = "; CHOSEN ON THE TEST IMAGES" if base_data(keep.data) in tests else ""
    return f"the best {_probe_words(plan, keep)}{own}"


def _shrunk_sizes(row: PlannedRow) -> Iterator[str]:
    """Sizes that the profile made smaller, such as `L_D2SM: window 16 for the declared 224`."""
    for term, used in term_pairs(row):
        smaller = unweighed(used)
        sizes = [
            f"{name} {new} for the declared {old}"
            for (name, old), (_, new) in zip(parts(term), parts(smaller), strict=True)
            if isinstance(old, int) and old != new and name not in ("crop", "batch")
        ]
        if sizes:
            yield f"{smaller.symbol}: {', '.join(sizes)}"


def time_facts(plan: Plan) -> Iterator[Fact]:
    """How long the trainings and measurements behind a table took, each counted once."""
    status, seen = plan.status, set[Provider]()
    lines = plan.references + plan.rows
    waiting: list[Any] = [score for row in lines for column in row.scores for score in column]
    spent: dict[Any, float] = {}
    records = []
    for score in waiting:
        record = _found(status.record, score)
        if record is not None:  # metrics of one pass have one time
            spent[score.network_pass, record["seconds"]] = record["seconds"]
            records.append(record)
    while waiting:
        fresh = set(dependencies(waiting.pop())) - seen
        seen |= fresh
        waiting += fresh
    trained = [r for p in seen if isinstance(p, Run) and (r := _found(status.run_record, p))]
    machines = dict.fromkeys(
        f"{r['machine']['processor']} with {r['machine']['threads']} thread(s)"
        for r in trained + records
    )
    if machines:
        training = clock(sum(record["seconds"] for record in trained))
        measuring = clock(sum(spent.values()))
        where = " and ".join(machines)
        yield "time", f"{training} of training and {measuring} of measuring, on {where}"


def _found(read: Callable[[Any], dict[str, Any] | None], node: Any) -> dict[str, Any] | None:
    """What the store has of a run or a score; nothing where its data is absent."""
    try:
        return read(node)
    except DataError:
        return None
