"""The one table model that every report renders: plain data, no torch, no store.

A row is a trained network and a column a metric on a test set, however the paper lays them out.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

from benchmarks.grid.choice import LedgerEntry
from benchmarks.grid.precision import rounded

RankScope = Literal["group", "column"]
Layout = Literal["rows", "transposed", "paired"]
Role = Literal["method", "input", "reference", "best"]
MEASURED = ("ok", "stale")
STAND_IN = "◊"


@dataclass(frozen=True)
class Column:
    """One measured quantity.

    group: what the paper prints above several columns, such as "σ=25" or a data set.
    label: what it prints above this one, such as "MIoU (%)"; metric: the metric's name.
    digits: decimals of the printed numbers, and so of ours.
    higher_is_better: None where a number is neither good nor bad.
    stand_in: what takes the place of the metric's absent weights, such as "random weights"; its
        numbers are not held against the paper's. Empty where nothing does.
    other_set: why the images that were measured are not the paper's test set, such as "Kodak24()
        in the place of DIV2K('valid')"; such numbers have an order that can be held against the
        paper's, and values that cannot. Empty where nothing speaks against them.
    """

    group: str
    label: str
    metric: str
    digits: int
    higher_is_better: bool | None
    stand_in: str = ""
    other_set: str = ""

    @property
    def name(self) -> str:
        """The column's name as on the command line: `σ=25 PSNR`."""
        return f"{self.group} {self.metric}".strip()

    @property
    def heading(self) -> str:
        """The metric with the direction in which it gets better."""
        return f"{self.metric}{STAND_IN if self.stand_in else ''}{self._arrow}"

    @property
    def printed_heading(self) -> str:
        """The paper's words with the direction in which it gets better."""
        return f"{self.label}{self._arrow}".strip()

    @property
    def _arrow(self) -> str:
        return {True: " ↑", False: " ↓", None: ""}[self.higher_is_better]


