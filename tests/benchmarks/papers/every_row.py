"""Every row of every table as smoke trains it, and batches for it in double precision."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from benchmarks.declare.runs import Run
from benchmarks.declare.table import Table
from benchmarks.declare.tree import walk
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.profile import Profile
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.images import Images
from datasets.sampling import TrainingSamples, batches
from losses.local_resources import LocalResources
from losses.objective import Term

BATCH = 4


class Untrained(LocalResources):
    """Networks and judges with random weights, the same each time."""

    def fresh(self, network: Any) -> torch.nn.Module:
        return network.build().to(self.device)

    def frozen(self, network: Any) -> torch.nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            return super().frozen(network.network)


def rows(profile: Profile = SMOKE) -> Iterator[Run]:
    """The training of each row of any table, as a profile has it."""
    resolver = Resolver(profile, lambda name: False)
    tables = [table for table in TABLES.values() if isinstance(table, Table) and table.fillable]
    for table in tables:
        rows = [part for _, row in table.rows() for part in table.trainings(row).values()]
        for row in (row for row in rows if row.model is not None):
            provider = resolver.run(table, row, 0)
            run = getattr(provider, "run", provider)
            if isinstance(run, Run):
                yield run


def every_training() -> dict[tuple[str, tuple[str, ...]], Run]:
    """A row's training for each network and set of kinds of terms in any table."""
    found: dict[tuple[str, tuple[str, ...]], Run] = {}
    for run in rows():
        kinds = {type(part).__name__ for part in walk(run.objective) if is_term(part)}
        found.setdefault((run.network.name, tuple(sorted(kinds))), run)
    return found


def is_term(part: Any) -> bool:
    return isinstance(part, Term)


def drawn(run: Run, images: Images, steps: int = 2) -> list[dict[str, Tensor]]:
    """The first batches of a training, in double precision."""
    recipe = run.training
    samples = TrainingSamples(run.data, images, int(recipe.crop), recipe.augment, 0)
    return [
        {name: x.double() if x.is_floating_point() else x for name, x in batch.items()}
        for batch in batches(samples, BATCH, 0, steps, workers=0)
    ]
