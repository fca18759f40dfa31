"""A drawing as a picture: SVG and PNG, the same bytes from the same numbers.

Series of one name look alike in all panels. Colours are Okabe and Ito's, which the colour-blind can
tell apart, and each comes with a dash or a marker of its own. 800 pixels wide the letters are as
large as those of a page.
"""

from __future__ import annotations

import base64
import io
import textwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.grid.drawing import Axis, Drawing, Panel, Series
from benchmarks.grid.model import Grid
from benchmarks.report.document import title
from benchmarks.report.plot import settings

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (
    "#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D1F",
)  # fmt: skip
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)))
MARKERS = "os^DvPX*"
WIDTH, HEIGHT = 8.0, 2.9  # inches: of the whole, and of a row of panels
PICTURE_WORDS = 0.35  # inches above a picture
LINE = 0.22  # inches of a line of legend or title
PIXELS = 200  # an inch of the PNG
BAR = 0.8  # of the distance between two places
TITLE_LETTERS = 100
GREY = "#8A8A8A"
ON_PICTURES = "#39FF14"  # of points, a colour that photographs do not have


class Look(NamedTuple):
    """How the series of one name are drawn."""

    colour: str
    dash: Any
    marker: str


def svg(grid: Grid, drawing: Drawing) -> bytes:
    """An SVG file; words stay words.

    Args:
        grid: whose drawing it is: name, source, title and watermark.
    """
    return _saved(grid, drawing, "svg")


def png(grid: Grid, drawing: Drawing) -> bytes:
    """A PNG file of twice the pixels that the letters need."""
    return _saved(grid, drawing, "png")


def looks(drawing: Drawing) -> dict[str, Look]:
    """How each name is drawn; links are thin and grey, and take no place among the colours."""
    links = {s.name for panel in drawing.panels for s in panel.series if s.kind == "links"}
    names = [name for name in drawing.names if name not in links]
    found = {
        name: Look(COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)], MARKERS[i % len(MARKERS)])
        for i, name in enumerate(names)
    }
    return found | {name: Look(GREY, "-", "") for name in links}


