"""The words in which a paper's table is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from benchmarks.declare.column import Column, PerGroup
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.printed import PrintedNumber, check_line, read_numbers
from benchmarks.declare.protocol import Evaluation, Protocol
from benchmarks.declare.runs import Fixed, Network, Released, Run
from benchmarks.declare.training import Training
from benchmarks.grid.model import Cell, Grid, GridRow, Layout, Plot, RankScope, Role
from benchmarks.grid.model import Column as GridColumn
from benchmarks.grid.moves import spreads
from losses.objective import Objective, Term

NOT_TRAINED = Protocol(training=None)


@dataclass(frozen=True)
class Row:
    """A trained network and the numbers that the paper prints for it.

    label: the paper's wording of the objective or method.
    model: None for a network that is not implemented.
    printed: the row's numbers in column order, see `benchmarks.declare.printed`.
    method: the backbone's label where it differs from the group's.
    role: what the row is, if not a method that is compared. An "input" or a "reference" (the
        clean image) goes through `model` without training; "best" is computed.
    recipe: the row's own training, where the original method has one; or `PerGroup`.
    train: the row's own training data, where it is not the table's; or `PerGroup`.
    released: weights to evaluate instead of training.
    start: the row from whose weights this one starts; or released weights, of the whole network or
        of a part of it.
    last_step: whether the weights of the last step are measured, where the training keeps others.
    evaluation, columns: the row's own, where it is measured otherwise than the table says, or on
        other images; one column for each of the table's.
    """

    label: str
    model: type[nn.Module] | Network | None
    objective: Objective | Term | None
    printed: str
    method: str = ""
    role: Role = "method"
    recipe: Training | PerGroup | None = None
    train: Any = None
    released: Released | None = None
    start: Row | Released | None = None
    last_step: bool = False
    evaluation: Evaluation | None = None
    columns: tuple[Column, ...] = ()
    note: str = ""

    @property
    def implemented(self) -> bool:
        """Whether the suite can fill it, given data and weights."""
        return self.model is not None or self.role == "best"

    @property
    def trained(self) -> bool:
        """Whether the row takes a training; else its network learns nothing, or is released."""
        return self.objective is not None

    @property
    def network(self) -> Network:
        """The declared network, with default arguments where the row names just the class.

        Raises:
            DeclarationError: the row has none.
        """
        if self.model is None:
            raise DeclarationError(f"row {self.label!r}: its network is not implemented")
        return self.model if isinstance(self.model, Network) else Network(self.model)

    @property
    def numbers(self) -> list[PrintedNumber]:
        """The printed numbers, one per column."""
        return read_numbers(self.printed)


@dataclass(frozen=True)
class Reference:
    """A line of our own beside the paper's rows.

    provider: the network without parameters that shows what the input, or with `clean` the
        undegraded image, scores; None where the line is of a row.
    row: a row of the table once more, measured otherwise, such as after the last step of the same
        training or in other colours. It is made with the row that it is of, and never ranked.
    of: the name of that row; "" where it is of none and always made.
    """

    label: str
    provider: Fixed | None = None
    clean: bool = False
    row: Row | None = None
    of: str = ""

    @property
    def measured(self) -> Row:
        """The line as a row of which the paper prints nothing.

        Raises:
            DeclarationError: it has neither a row nor a provider.
        """
        if self.row is not None:
            return self.row
        if self.provider is None:
            raise DeclarationError(f"reference {self.label!r}: needs a provider or a row")
        role: Role = "reference" if self.clean else "input"
        return Row(self.label, self.provider.network, None, "", role=role)


@dataclass(frozen=True, kw_only=True)
class Table(Exhibit):
    """A table of a paper: data, protocol, columns and rows, and the printed numbers with them.

    rank_within: "group" (a block of rows), "column" (all rows) or None for no ranks.
    layout, headers, bold_known: how the paper prints it, see `Grid`.
    printed_notes: what must be known about the print; notes: about what is run.
    assumptions: choices that stand in no other declaration, for the ledger.
    warm_up: what a profile trains a shared start of the rows with; None for the objective of the
        first row with the same network.
    from_scratch: whether its rows should not start from a shared training: where a second network
        is trained beside, the two must find each other from their first step.
    released: the table evaluates released weights; no profile changes it.
    unit: the weight at which a term on features pulls as strongly as the pixel terms, in a profile
        whose feature network is not the paper's; other weights do so in proportion.
    plot: what is drawn of it, if anything is.
    drawing: what turns the filled table into a figure, for `--figure`: a frozen dataclass with
        `draw(grid)`, see `benchmarks.grid.gain_bars`. seeds: how many it takes at least.
    base, spreads: from which row the others' distance is shown, and with what, see `Grid`.
    """

    name: str
    source: str
    caption: str
    protocol: Protocol = NOT_TRAINED
    train: Any = None
    columns: tuple[Column, ...]
    groups: dict[str, list[Row]]
    rank_within: RankScope | None = None
    references: tuple[Reference, ...] = ()
    printed_notes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    layout: Layout = "rows"
    headers: tuple[str, str] = ("Method (backbone)", "Objective")
    bold_known: bool = True
    warm_up: Objective | Term | None = None
    from_scratch: bool = False
    released: bool = False
    unit: float = 1.0
    plot: Plot | None = None
    drawing: Any = None
    seeds: int = 1
    base: str = ""
    spreads: tuple[GridRow, ...] = ()

    def __post_init__(self) -> None:
        for group, row in self.rows():
            self._check(group, row)
        for reference in self.references:
            if reference.row is not None:
                self._check(f"reference {reference.label!r}", reference.row)
        for group, rows in self.groups.items():
            if self.base and self.base not in [row.label for row in rows]:
                raise DeclarationError(f"{self.name}, {group}: has no row {self.base!r}")

    @property
    def cells(self) -> int:
        """How many numbers the table has; a row with columns of its own may have none in some."""
        own = [[column for column in row.columns if column.implemented] for _, row in self.rows()]
        return sum(len(columns or self.columns) for columns in own)

    @property
    def runnable(self) -> int:
        """How many of them the suite can measure, given data and weights."""
        rows = [row for _, row in self.rows() if row.implemented]
        return sum(c.implemented for row in rows for c in row.columns or self.columns)

    def printed(self) -> Grid:
        """The table as the paper prints it, and nothing else."""
        return Grid(
            name=self.name,
            source=self.source,
            title=self.caption,
            columns=self.printed_columns(),
            rows=[
                GridRow(group, row.method or group, row.label, printed_cells(row), role=row.role)
                for group, row in self.rows()
            ],
            rank_within=self.rank_within,
            notes=list(self.printed_notes),
            layout=self.layout,
            headers=self.headers,
            bold_known=self.bold_known,
            base=self.base,
            spreads=self.spreads,
            plot=self.plot,
        )

    def spread(self, columns: Sequence[str]) -> tuple[GridRow, ...]:
        """How far apart its printed numbers are in the named columns; see `spreads`."""
        return spreads(self.printed(), columns)

    def printed_columns(self) -> list[GridColumn]:
        """The columns with as many digits as the paper prints in each."""
        numbers = list(zip(*(row.numbers for _, row in self.rows()), strict=True))
        return [
            GridColumn(
                group=column.group,
                label=column.metric.symbol if column.label is None else column.label,
                metric=column.metric.symbol,
                digits=_digits(numbers[i], column.metric.digits),
                higher_is_better=column.metric.higher_is_better,
            )
            for i, column in enumerate(self.columns)
        ]

    def rows(self) -> list[tuple[str, Row]]:
        """All rows with their group's name, in the printed order."""
        return [(group, row) for group, rows in self.groups.items() for row in rows]

    def training(self, row: Row) -> Training | PerGroup:
        """The row's own recipe, or the table's."""
        training = row.recipe or self.protocol.training
        if training is None:
            raise DeclarationError(f"{self.name}, row {row.label!r}: no training is declared")
        return training

    def training_data(self, row: Row) -> Any:
        """The row's own, or the table's; None where neither is declared."""
        return self.train if row.train is None else row.train

    def trainings(self, row: Row) -> dict[str, Row]:
        """The row as it is trained: under "" for all columns, or for each group under its name.

        Raises:
            DeclarationError: a group of columns has no training data or no recipe.
        """
        data = self.training_data(row)
        if not isinstance(data, PerGroup):
            return {"": row}
        groups = dict.fromkeys(column.group for column in self.columns)
        return {group: self._of_group(row, group) for group in groups or data.data}

    def _of_group(self, row: Row, group: str) -> Row:
        """The row, and the one that it starts from, as it is trained for a group of columns."""

        def own(part: Any, what: str) -> Any:
            place = f"{self.name}, row {row.label!r}: no {what}"
            return part.of(group, place) if isinstance(part, PerGroup) else part

        return replace(
            row,
            train=own(self.training_data(row), "training data"),
            recipe=own(row.recipe, "recipe"),
            start=self._of_group(row.start, group) if isinstance(row.start, Row) else row.start,
        )

    def _check(self, group: str, row: Row) -> None:
        place = f"{self.name}, {group}, row {row.label!r}"
        check_line(row.printed, len(self.columns), "columns", place)
        own, wanted = len(row.columns), len(self.columns)
        if own not in (0, wanted):
            raise DeclarationError(f"{place}: {own} columns of its own for the table's {wanted}")
        if row.model is None:
            return
        if self.released and row.trained:
            raise DeclarationError(
                f"{place}: a table of released weights is changed by no profile, so none of its "
                "rows can be trained"
            )
        if row.objective is None:
            if row.released is None and row.role == "method" and row.network.learns:
                raise DeclarationError(f"{place}: needs an objective or released weights")
            return
        if self.training_data(row) is None:
            raise DeclarationError(f"{place}: has an objective, but the table no training data")
        self.trainings(row)
        check_entries(row.network, as_objective(row.objective), self.training_data(row), place)


