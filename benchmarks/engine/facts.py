"""The caption of a table: what was run, in words that a reader of the paper knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.declare.runs import Released, Run
from benchmarks.declare.tree import walk
from benchmarks.engine.content_ids import base_data
from benchmarks.engine.fact_words import Fact, data_words, recipe_words
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import Plan
from benchmarks.engine.score import Score
from benchmarks.engine.training_facts import time_facts, training_facts


def facts(plan: Plan) -> list[Fact]:
    """Profile, data, trainings, seeds, evaluation, judges, device and random weights of a table."""
    profile, table = plan.status.resolver.profile, plan.table
    runs = [p for row in plan.rows for p in row.providers if isinstance(p, Run)]
    scores = [s for row in plan.rows for column in row.scores for s in column]
    tests = dict.fromkeys(data_words(plan.status, base_data(s.data)) for s in scores)
    seeds = ", ".join(map(str, plan.seeds)) + (" (one run: no ±)" if len(plan.seeds) == 1 else "")
    if any(not row.asked for row in plan.rows) and len(plan.seeds) > 1:
        seeds += "; of rows that were not asked for those that are there"
    found = [] if table.released else [("profile", f"{profile.name}: {profile.summary}")]
    found += [
        *training_facts(plan),
        ("test data", "; ".join(tests)),
        ("seeds", seeds),
        ("evaluation", str(table.protocol.evaluation)),
        *dict.fromkeys((s.metric.symbol, s.metric.note) for s in scores),
        *_judges(scores),
        ("device", str(plan.status.device)),
    ]
    if profile.comparable and not table.released:
        found += time_facts(plan)
    if random := sorted(set(random_networks([*runs, *scores]))):
        found.append(("random weights", ", ".join(random)))
    return found


def _judges(scores: list[Score]) -> Iterator[Fact]:
    for judge in dict.fromkeys(j for s in scores for j in dependencies(s.metric)):
        trained = f", trained here: {recipe_words([judge])}" if isinstance(judge, Run) else ""
        if isinstance(judge, Released):
            trained = f", released weights {judge.file}"
        yield "judge", f"{judge.network!r}{trained}"


def random_networks(node: Any) -> Iterator[str]:
    """Names of feature networks with random weights under an object."""
    for part in walk(node):
        if getattr(part, "weights", None) == "random":
            width = getattr(part, "width", 1)
            share = f" with {width:g} of its channels" if width != 1 else ""
            kind = type(part).__name__
            name = getattr(part, "network", None) or f"{kind}'s {getattr(part, 'net', 'Inception')}"
            yield f"{name}{share}"
