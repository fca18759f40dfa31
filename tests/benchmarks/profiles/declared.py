"""Profiles and declarations of known sizes, for tests of how the one changes the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import tiny

from benchmarks.declare.runs import Network, Run
from benchmarks.declare.table import Row, Table
from benchmarks.declare.training import Adam, MultiStep, Training
from benchmarks.profiles.profile import Profile, Short, WarmUp
from benchmarks.profiles.resolve import Resolver
from losses.l1 import L1
from losses.objective import Objective, Term


def trained(table: Table) -> list[Row]:
    """The rows that take a training, once for each group of columns that has its own."""
    rows = [row for _, row in table.rows() if row.model is not None and row.trained]
    return [each for row in rows for each in table.trainings(row).values()]


DECLARED = Training(
    steps=1000,
    batch=64,
    crop=512,
    optimizer=Adam(1e-4, (0.8, 0.9), 0.01),
    schedule=MultiStep((250, 333), 0.3),
    augment="hflip",
)
SHORT = Short(steps=100, batch=8, crop=64, lr=0.5)
SHORTENED = Training(
    steps=100,
    batch=8,
    crop=64,
    optimizer=Adam(0.5, (0.8, 0.9), 0.01),
    schedule=MultiStep((25, 33), 0.3),
    augment="hflip",
)
WARMING = Training(steps=30, batch=16, crop=128, optimizer=Adam(0.25))


@dataclass(frozen=True)
class Sized(Term):
    """Keeps count of how it is scaled."""

    symbol: ClassVar[str] = "L_Sized"

    name: str = ""
    crop: Fraction = Fraction(1)
    batch: Fraction = Fraction(1)
    times: int = 0

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Term:
        return replace(self, crop=self.crop * crop, batch=self.batch * batch, times=self.times + 1)


def scaled_once(name: str, crop: int, batch: int) -> Sized:
    """As for crops and batches of one `crop`-th and one `batch`-th."""
    return Sized(name, Fraction(1, crop), Fraction(1, batch), 1)


def profile(warm: Training | None = None, **changes: Any) -> Profile:
    """Shortens every training to SHORT; `warm` is the recipe of a shared warm-up."""
    return replace(
        tiny.AS_DECLARED,
        training=lambda run: SHORT.of(run.training),
        warm_up=lambda run: None if warm is None else WarmUp(run.network, warm),
        **changes,
    )


def resolver(warm: Training | None = None, present: bool = False, **changes: Any) -> Resolver:
    return Resolver(profile(warm, **changes), lambda name: present)


def table(rows: list[Row], **changes: Any) -> Table:
    return replace(tiny.tiny_table(rows, training=DECLARED), **changes)


def row(label: str, objective: Objective | Term | None, model: Any = None, **changes: Any) -> Row:
    return Row(label, model or tiny.TinyDenoiser, objective, "1 2", **changes)


def training_of(network: Network) -> Run:
    """A declared training of a network, on data that no profile replaces."""
    return Run(network, 1.0 * L1(), tiny.tiny_table().train, DECLARED)


def run_of(resolving: Resolver, rows: list[Row], at: int, seed: int = 0, **changes: Any) -> Run:
    """The run of one of a table's rows."""
    run = resolving.run(table(rows, **changes), rows[at], seed)
    assert isinstance(run, Run)
    return run
