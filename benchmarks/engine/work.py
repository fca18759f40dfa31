"""What it takes to fill an exhibit: the steps, the jobs, the making, and the grid at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.table import Table
from benchmarks.engine.collect import pictures, to_grid
from benchmarks.engine.execute import Engine
from benchmarks.engine.graph import dependencies
from benchmarks.engine.plan import Job, Plan, PlannedRow
from benchmarks.engine.problems import Failed
from benchmarks.engine.progress import say
from benchmarks.engine.sizes import too_small
from benchmarks.engine.steps import Step, nothing_can_be_made, steps
from benchmarks.engine.store import StoreError
from benchmarks.grid.model import Grid
from benchmarks.metrics.metric import Metric
from datasets.images import DataError


class Work(ABC):
    """The work on one exhibit under a profile; by default there is nothing that a machine makes."""

    exhibit: Exhibit

    @abstractmethod
    def steps(self) -> list[Step]:
        """What making it would do, in order, and what stands in its way; makes nothing."""

    @abstractmethod
    def grid(self) -> Grid:
        """The exhibit with everything that is known."""

    def jobs(self) -> Iterator[Job]:
        """The pieces of work that processes could take one by one, each after what it needs."""
        return iter(())

    def make(self) -> None:  # noqa: B027 - some exhibits have nothing that a machine makes
        """Make what is missing.

        Raises:
            DataError: nothing at all of it can be made.
        """

    def pictures(self) -> list[tuple[str, Path]]:
        """Caption and file of one image per row, for a contact sheet."""
        return []

    def problems(self) -> list[str]:
        """Why numbers could not be made, each reason once and with the way out."""
        return []

    def complete(self, grid: Grid) -> bool:
        """Whether every cell that was asked of the machine has a number."""
        return True


class TableWork(Work):
    """The work on a table of results."""

    def __init__(self, plan: Plan, engine: Engine):
        self.exhibit: Table = plan.table
        self.plan = plan
        self.engine = engine

    def steps(self) -> list[Step]:
        """The lines of the plan: one per run and per row to be measured."""
        return steps(self.plan)

    def jobs(self) -> Iterator[Job]:
        """The trainings and measurements that the table takes; see `Plan.jobs`."""
        return self.plan.jobs()

    def make(self) -> None:
        """Make everything that was asked for; failures stay with their rows.

        Raises:
            DataError: nothing at all of it can be made, or a test image is too small.
        """
        if problem := nothing_can_be_made(self.plan):
            raise DataError(f"{self.exhibit.name} cannot be made: {problem}")
        if problem := too_small(self.plan):
            raise DataError(f"{self.exhibit.name} is not begun: {problem}")
        for job in self.jobs():
            self._do(job)
        for row in self.plan.asked:
            self._picture(row)

    def _do(self, job: Job) -> None:
        """Train or measure, unless that serves no column any more."""
        columns = self._measurable(job.row)
        if job.row.problem is not None or not columns:
            return
        try:
            if job.scores:
                scores = [score for score in job.scores if (score.data, score.metric) in columns]
                failed = self.engine.ensure_scores(scores, job.label)
                for i, column in enumerate(job.row.scores):
                    for score in filter(failed.__contains__, column):
                        job.row.unavailable[i] = failed[score]
            else:
                self.engine.ensure(job.provider, job.label, job.judge)
        except (Failed, DataError) as error:
            # A judge takes its columns, which know it already; a start takes every row that has it.
            if job.scores or job.provider in job.row.providers:
                job.row.problem = error

    def _picture(self, row: PlannedRow) -> None:
        """See that the picture for the contact sheet is there, where its numbers are."""
        status, shown = self.plan.status, row.scores[-1]
        if not shown or row.problem is not None:
            return
        try:
            if not status.redo(status.score_state(shown[0])):
                self.engine.ensure_picture(shown[0], row.name)
        except (Failed, DataError, StoreError) as error:  # the numbers are there without it
            say(f"{row.name}: no picture: {error}")

    def _measurable(self, row: PlannedRow) -> set[tuple[Any, Metric]]:
        """Data and metric of the columns whose test set and judge can be had; the judges are made.

        The others keep their reason.
        """
        found = set()
        for i, column in enumerate(row.scores):
            if not column or i in row.unavailable:
                continue
            try:
                self.plan.status.ids.images(column[0].data)
                for judge in dependencies(column[0].metric):
                    self.engine.ensure(judge, whole=True)
                found.add((column[0].data, column[0].metric))
            except (Failed, DataError) as error:
                row.unavailable[i] = error
        return found

    def grid(self) -> Grid:
        """What the store has of the table."""
        return to_grid(self.plan)

    def pictures(self) -> list[tuple[str, Path]]:
        """The first test image of the last column as every row restores it."""
        return pictures(self.plan)

    def problems(self) -> list[str]:
        """The problems of all rows of the table."""
        return [problem for row in self.plan.rows for problem in row.problems]

    def complete(self, grid: Grid) -> bool:
        """Whether every cell of the asked rows has a number."""
        rows = zip(self.plan.rows, grid.rows, strict=True)
        asked = [line for row, line in rows if row.asked]
        nothing = ("not implemented", "-")
        cells = [cell for line in asked for cell in line.cells if cell.status not in nothing]
        # What is computed from all rows was not asked for where only some were.
        if len(asked) < len(grid.rows):
            cells = [cell for cell in cells if cell.run_id or cell.status != "pending"]
        return all(cell.values for cell in cells)
