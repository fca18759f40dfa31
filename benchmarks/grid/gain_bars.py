"""Bars of how much better each row of a table is than a base row, with intervals over seeds.

Gains are taken seed by seed, since rows of one seed share what a profile gives them; the interval
is Student's, see `benchmarks.grid.seeds`. One training has a gain and no interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.grid import seeds
from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series
from benchmarks.grid.model import Cell, Column, Grid, GridRow

AVERAGE = "average"
LEVEL = "Whiskers: Student's 95 % interval over {} seeds of the gain, taken seed by seed."
FEWER = " Where rows have fewer, over those that both have."
ONE = "One training of each row: no interval, and another might turn any gain round."

# A place among the bars: the row's name, and its gains by column.
Gains = dict[str, dict[str, tuple[float, ...]]]


@dataclass(frozen=True)
class GainBars:
    """A panel of bars per metric: the gain of every other row over the base row of its group.

    base: the label of that row. unit: of the gains where a metric has one, such as "dB".
    Positive is better, whichever way the metric goes. A row stands with what it has beside the
    base; the average is over all columns of the metric, and only where the row has all of them.
    """

    base: str
    unit: str = ""

    def draw(self, grid: Grid) -> Drawing:
        """The bars, and the gains in numbers.

        Raises:
            LookupError: no row has a number that the base row has as well.
        """
        metrics = dict.fromkeys(c.metric for c in grid.columns if c.higher_is_better is not None)
        panels, rows, most, fewer = [], [], 1, False
        for metric in metrics:
            columns = [i for i, column in enumerate(grid.columns) if column.metric == metric]
            gains = self._gains(grid, columns)
            if not gains:
                continue
            panels.append(self._panel(metric, gains))
            lengths = {len(own) for found in gains.values() for own in found.values()}
            most, fewer = max(most, *lengths), fewer or len(lengths) > 1
            rows += [
                (f"{row}, {column} {metric}", _ends(own))
                for row, found in gains.items()
                for column, own in found.items()
            ]
        if not panels:
            raise LookupError(
                f"no row has a number beside that of {self.base!r}; fill the table first"
            )
        note = ONE if most == 1 else LEVEL.format(most) + (FEWER if fewer else "")
        numbers = Numbers(("gain", "mean", "low", "high"), (3, 3, 3), tuple(rows))
        return Drawing(tuple(panels), numbers, across=1, notes=(note,))

    def _gains(self, grid: Grid, columns: list[int]) -> Gains:
        """By row and column, the gain of every seed; the columns' average last."""
        bases = {row.group: row for row in grid.rows if row.label == self.base}
        several = len(bases) > 1
        found: Gains = {}
        for row in grid.rows:
            base = bases.get(row.group)
            if base is None or row is base or row.role != "method":
                continue
            own = {
                _name(grid.columns[c]): _paired(grid.columns[c], row.cells[c], base.cells[c])
                for c in columns
                if row.cells[c].values and base.cells[c].values
            }
            own = {name: gains for name, gains in own.items() if gains}
            if len(own) == len(columns) > 1:
                by_seed = zip(*own.values(), strict=False)
                own[AVERAGE] = tuple(math.fsum(gains) / len(gains) for gains in by_seed)
            if own:
                found[_place(row, several)] = own
        return found

    def _panel(self, metric: str, gains: Gains) -> Panel:
        columns = dict.fromkeys(name for own in gains.values() for name in own)
        ordered = sorted(columns, key=lambda name: name == AVERAGE)
        series = []
        for column in ordered:
            places = [i for i, own in enumerate(gains.values()) if column in own]
            ends = [_ends(own[column]) for own in gains.values() if column in own]
            known = all(low is not None for _, low, _ in ends)
            series.append(
                Series(
                    column,
                    "bars",
                    tuple(map(float, places)),
                    tuple(mean for mean, _, _ in ends),
                    tuple(low for _, low, _ in ends if low is not None) if known else (),
                    tuple(high for _, _, high in ends if high is not None) if known else (),
                )
            )
        unit = f", {self.unit}" if self.unit else ""
        label = f"gain in {metric} over {self.base}{unit}"
        return Panel("", Axis("", ticks=tuple(gains)), Axis(label), tuple(series))


def _name(column: Column) -> str:
    """What tells a column from the others of its metric."""
    return column.group or column.label


def _place(row: GridRow, several: bool) -> str:
    return row.name if several else row.label or row.method


def _paired(column: Column, cell: Cell, base: Cell) -> tuple[float, ...]:
    """How much better a cell is than the base, for every seed that both have."""
    sign = 1.0 if column.higher_is_better else -1.0
    cell, base = seeds.common(cell, base)
    parts = [(_mean(one), seeds.of(one)) for one in (cell, base)]
    gains = seeds.paired(lambda pair: sign * (pair[0] - pair[1]), parts)
    found = (sign * (parts[0][0] - parts[1][0]),) if gains is None else gains
    return found if all(map(math.isfinite, found)) else ()


def _mean(cell: Cell) -> float:
    return math.fsum(cell.values) / len(cell.values)


def _ends(gains: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Mean and interval; no interval of one seed."""
    mean = math.fsum(gains) / len(gains)
    half = seeds.half_width(tuple(gains))
    return (mean, mean - half, mean + half) if math.isfinite(half) else (mean, None, None)