def _saved(grid: Grid, drawing: Drawing, form: str) -> bytes:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    heading = [*textwrap.wrap(title(grid), TITLE_LETTERS)]
    heading += textwrap.wrap(grid.watermark, TITLE_LETTERS)
    rows = -(-len(drawing.panels) // drawing.across)
    styles = looks(drawing)
    legend = -(-len(styles) // _legend_columns(styles))
    size = (WIDTH, _height(drawing) * rows + LINE * (legend + len(heading) + 1))
    nothing: Any = {"Date": None} if form == "svg" else {"Software": None}
    with mpl.rc_context(settings(grid)):
        figure = Figure(size, layout="constrained")
        handles: dict[str, Artist] = {}
        for i, panel in enumerate(drawing.panels):
            axes = figure.add_subplot(rows, min(drawing.across, len(drawing.panels)), i + 1)
            _draw(axes, panel, styles, handles)
        figure.suptitle("\n".join(heading), fontsize=9.5)
        _legend(figure, handles)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=PIXELS, metadata=nothing)
    return buffer.getvalue()


def _height(drawing: Drawing) -> float:
    """Of a row of panels, in inches; pictures are square."""
    pictures = any(panel.picture for panel in drawing.panels)
    return WIDTH / drawing.across + PICTURE_WORDS if pictures else HEIGHT


def _draw(axes: Axes, panel: Panel, styles: dict[str, Look], handles: dict[str, Artist]) -> None:
    """One panel; the first artist of each name is kept for the legend."""
    bars = [series for series in panel.series if series.kind == "bars"]
    for series in panel.series:
        if series.kind == "bars":
            artist = _bars(axes, series, styles[series.name], bars.index(series), len(bars))
        else:
            artist = _series(axes, series, styles[series.name])
        handles.setdefault(series.name, artist)
    letters = 5.5 if panel.picture else 9
    words = "\n".join(filter(None, [panel.title, ", ".join(panel.words)]))
    axes.set_title(words, fontsize=letters)
    if panel.picture:
        _picture(axes, panel.picture)
        return
    _axis(axes, "x", panel.x)
    _axis(axes, "y", panel.y)
    axes.set_axisbelow(True)
    axes.grid(linewidth=0.3, axis="y" if panel.x.ticks else "both")
    if bars:
        axes.axhline(0, color="black", linewidth=0.6)


def _picture(axes: Axes, encoded: str) -> None:
    """A picture under the series, in the place of axes."""
    import matplotlib.image

    file = io.BytesIO(base64.b64decode(encoded))
    axes.imshow(matplotlib.image.imread(file, format="png"), interpolation="nearest", zorder=0)
    axes.set_axis_off()
    for line in axes.lines:
        line.set(markersize=1.1, color=ON_PICTURES)


def _series(axes: Axes, series: Series, look: Look) -> Artist:
    """A series that is no bars."""
    if series.kind == "steps":
        first = not axes.patches  # it is filled, the others are lines before it
        return axes.stairs(
            series.y,
            series.x,
            color=look.colour,
            linewidth=1.3,
            fill=first,
            alpha=0.45 if first else 1,
        )
    if series.kind == "links":
        places = [slice(i, i + 2) for i in range(0, len(series.x), 2)]
        found = [
            axes.plot(series.x[place], series.y[place], color=GREY, linewidth=0.4, zorder=1)[0]
            for place in places
        ]
        return found[0] if found else axes.plot([], [], color=GREY, linewidth=0.4)[0]
    few = series.kind == "line" and len(series.x) <= 40
    (line,) = axes.plot(
        series.x,
        series.y,
        color=look.colour,
        linestyle=look.dash if series.kind == "line" else "",
        linewidth=1.3,
        marker=look.marker if series.kind == "points" or few else "",
        markersize=3.5,
        markeredgewidth=0,
    )
    if series.low:
        axes.fill_between(series.x, series.low, series.high, color=look.colour, alpha=0.2, lw=0)
    return line


def _bars(axes: Axes, series: Series, look: Look, number: int, count: int) -> Artist:
    """Bars beside those of the panel's other series, with intervals as whiskers."""
    width = BAR / count
    places = [x + (number - (count - 1) / 2) * width for x in series.x]
    found = axes.bar(places, series.y, 0.9 * width, color=look.colour).patches
    if series.low:
        ends = [
            [y - low for y, low in zip(series.y, series.low, strict=True)],
            [high - y for y, high in zip(series.y, series.high, strict=True)],
        ]
        axes.errorbar(
            places, series.y, ends, linestyle="", ecolor=GREY, elinewidth=1.2, capsize=2.5
        )
    return found[0]


def _axis(axes: Axes, which: str, axis: Axis) -> None:
    """Label, scale and ticks of one axis."""
    own = axes.xaxis if which == "x" else axes.yaxis
    own.set_label_text(axis.label)
    if axis.log:
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    if axis.ends:
        (axes.set_xlim if which == "x" else axes.set_ylim)(*axis.ends)
    if axis.bare:
        own.set_ticklabels([])
        own.set_tick_params(length=0)
    if axis.ticks:
        crowded = sum(map(len, axis.ticks)) > 40
        turn: Any = {"rotation": 30, "ha": "right"} if crowded and which == "x" else {}
        own.set_ticks(range(len(axis.ticks)), list(axis.ticks), **turn)


def _legend_columns(styles: dict[str, Look]) -> int:
    """As many columns as fit side by side."""
    longest = max((len(name) for name in styles), default=1)
    return max(1, min(len(styles), TITLE_LETTERS // (longest + 8)))


def _legend(figure: Figure, handles: dict[str, Artist]) -> None:
    """The names, below the panels."""
    columns = _legend_columns(dict.fromkeys(handles, Look("", "", "")))
    figure.legend(
        list(handles.values()),
        list(handles),
        loc="outside lower center",
        ncols=columns,
        frameon=False,
    )
