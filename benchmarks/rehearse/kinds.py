"""Which trainings are of one kind, so that a rehearsal of one of them says how all of them go."""

from __future__ import annotations

from inspect import signature

import torch
from torch import nn

from benchmarks.declare.runs import Network, Provider, Run
from benchmarks.declare.table import as_objective
from benchmarks.declare.tree import walk
from benchmarks.engine.content_ids import digest
from losses.d2sm import D2SM

_BATCH_NORMS = nn.modules.batchnorm._BatchNorm  # of any dimension; torch has no public name


def kind_of(run: Run) -> str:
    """Ten hex digits that trainings share whose steps do the same to the machine.

    The network, the terms and their settings, crop, batch, the type of the optimiser and the
    arithmetic count; the weights of terms, seeds, the number of steps, rates and what the data
    shows do not. The steps of a network that grows do count, for they say how long it is small.
    """
    terms = [repr(term) for _, term in as_objective(run.objective).terms]
    recipe = run.training
    sizes = [int(recipe.crop), int(recipe.batch)]
    arithmetic = [type(recipe.optimizer).__name__, recipe.precision, recipe.compiled]
    grows = "stages" in signature(run.network.architecture).parameters
    steps = [int(recipe.steps)] if grows else []
    return digest([repr(run.network), terms, sizes, arithmetic, *steps])


def least_images(run: Run) -> int:
    """How many images a step takes at least: two where they are compared or normalised together."""
    batch = int(run.training.batch)
    together = _compares(run) or any(_normalises(network) for network in _trained(run))
    return min(batch, 2 if together else 1)


def _compares(run: Run) -> bool:
    """Whether a term compares the images of a batch with each other."""
    found = walk(run.objective)
    return any(isinstance(part, D2SM) and part.window is None for part in found)


def _trained(run: Run) -> list[Network]:
    """The network, and those that a term trains itself; what a provider gives is in eval mode."""
    below = walk(run.objective, into=lambda part: not isinstance(part, Provider))
    return [run.network, *(part for part in below if isinstance(part, Network))]


def _normalises(network: Network) -> bool:
    with torch.device("meta"):
        return any(isinstance(module, _BATCH_NORMS) for module in network.build().modules())
