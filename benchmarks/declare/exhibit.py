"""What a paper shows with numbers in it: a table of results, speeds or preferences, or a figure.

How an exhibit is filled is no part of its declaration: `benchmarks.cli.session` knows the work.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from benchmarks.grid.model import Grid


class Exhibit(ABC):
    """What every declared exhibit answers.

    name: as the command line takes it. source: where the paper prints it. caption: what it shows.
    """

    name: str
    source: str
    caption: str

    # Whether it evaluates released weights on real data, so that no profile changes it.
    released: Any = False

    @property
    @abstractmethod
    def cells(self) -> int:
        """How many numbers it has."""

    @property
    @abstractmethod
    def runnable(self) -> int:
        """How many of its numbers the suite can measure, given data and weights."""

    @property
    def fillable(self) -> bool:
        """Whether `--table` can fill any of it."""
        return self.runnable > 0

    @property
    def how_much(self) -> str:
        """How much of it can be run, in words for a list."""
        known = {0: "not implemented", self.cells: "all"}
        return known.get(self.runnable, f"{self.runnable} cells")

    @property
    def chosen(self) -> tuple[Any, ...]:
        """The declared objects whose choices stand in its ledger."""
        return (self,)

    @abstractmethod
    def printed(self) -> Grid:
        """The exhibit as the paper prints it, and nothing else."""
