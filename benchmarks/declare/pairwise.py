"""A square table of pairwise preferences: how often raters chose the row over the column."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.printed import check_line, read_numbers
from benchmarks.declare.table import Table
from benchmarks.grid.model import Cell, Grid, GridRow
from benchmarks.grid.model import Column as GridColumn


@dataclass(frozen=True)
class Pairwise(Exhibit):
    """A study in which raters choose between two methods' images.

    preferred: for each method the fractions with which it was preferred to the others, in the same
        order, `-` on the diagonal.
    of: the table whose groups are these methods.
    labels: which of its rows raters are shown, where a group has several.
    comparisons: how many answers are behind one fraction; None where the paper does not say.
    """

    name: str
    source: str
    caption: str
    preferred: dict[str, str]
    of: Table
    labels: dict[str, str] = field(default_factory=dict)
    comparisons: int | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for method, line in self.preferred.items():
            check_line(line, len(self.preferred), "methods", f"{self.name}, row {method!r}")

        rows = {(group, row.label) for group, row in self.of.rows()}
        for method in self.preferred:
            if self.shown(method) not in rows:
                raise DeclarationError(
                    f"{self.name}: {self.of.name} has no row {self.shown(method)}"
                )

    def shown(self, method: str) -> tuple[str, str]:
        """Group and label of the row of `of` whose images raters are shown."""
        return method, self.labels.get(method, "")

    @property
    def cells(self) -> int:
        """How many fractions the table has, without the diagonal."""
        return len(self.preferred) * (len(self.preferred) - 1)

    @property
    def runnable(self) -> int:
        """Zero: no machine can measure a preference."""
        return 0

    @property
    def fillable(self) -> bool:
        """True: the table takes raters' answers, and else what the paper prints."""
        return True

    @property
    def how_much(self) -> str:
        """What filling the table takes, in words for a list: raters."""
        return "needs raters"

    def printed(self) -> Grid:
        """The table as the paper prints it; a fraction is neither good nor bad of itself."""
        return Grid(
            name=self.name,
            source=self.source,
            title=self.caption,
            columns=[GridColumn("", method, method, 2, None) for method in self.preferred],
            rows=[
                GridRow(
                    group=method,
                    method=method,
                    label="",
                    cells=[Cell(n.text, status="needs raters") for n in read_numbers(line)],
                )
                for method, line in self.preferred.items()
            ],
            rank_within=None,
            notes=list(self.notes),
            bold_known=False,
            headers=("Chosen over the column", ""),
        )