def name_of(group: str, row: Row) -> str:
    """What a row is called on the command line: `FFDNet / + L_SSIM`, or the group alone."""
    return " / ".join(word for word in (group, row.label) if word)


def printed_cells(row: Row) -> list[Cell]:
    """What the paper prints in a row; nothing is measured yet."""
    return [
        Cell(number.text, number.rank, number.bold, number.mark, status=status(row))
        for number in row.numbers
    ]


def status(row: Row) -> str:
    """The status of a row's cells before anything is measured."""
    return "pending" if row.implemented else "not implemented"


def _digits(numbers: tuple[PrintedNumber, ...], default: int) -> int:
    decimals = [len(n.text.partition(".")[2]) for n in numbers if n.text[-1].isdigit()]
    return max(decimals, default=default)


def as_objective(declared: Objective | Term) -> Objective:
    """The declared objective; a single term becomes an objective of weight one."""
    return declared if isinstance(declared, Objective) else 1.0 * declared


def check_entries(network: Network, objective: Objective, data: Any, place: str) -> None:
    """Check that network and objective find what they take among what is at hand in a step.

    Raises:
        DeclarationError: they do not; the message begins with `place`.
    """
    at_hand = {"pred", "target", *data.provides, *network.outputs}
    absent = [f"{need!r}" for need in objective.needs if need not in at_hand]
    if absent:
        raise DeclarationError(
            f"{place}: the objective needs {', '.join(absent)}; the data and the network "
            f"give {', '.join(sorted(at_hand))}"
        )
    absent = [f"{name!r}" for name in network.inputs if name not in at_hand]
    if absent:
        raise DeclarationError(f"{place}: the network takes {', '.join(absent)}")


def row_run(table: Table, row: Row, seed: int) -> Run:
    """The training that the row declares, before a profile is applied."""
    if row.objective is None:
        raise DeclarationError(f"{table.name}, row {row.label!r}: nothing to train")
    training, data = table.training(row), table.training_data(row)
    if isinstance(training, PerGroup) or isinstance(data, PerGroup):
        raise DeclarationError(
            f"{table.name}, row {row.label!r}: is trained per group of columns, see `trainings`"
        )
    return Run(row.network, as_objective(row.objective), data, training, seed)
