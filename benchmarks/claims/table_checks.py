"""Checks a printed table against itself.

Everything here runs on declared numbers. A number stands for all values that are rounded to it, so
a finding about a computed number is one that no such values could give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from benchmarks.grid import derived
from benchmarks.grid.derived import SCORE, SCORED
from benchmarks.grid.model import Cell, Column, Grid, GridRow
from benchmarks.grid.precision import plain
from benchmarks.grid.ranks import paper_ranks, printed_ranks

ARITHMETIC = "certain: arithmetic on the printed numbers"
READING = "by reading; no number decides it"


@dataclass(frozen=True)
class Finding:
    """Something that does not fit: where it stands, what is printed, what follows, how sure."""

    where: str
    printed: str
    follows: str
    sure: str = ARITHMETIC


def findings(grid: Grid) -> list[Finding]:
    """What does not fit within one table."""
    checks = (ranks, bold, percentages, labels, scores, best_values, complements)
    return [finding for check in checks for finding in check(grid)]


def ranks(grid: Grid) -> Iterator[Finding]:
    """Printed ranks that are not those of the printed numbers."""
    printed, computed = printed_ranks(grid), paper_ranks(grid)
    if not printed:
        return
    for place in sorted(printed.keys() | computed.keys()):
        if printed.get(place) != computed.get(place):
            yield Finding(
                f"{grid.source}, {_place(grid, place)}",
                f"{_cell(grid, place).paper} with rank {printed.get(place, 'none')}",
                f"its rank is {computed.get(place, 'none')}",
            )


def bold(grid: Grid) -> Iterator[Finding]:
    """Bold numbers that are not the best, and best ones that are not bold; one finding a table."""
    cells = {(r, c): cell for r, row in enumerate(grid.rows) for c, cell in enumerate(row.cells)}
    if not grid.bold_known or not any(cell.paper_bold for cell in cells.values()):
        return
    computed = paper_ranks(grid)
    plain_best = [p for p, rank in computed.items() if rank == 1 and not cells[p].paper_bold]
    bold_others = [p for p, cell in cells.items() if cell.paper_bold and computed.get(p) != 1]
    if plain_best or bold_others:
        yield Finding(
            grid.source,
            "in bold " + _list(grid, bold_others),
            "better and not in bold " + _list(grid, plain_best),
        )


def percentages(grid: Grid) -> Iterator[Finding]:
    """Headings in percent over fractions."""
    columns = [c for c, column in enumerate(grid.columns) if "%" in column.label]
    values = [row.cells[c].printed for row in grid.rows for c in columns]
    numbers = [value for value in values if value is not None]
    if numbers and all(0 <= value <= 1 for value in numbers):
        yield Finding(
            grid.source,
            f"the heading '{grid.columns[columns[0]].label}' over numbers such as {numbers[0]}",
            "they are fractions and not percent",
        )


def labels(grid: Grid) -> Iterator[Finding]:
    """Two rows with one label and different numbers."""
    seen: dict[str, GridRow] = {}
    for row in grid.rows:
        first = seen.setdefault(row.key, row)
        if first is not row and _texts(first) != _texts(row):
            yield Finding(
                grid.source,
                f"two rows '{row.key}': {' '.join(_texts(first))} and {' '.join(_texts(row))}",
                "at most one of them can bear this label",
            )


Bounds = tuple[Fraction, Fraction]


def scores(grid: Grid) -> Iterator[Finding]:
    """Scores that Eq. 7 of PDL (version 1) cannot give from the columns beside them."""
    index = {column.metric: c for c, column in enumerate(grid.columns)}
    if SCORE not in index:
        return
    rows = [row for row in grid.rows if row.role in ("method", "input")]
    for row in rows:
        printed = _bounds(row, index[SCORE], grid)
        low, high = score_bounds(grid, rows, row)
        if printed is not None and (printed[1] < low or high < printed[0]):
            point = score(grid, rows, row)
            yield Finding(
                f"{grid.source}, {row.key}",
                f"Score {row.cells[index['Score']].paper}",
                f"Eq. 7 gives {float(point):.3f} from the row, and within "
                f"{float(low):.3f} and {float(high):.3f} whatever was rounded away",
            )


def score(grid: Grid, rows: list[GridRow], row: GridRow) -> Fraction:
    """Eq. 7 for one of the rows, from the printed numbers."""
    numbers = {metric: [Fraction(_number(r, metric, grid)) for r in rows] for metric in SCORED}
    best = {metric: (max if up else min)(numbers[metric]) for metric, up in SCORED.items()}
    own = {metric: Fraction(_number(row, metric, grid)) for metric in SCORED}
    return derived.score(own, best)


def score_bounds(grid: Grid, rows: list[GridRow], row: GridRow) -> Bounds:
    """The bounds of Eq. 7 by interval arithmetic, whatever was rounded away.

    The row and the best values are taken to be rounded independently, which is more than can be
    where the row is itself the best of a column.
    """
    low = high = Fraction(1)
    for metric, upward in SCORED.items():
        half = _half(next(column for column in grid.columns if column.metric == metric))
        own = Fraction(_number(row, metric, grid))
        numbers = [Fraction(_number(r, metric, grid)) for r in rows]
        best = max(numbers) if upward else min(numbers)
        small, large = (own, best) if upward else (best, own)
        low *= (small - half) / (large + half)
        high *= (small + half) / (large - half)
    return low, high


def best_values(grid: Grid) -> Iterator[Finding]:
    """A row of best values that are not the best of their columns."""
    for best in (row for row in grid.rows if row.role == "best"):
        computed = [
            _best(grid, c) if column.metric != SCORE else None
            for c, column in enumerate(grid.columns)
        ]
        wrong = [
            c
            for c, value in enumerate(computed)
            if value is not None and best.cells[c].printed != value
        ]
        if wrong:
            yield Finding(
                f"{grid.source}, {best.key}",
                " ".join(f"{grid.columns[c].metric} {best.cells[c].paper}" for c in wrong),
                "the best are "
                + " ".join(f"{grid.columns[c].metric} {plain(computed[c])}" for c in wrong),  # type: ignore[arg-type]
            )


def _best(grid: Grid, c: int) -> Decimal | None:
    numbers = [
        value
        for row in grid.rows
        if row.role == "method" and (value := row.cells[c].printed) is not None
    ]
    return (max if grid.columns[c].higher_is_better else min)(numbers) if numbers else None


def complements(grid: Grid) -> Iterator[Finding]:
    """Pairwise preferences that do not add up to one."""
    names = [row.key for row in grid.rows]
    if names != [column.metric for column in grid.columns]:
        return
    for a in range(len(names)):
        for b in range(a):
            one, other = grid.rows[a].cells[b].printed, grid.rows[b].cells[a].printed
            if one is None or other is None or one + other != 1:
                yield Finding(
                    f"{grid.source}, {names[a]} and {names[b]}",
                    f"{one} and {other}",
                    "two shares of the same answers add up to 1",
                )


def _half(column: Column) -> Fraction:
    return Fraction(1, 2 * 10**column.digits)


def _bounds(row: GridRow, c: int, grid: Grid) -> Bounds | None:
    value = row.cells[c].printed
    half = _half(grid.columns[c])
    return None if value is None else (Fraction(value) - half, Fraction(value) + half)


def _number(row: GridRow, metric: str, grid: Grid) -> Decimal:
    c = next(c for c, column in enumerate(grid.columns) if column.metric == metric)
    value = row.cells[c].printed
    if value is None:
        raise ValueError(f"{grid.name}, {row.key}: no {metric} is printed")
    return value


def _cell(grid: Grid, place: tuple[int, int]) -> Cell:
    return grid.rows[place[0]].cells[place[1]]


def _place(grid: Grid, place: tuple[int, int]) -> str:
    return f"{grid.rows[place[0]].key}, {grid.columns[place[1]].name}"


def _list(grid: Grid, places: list[tuple[int, int]]) -> str:
    return "; ".join(f"{_cell(grid, p).paper} ({_place(grid, p)})" for p in places) or "nothing"


def _texts(row: GridRow) -> list[str]:
    return [cell.paper or "-" for cell in row.cells]
