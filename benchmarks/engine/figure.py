"""The work on a figure: the trainings that it looks at, then the drawing, kept as a record.

Layout of `results/runs/figure-pdl_figure3-8b1f0c22d4/`:
    figure.json    the drawing as plain data, of which networks, by which code, on which machine
    failure.json   the traceback of the last attempt, if it failed
Its id is made of the view and of the networks' ids. A record that is damaged, that other code made,
or whose networks were trained again is made again as a score is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from benchmarks.declare.figure import Figure
from benchmarks.declare.runs import Provider, Run
from benchmarks.declare.tree import walk
from benchmarks.engine.collect import declared
from benchmarks.engine.content_ids import digest
from benchmarks.engine.execute import Engine
from benchmarks.engine.fact_words import Fact, data_words
from benchmarks.engine.facts import random_networks
from benchmarks.engine.freshness import changed, sources
from benchmarks.engine.graph import dependencies
from benchmarks.engine.machine import compute_threads, machine
from benchmarks.engine.plan import Job, Plan, make_plan
from benchmarks.engine.problems import Failed
from benchmarks.engine.progress import clock, say
from benchmarks.engine.sight import NetworkSight
from benchmarks.engine.status import State
from benchmarks.engine.steps import Step, missing, steps
from benchmarks.engine.store import RunFolder
from benchmarks.engine.training_facts import training_facts
from benchmarks.engine.work import Work
from benchmarks.grid.drawing import Drawing, as_json, from_json
from benchmarks.grid.model import Grid
from benchmarks.views.view import View
from datasets.images import DataError
from losses.exact_products import tensor_float32

SIGHT_MODULE = "benchmarks.engine.sight"
RECORD = "figure.json"
FIELDS = {
    "drawing": dict, "sources": dict, "weights": dict, "seconds": (int, float), "machine": dict,
}  # fmt: skip
STALE = (
    "Stale: drawn by other code, or of other weights, than the present; --refresh draws it again."
)


class FigureWork(Work):
    """The work on a figure.

    plans: one per table, of the rows that are looked at, none of which is measured.
    networks: what provides each label's network; labels of one training have become one label.
    problem: why there is no drawing, None while nothing has failed.
    """

    def __init__(self, figure: Figure, engine: Engine):
        self.exhibit: Figure = figure
        self.engine = engine
        self.status = engine.status
        self.view: View = self.status.resolver.resolve(figure.view)
        self.plans = [_looked_at(figure, n, engine) for n in range(len(figure.tables))]
        self.networks, self.merged = _distinct(self._declared_networks())
        self.problem: Failed | DataError | None = None

    def _declared_networks(self) -> dict[str, Provider]:
        """What provides the network of each of the figure's labels."""
        figure = self.exhibit
        rows = {id(row.row): row.providers[0] for plan in self.plans for row in plan.rows}
        return {label: rows[id(figure.row(label))] for label in figure.rows}

    # What the store has.

    @property
    def folder(self) -> RunFolder:
        """Where the record lies.

        Raises:
            DataError: data that is part of the identity is absent.
        """
        return self.status.store.folder(f"figure-{self.exhibit.name}", self._id())

    def _id(self) -> str:
        ids = self.status.ids
        networks = [[label, ids.run_id(network)] for label, network in self.networks.items()]
        return digest([ids.canonical(self.view), networks])

    def _record(self) -> tuple[dict[str, Any], Drawing] | None:
        """The record and its drawing; None where there is none or it was damaged."""
        folder = self.folder
        record = folder.read_record(RECORD, FIELDS, id=self._id())
        if record is None:
            return None
        try:
            return record, from_json(record["drawing"])
        except ValueError as error:
            folder.set_aside(RECORD, f"holds no drawing ({error})")
            return None

    def _state(self) -> State:
        """The state of the record; those of the trainings behind it are asked for on their own."""
        found = self._record()
        if found is None:
            return State("new")
        if modules := changed(found[0]["sources"], self._sources()):
            return State("stale", f"{', '.join(modules)} changed since")
        known, present = found[0]["weights"], self._weights()
        if any(sha256 and known.get(i) != sha256 for i, sha256 in present.items()):
            return State("stale", "a network that it shows was made again")
        return State("finished")

    def _providers(self) -> list[Provider]:
        """The shown networks, and those that the view itself looks through."""
        return list(dict.fromkeys([*self.networks.values(), *dependencies(self.view)]))

    def _weights(self) -> dict[str, str]:
        ids = self.status.ids
        return {ids.run_id(p): self.status.weights_digest(p) for p in self._providers()}

    def _sources(self) -> dict[str, str]:
        return sources((self.view, *self._providers()), SIGHT_MODULE)

    # What is to be done.

    def jobs(self) -> Iterator[Job]:
        """The trainings that it looks at, each after what it starts from."""
        for plan in self.plans:
            yield from plan.jobs()

    def steps(self) -> list[Step]:
        """The trainings, and the drawing."""
        lines = [line for plan in self.plans for line in steps(plan)]
        what = f"{self.exhibit.name}: {type(self.view).__name__}"
        if problems := tuple(dict.fromkeys(missing(self.status, self.view))):
            return [*lines, Step("missing", what, problems=problems)]
        try:
            state = self._state()
        except DataError as error:  # the training data, told above
            return [*lines, Step("missing", what, problems=(str(error),))]
        if self.status.redo(state):
            return [*lines, Step("draw", what, state.why)]
        return [*lines, Step("cached", what, str(self.folder.path / RECORD))]

    def make(self) -> None:
        """Train what is missing, look, and keep the drawing; a failure is kept as the problem.

        Raises:
            DataError: data or weights are absent, so that it cannot be drawn.
        """
        for node in (self.view, *self.networks.values()):
            if problem := next(missing(self.status, node), ""):
                raise DataError(f"{self.exhibit.name} cannot be drawn: {problem}")
        try:
            for job in self.jobs():
                self.engine.ensure(job.provider, job.label, job.judge)
            if not self.status.redo(self._state()):
                return
            folder = self.folder
            with folder.locked(), self.engine.recorded(folder, self.exhibit.name):
                if self.status.redo(self._state()):  # another process may have drawn it
                    self._draw(folder)
        except Failed as error:
            self.problem = error

    def _draw(self, folder: RunFolder) -> None:
        """Look, and write the record."""
        begun = time.monotonic()
        for provider in dependencies(self.view):
            self.engine.ensure(provider, whole=True)
        weights = self._weights()
        with compute_threads(self.status.resolver.profile.threads), tensor_float32(False):
            sight = NetworkSight(self.networks, self.status, self.engine)
            drawing = self.view.draw(sight)
            on = machine(self.status.device)
        seconds = time.monotonic() - begun
        ids = self.status.ids
        record = {
            "id": self._id(),
            "figure": self.exhibit.name,
            "view": repr(self.view),
            "networks": {label: ids.run_id(p) for label, p in self.networks.items()},
            "drawing": as_json(drawing),
            "weights": weights,
            "sources": self._sources(),
            "seconds": round(seconds, 1),
            "machine": on,
        }
        folder.write_json(RECORD, record)
        say(f"{self.exhibit.name}: drawn in {clock(seconds)}")

    # What is shown.

    def drawing(self) -> Drawing | None:
        """The stored drawing with what must be said of it; None where there is none."""
        try:
            found = self._record()
        except DataError:
            return None
        if found is None or self.problem is not None:
            return None
        stale = any(
            state.status == "stale"
            for state in [self._state(), *map(self.status.state, self._runs())]
        )
        notes = (*self.merged, *found[1].notes, *([STALE] if stale else []))
        return replace(found[1], notes=notes)

    def _runs(self) -> list[Run]:
        return [p for p in self._providers() if isinstance(p, Run)]

    def grid(self) -> Grid:
        """The numbers that the paper prints in it, with facts, ledger and notes of the figure."""
        grid = declared(self.exhibit, self.status.resolver.profile)
        return replace(
            grid, facts=self._facts(), notes=[*grid.notes, *self.exhibit.notes, *self.problems()]
        )

    def problems(self) -> list[str]:
        """Why there is no drawing."""
        return [f"{self.exhibit.name}: {self.problem}"] if self.problem else []

    def complete(self, grid: Grid) -> bool:
        """Whether there is a drawing, and all of it was made."""
        return self.drawing() is not None

    def _facts(self) -> list[Fact]:
        profile, figure = self.status.resolver.profile, self.exhibit
        shown = [
            f"{label}: {figure.row(label).label!r} of {figure.rows[label][0].source}"
            for label in figure.rows
        ]
        tests = [p for p in walk(self.view) if hasattr(p, "open") and not isinstance(p, type)]
        outermost = tests[:1]  # crops are named with what they are cut from
        found = [("profile", f"{profile.name}: {profile.summary}"), ("shown", self.view.note)]
        found += [("networks", "; ".join(shown))] if shown else []
        found += [fact for plan in self.plans for fact in training_facts(plan)]
        found += [("test data", data_words(self.status, data)) for data in outermost]
        found.append(("device", str(self.status.device)))
        if random := sorted(set(random_networks([self.view, *self.networks.values()]))):
            found.append(("random weights", ", ".join(random)))
        return found


def _looked_at(figure: Figure, n: int, engine: Engine) -> Plan:
    """The plan of one of the figure's tables, for the rows that are looked at; none is measured."""
    plan = make_plan(figure.tables[n], engine.status)
    wanted = {id(figure.row(label)) for label in figure.rows}
    rows = [replace(row, scores=[]) for row in plan.rows if id(row.row) in wanted]
    return replace(plan, rows=rows, references=[], measured=False)


def _distinct(networks: dict[str, Provider]) -> tuple[dict[str, Provider], tuple[str, ...]]:
    """The networks with one label each, and a note for labels that are one training.

    A profile may make two declarations one, such as two sizes that shrink to the same.
    """
    labels: dict[Provider, list[str]] = {}
    for label, network in networks.items():
        labels.setdefault(network, []).append(label)
    notes = tuple(
        f"In this profile {' and '.join(names)} are one and the same training: one line shows them."
        for names in labels.values()
        if len(names) > 1
    )
    return {" and ".join(names): network for network, names in labels.items()}, notes
