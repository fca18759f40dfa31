"""How a row's gradient for the network's weights differs from float32's in another precision."""

from dataclasses import replace
from functools import cache
from typing import NamedTuple

import torch

from benchmarks.declare.runs import Network
from benchmarks.declare.table import Table, as_objective, name_of
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.train import Trainee
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.images import DataPaths
from datasets.sampling import TrainingSamples, batches
from losses.local_resources import LocalResources


class Agreement(NamedTuple):
    """cosine: of the two gradients. error: norm of their difference, of float32's gradient.

    rounded: cosine of float32's gradient and that of the same step, in float32, from weights that
        were rounded to bfloat16: what the gradient itself makes of such differences.
    """

    cosine: float
    error: float
    rounded: float


class Untrained(LocalResources):
    """Judges, aligners and teachers as they are initialised: no run need be made for a gradient."""

    def frozen(self, network):
        torch.manual_seed(4)
        return super().frozen(network.network.build())

    def fresh(self, network):
        return super().fresh(network.build() if isinstance(network, Network) else network)


def rows():
    """One row of each network with each sum of terms, as smoke runs it, by table and name."""
    found, seen = {}, set()
    resolver = Resolver(SMOKE, lambda name: False)
    for name, table in TABLES.items():
        if not isinstance(table, Table) or not table.runnable or table.released:
            continue
        for group, row in table.rows():
            for each in table.trainings(row).values() if row.trained else ():
                run = resolver.run(table, each, 0)
                run = getattr(run, "run", run)  # of the weights of a last step
                terms = tuple(type(term) for _, term in as_objective(run.objective).terms)
                if (kind := (run.network, terms)) not in seen:
                    seen.add(kind)
                    found[f"{name}: {name_of(group, row)}"] = run
    return found


@cache
def first_batch(data, training, seed, paths):
    """The batch of the first step."""
    images = ContentIds(paths).images(data)
    samples = TrainingSamples(data, images, int(training.crop), training.augment, seed)
    return next(batches(samples, int(training.batch), 0, 1, workers=0))


def gradient(run, precision, cache, rounded=False):
    """That of the first step from the network's initialisation, one vector, on the CPU.

    Args:
        cache: the folder in which decoded images are kept.
        rounded: whether the weights are rounded to bfloat16 first.
    """
    training = replace(run.training, precision=precision)
    trainee = Trainee(replace(run, training=training, start=None), Untrained(), None)
    trainee.objective.rests = lambda: False  # whether or not the network makes a step of it
    if rounded:
        with torch.no_grad():
            for weight in trainee.network.parameters():
                weight.copy_(weight.bfloat16())
    batch = first_batch(run.data, run.training, run.seed, DataPaths(None, cache))
    trainee.advance(dict(batch))
    given = [p.grad for p in trainee.network.parameters() if p.grad is not None]
    return torch.cat([grad.flatten() for grad in given]).double()


def agreement(run, precision, cache):
    """How the gradient in that precision stands to float32's."""
    exact, other = (gradient(run, each, cache) for each in ("float32", precision))
    error = float((other - exact).norm() / exact.norm())
    return Agreement(
        _cosine(exact, other), error, _cosine(exact, gradient(run, "float32", cache, True))
    )


def _cosine(a, b):
    return float(torch.cosine_similarity(a, b, dim=0))
