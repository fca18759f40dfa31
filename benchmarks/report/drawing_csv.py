"""A drawing in long form, one line per number, unrounded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from benchmarks.grid.drawing import Drawing, Series

COLUMNS = ("panel", "series", "x", "y", "low", "high")


def drawing_csv(drawing: Drawing) -> str:
    """The header and one line per point.

    `low` and `high` are empty where there is no interval. Of a histogram `x` is the left edge of a
    bin, and a last line has the right edge of the last bin and no `y`. Places of an axis that
    counts things stand by their names.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for panel in drawing.panels:
        for series in panel.series:
            for x, *rest in _points(series):
                place = panel.x.ticks[int(x)] if panel.x.ticks else x
                writer.writerow((panel.title, series.name, place, *rest))
    return out.getvalue()


def _points(series: Series) -> Iterator[tuple[float, *tuple[float | None, ...]]]:
    for i, y in enumerate(series.y):
        ends = (series.low[i], series.high[i]) if series.low else (None, None)
        yield series.x[i], y, *ends
    if series.kind == "steps":
        yield series.x[-1], None, None, None
