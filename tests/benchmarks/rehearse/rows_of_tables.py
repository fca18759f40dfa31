"""Runs of the papers' tables as the paper profile has them, and smaller ones of the same code."""

from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.declare.runs import Run
from benchmarks.declare.table import Table
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import make_plan
from benchmarks.engine.status import Status
from benchmarks.engine.store import Store
from benchmarks.engine.weights import WeightFiles
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import NARROW
from datasets.images import DataPaths


def status_of(out, profile=PAPER):
    return Status(
        store=Store(Path(out) / "runs"),
        ids=ContentIds(DataPaths(root=None, cache=Path(out) / "cache")),
        files=WeightFiles(None),
        resolver=Resolver(profile, lambda name: False),
        device=torch.device("cpu"),
    )


def plans(out, profile=PAPER):
    status = status_of(out, profile)
    tables = [t for t in TABLES.values() if isinstance(t, Table) and t.fillable]
    return {table.name: make_plan(table, status) for table in tables}


def runs(out, profile=PAPER):
    """Every training of every table, with those behind it, each once."""
    found = {}

    def add(provider):
        if provider not in found:
            found[provider] = None
            for dependency in dependencies(provider):
                add(dependency)

    for plan in plans(out, profile).values():
        for row in plan.rows:
            for provider in row.providers:
                add(provider)
    return [provider for provider in found if isinstance(provider, Run)]


def smaller(crop, batch=2):
    """The paper profile with smaller crops and batches, and networks as narrow as smoke's."""

    def training(run):
        sizes = {"crop": min(crop, int(run.training.crop)), "batch": batch}
        return run.training.shortened(int(run.training.steps), **sizes)

    narrow = {"features": "random", "feature_width": 1 / 8, "narrow": NARROW}
    return replace(PAPER, training=training, **narrow)