@dataclass(frozen=True)
class Cell:
    """One number of the paper and what this suite has for it.

    paper: as printed; None or "-" where the paper prints none.
    paper_rank, paper_bold, paper_mark: what the paper prints with it; the mark stands behind the
        rank, such as "*".
    trained: whether the values are of trainings, of which others would give others.
    values: one per seed, unrounded; there exactly if `status` is "ok" or "stale".
    replicates: the mean over seeds as it would be with other test images: one value per bootstrap
        sample of the images. Cells of the same images share their samples, so that differences of
        replicates are paired.
    status: "ok", "stale" (made by other code), "failed", "needs" (`detail` names the missing
        file), "pending", "not implemented", or another word to be printed instead of a number.
    n_images, expected_images: how many test images were measured, and how many the test set has.
    answers: of a fraction of raters' answers, how many there are.
    """

    paper: str | None = None
    paper_rank: int | None = None
    paper_bold: bool = False
    paper_mark: str = ""
    trained: bool = False
    values: tuple[float, ...] = ()
    replicates: tuple[float, ...] = ()
    status: str = "pending"
    detail: str = ""
    run_id: str = ""
    score_id: str = ""
    n_images: int | None = None
    expected_images: int | None = None
    answers: int | None = None

    def __post_init__(self) -> None:
        if bool(self.values) != (self.status in MEASURED):
            raise ValueError(
                f"a cell has values if its status is 'ok' or 'stale', and only then; this one is "
                f"{self.status!r} with {len(self.values)} values"
            )
        if any(math.isnan(value) for value in self.values):
            raise ValueError("NaN is not a result: give the cell the status 'failed'")

    @property
    def printed(self) -> Decimal | None:
        """The paper's number with its printed decimals; None for `-` and for words."""
        try:
            number = Decimal(self.paper or "")
        except InvalidOperation:
            return None
        return number if number.is_finite() else None

    @property
    def mean(self) -> float | None:
        """The mean over seeds, unrounded."""
        return math.fsum(self.values) / len(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation over seeds; None below two, or where one is infinite."""
        if len(self.values) < 2 or not all(map(math.isfinite, self.values)):
            return None
        return statistics.stdev(self.values)

    @property
    def partial(self) -> bool:
        """Whether a part of the test set is missing from the value."""
        known = self.n_images is not None and self.expected_images is not None
        return bool(self.values) and known and self.n_images < self.expected_images  # type: ignore[operator]

    def shown(self, digits: int) -> Decimal | None:
        """Our number at printed precision."""
        return None if self.mean is None else rounded(self.mean, digits)


@dataclass(frozen=True)
class GridRow:
    """A method with one cell per column.

    group: the block within which it is ranked; method, label: the two columns of words before
    the numbers.
    role: "method" for what is compared; "input" (the degraded image), "reference" (the clean one)
        and "best" (the best value of each column) are printed and not ranked.
    """

    group: str
    method: str
    label: str
    cells: list[Cell]
    note: str = ""
    role: Role = "method"

    @property
    def key(self) -> str:
        """The row's name as on the command line: `FFDNet / + L_SSIM`."""
        return " / ".join(word for word in (self.group, self.label) if word)

    @property
    def name(self) -> str:
        """Method and label in one line; a label `-` says nothing."""
        return self.method if self.label in ("", "-") else f"{self.method} {self.label}".strip()


@dataclass(frozen=True)
class Plot:
    """Two columns against each other, a point per method.

    x, y: names of columns, such as `sigma=50 PSNR`. joined: whether a line joins a group's rows.
    """

    x: str
    y: str
    joined: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of a paper with everything that is said under it.

    rank_within: "group" (rows of one group, per column), "column" (all rows), or None for no ranks.
    bold_known: False where the transcription lost which numbers are set in bold.
    watermark: printed at the top if not empty; comparable: whether differences to the paper mean
        anything.
    facts: what was run: profile, data, steps, seeds, test images, device, random weights.
    references: rows of our own with the same columns, such as the noisy input; never ranked.
    ledger_note: what must be known about the ledger as a whole.
    plot: what is drawn of it, if anything is.
    picture: file name of a contact sheet beside the table, "" for none.
    headers: what stands above the two columns of words.
    base: the label of the row of each group from which the others' distance is shown; "" for none.
    spreads: what these distances are shown with, see `benchmarks.grid.moves`.
    layout: "rows"; "transposed", where the paper prints methods as columns; "paired", where it
        prints the rows of a group side by side under each column.
    """

    name: str
    source: str
    title: str
    columns: list[Column]
    rows: list[GridRow]
    rank_within: RankScope | None = "group"
    profile: str = ""
    watermark: str = ""
    comparable: bool = True
    facts: list[tuple[str, str]] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    references: list[GridRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    layout: Layout = "rows"
    headers: tuple[str, str] = ("Method (backbone)", "Objective")
    bold_known: bool = True
    plot: Plot | None = None
    picture: str = ""
    ledger_note: str = ""
    base: str = ""
    spreads: tuple[GridRow, ...] = ()

    def __post_init__(self) -> None:
        if self.rank_within not in ("group", "column", None):
            raise ValueError(
                f"{self.name}: rank_within must be 'group', 'column' or None, "
                f"not {self.rank_within!r}"
            )
        names = [column.name for column in self.columns]
        if self.plot and not {self.plot.x, self.plot.y} <= set(names):
            raise ValueError(f"{self.name}: {self.plot} is not of its columns {', '.join(names)}")
        for row in (*self.rows, *self.references, *self.spreads):
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"{self.name}, row {row.name!r}: {len(row.cells)} cells for "
                    f"{len(self.columns)} columns"
                )

    @property
    def prints_numbers(self) -> bool:
        """Whether the paper prints any number in this table."""
        return any(cell.printed is not None for row in self.rows for cell in row.cells)
