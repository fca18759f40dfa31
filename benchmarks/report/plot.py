"""Two columns of a table against each other, a point per method: ours beside the paper's."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.grid.model import Column, Grid, GridRow
from benchmarks.report.document import title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = "osD^vP*Xph<>"
SIZE = (10.0, 4.6)  # inches, without the legend
LINE = 0.24  # inches of legend for a line of it
COLUMNS = 3
BARS = "bars: sample standard deviation over seeds"
NEAR = 0.03  # of the span of all points


class Point(NamedTuple):
    """A method's two numbers; the errors are deviations over seeds, NaN where there are none.

    number: that of the method in the legend, from 1.
    """

    number: int
    group: str
    x: float
    y: float
    x_error: float = math.nan
    y_error: float = math.nan


def plot(grid: Grid) -> str:
    """An SVG file; with what was measured on the left, if anything was.

    Raises:
        ValueError: the table declares no plot.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    rows = [row for row in grid.rows if row.role == "method"]
    panels = [
        (f"measured, {grid.profile} profile{_part(grid, rows)}", ours(grid, rows)),
        ("the paper", paper(grid, rows)),
    ]
    panels = [(name, points) for name, points in panels if points]
    shown = sorted({point.number for _, points in panels for point in points})
    lines = -(-len(shown) // COLUMNS)
    with mpl.rc_context(settings(grid)):
        figure = Figure((SIZE[0], SIZE[1] + LINE * lines), layout="constrained")
        groups = list(dict.fromkeys(row.group for row in rows))
        for i, (name, points) in enumerate(panels):
            axes = figure.add_subplot(1, len(panels), i + 1)
            axes.set_title(name)
            _draw(axes, grid, points, groups)
        figure.suptitle("\n".join([title(grid), *filter(None, [grid.watermark])]), fontsize=10)
        small = BARS if any(p.x_error > 0 or p.y_error > 0 for _, ps in panels for p in ps) else ""
        figure.text(0.995, 0.005, small, ha="right", fontsize=7)
        names = [f"{n}  {rows[n - 1].name}" for n in shown]
        _legend(figure, names)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def settings(grid: Grid) -> Any:
    """Of matplotlib for a picture: words stay words, and the same numbers make the same file."""
    return {"svg.fonttype": "none", "svg.hashsalt": grid.name, "font.size": 9}


def ours(grid: Grid, rows: list[GridRow]) -> list[Point]:
    """The methods that both columns have a measured number of."""
    x, y = _columns(grid)
    found = []
    for number, row in enumerate(rows, 1):
        a, b = row.cells[x], row.cells[y]
        if (
            a.mean is None
            or b.mean is None
            or not math.isfinite(a.mean)
            or not math.isfinite(b.mean)
        ):
            continue
        errors = [math.nan if c.deviation is None else c.deviation for c in (a, b)]
        found.append(Point(number, row.group, a.mean, b.mean, *errors))
    return found


def paper(grid: Grid, rows: list[GridRow]) -> list[Point]:
    """The methods that the paper prints both numbers of."""
    x, y = _columns(grid)
    printed = [(row.cells[x].printed, row.cells[y].printed) for row in rows]
    return [
        Point(number, row.group, float(a), float(b))
        for number, (row, (a, b)) in enumerate(zip(rows, printed, strict=True), 1)
        if a is not None and b is not None
    ]


def _part(grid: Grid, rows: list[GridRow]) -> str:
    """Of how many of the paper's test images the measured numbers are, if not of all."""
    y = _columns(grid)[1]
    parts = {(c.n_images, c.expected_images) for row in rows if (c := row.cells[y]).partial}
    return "".join(f", {n} of {m} images" for n, m in sorted(parts))


def _columns(grid: Grid) -> tuple[int, int]:
    if grid.plot is None:
        raise ValueError(f"{grid.name} declares no plot")
    names = [column.name for column in grid.columns]
    return names.index(grid.plot.x), names.index(grid.plot.y)


def _draw(axes: Axes, grid: Grid, points: list[Point], groups: list[str]) -> None:
    """Points of a group share a colour and a marker; a line joins them if the plot says so."""
    for i, group in enumerate(groups):
        own = [point for point in points if point.group == group]
        axes.errorbar(
            [p.x for p in own],
            [p.y for p in own],
            [p.y_error for p in own],
            [p.x_error for p in own],
            marker=MARKERS[i % len(MARKERS)],
            color=f"C{i % 10}",
            linestyle="-" if grid.plot and grid.plot.joined else "",
            linewidth=0.8,
            markersize=5,
            capsize=2,
        )
    spans = [
        max(values) - min(values) for values in zip(*((p.x, p.y) for p in points), strict=True)
    ]
    for i, point in enumerate(points):
        crowded = any(_near(point, other, spans) for other in points[:i])
        axes.annotate(
            str(point.number),
            (point.x, point.y),
            (-4, -10) if crowded else (4, 4),
            textcoords="offset points",
            ha="right" if crowded else "left",
            fontsize=8,
        )
    x, y = _columns(grid)
    for column, axis in ((grid.columns[x], axes.xaxis), (grid.columns[y], axes.yaxis)):
        axis.set_label_text(_label(column))
        axis.set_inverted(column.higher_is_better is False)  # better is up and to the right
    axes.grid(linewidth=0.3)
    axes.margins(0.12)


def _near(point: Point, other: Point, spans: list[float]) -> bool:
    """Whether the numbers beside two points would be written over each other."""
    differences = (abs(point.x - other.x), abs(point.y - other.y))
    return all(d <= NEAR * span for d, span in zip(differences, spans, strict=True))


def _label(column: Column) -> str:
    return f"{column.group} {column.heading}".strip()


def _legend(figure: Figure, names: list[str]) -> None:
    """The methods by number below the panels, from top to bottom in each of its columns."""
    from matplotlib.lines import Line2D

    nothing = [Line2D([], [], linestyle="") for _ in names]
    figure.legend(
        nothing, names, loc="outside lower center", ncols=COLUMNS, frameon=False, handlelength=0
    )
