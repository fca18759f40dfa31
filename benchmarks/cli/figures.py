"""--figure: draw figures and write them, or show what that would take."""

from __future__ import annotations

import time
from pathlib import Path

from tabulate import tabulate

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.cli.tables import show_plan
from benchmarks.declare.errors import UsageError, nearest, tell
from benchmarks.declare.figure import Figure
from benchmarks.declare.table import Table
from benchmarks.engine.figure import FigureWork
from benchmarks.engine.progress import clock, say
from benchmarks.engine.store import write_file
from benchmarks.engine.work import TableWork
from benchmarks.grid.drawing import Drawing, Numbers
from benchmarks.grid.model import Grid
from benchmarks.grid.precision import plain, rounded
from benchmarks.papers.registry import FIGURES, TABLES
from benchmarks.report.drawing import png, svg
from benchmarks.report.drawing_csv import drawing_csv
from benchmarks.report.markdown import drawing_markdown
from datasets.images import DataError


def run(request: Request) -> int:
    """Draw the figures, one after the other.

    Returns:
        1 if something of one failed, 2 if one could not be begun.
    """
    session, status = Session(request), 0
    _ = session.engine  # a wrong folder or device is told even where nothing of it is needed
    works = [session.drawn(exhibit) for exhibit in to_draw(request.words)]
    for work in works:
        if request.plan:
            show_plan(work, request.profile)
        else:
            status = max(status, draw(work, session))
    return status


def drawable() -> dict[str, Figure | Table]:
    """Every figure, and every table that declares a drawing, by name."""
    tables = {n: t for n, t in TABLES.items() if isinstance(t, Table) and t.drawing is not None}
    return {**FIGURES, **tables}


def to_draw(names: tuple[str, ...]) -> list[Figure | Table]:
    """What has these names, each once; `all` among them means every figure.

    Raises:
        UsageError: one is unknown; the message lists all.
    """
    found = drawable()
    known = ("all", *found)
    for name in names:
        if name not in known:
            hint = nearest(name, known)
            raise UsageError(f"there is no figure {name!r}{hint}; there are: {', '.join(known)}")
    return [found[name] for name in (found if "all" in names else dict.fromkeys(names))]


def draw(work: FigureWork | TableWork, session: Session) -> int:
    """Make and write one figure; says what it lacks and returns the exit status."""
    begun = time.monotonic()
    try:
        work.make()
    except DataError as error:  # of this figure: others can be made
        tell(error)
        return 2
    grid = work.grid()
    for problem in work.problems():
        say(problem)
    if isinstance(work, TableWork):
        say(session.write(grid))
    if (drawing := drawing_of(work, grid)) is None:
        say(f"{grid.name} is not drawn")
        return 1
    written = write(grid, drawing, session.folder(grid), stem(work.exhibit))
    say(f"{grid.name} took {clock(time.monotonic() - begun)}; {written}")
    return int(not work.complete(grid))


def drawing_of(work: FigureWork | TableWork, grid: Grid) -> Drawing | None:
    """The drawing of a figure, or of a filled table; None where nothing is there to be drawn."""
    if isinstance(work, FigureWork):
        return work.drawing()
    try:
        drawing: Drawing = work.exhibit.drawing.draw(grid)
    except LookupError as error:  # its cells are not there
        say(f"{grid.name}: {error}")
        return None
    return drawing


def stem(exhibit: Figure | Table) -> str:
    """The name of a figure's files; that of a table stands beside the table's own."""
    return f"{exhibit.name}_figure" if isinstance(exhibit, Table) else exhibit.name


def write(grid: Grid, drawing: Drawing, folder: Path, name: str) -> str:
    """Write a drawing in every format and print its numbers; returns where it is."""
    files = {
        "svg": svg(grid, drawing),
        "png": png(grid, drawing),
        "csv": drawing_csv(drawing).encode(),
        "md": drawing_markdown(grid, drawing, f"{name}.svg").encode(),
    }
    for form, content in files.items():
        write_file(folder / f"{name}.{form}", content)
    print(f"{grid.source}: {grid.title}")
    print("\n".join(filter(None, [grid.watermark, numbers_text(drawing.numbers)])))
    return f"written to {folder / name}.{', .'.join(files)}"


def numbers_text(numbers: Numbers) -> str:
    """The key numbers as a table for a terminal."""
    rows = [
        [label, *(_text(v, d) for v, d in zip(values, numbers.digits, strict=True))]
        for label, values in numbers.rows
    ]
    return tabulate(rows, headers=numbers.headers, disable_numparse=True) if rows else ""


def _text(value: float | None, digits: int) -> str:
    return "-" if value is None else plain(rounded(value, digits))
