"""--figure: draw figures and write them, or show what that would take."""

from __future__ import annotations

import time
from pathlib import Path

from tabulate import tabulate

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session, named
from benchmarks.cli.tables import in_turn, made
from benchmarks.declare.figure import Figure
from benchmarks.declare.table import Table
from benchmarks.engine.figure import FigureWork
from benchmarks.engine.progress import clock, say
from benchmarks.engine.store import write_file
from benchmarks.engine.work import TableWork
from benchmarks.grid.drawing import Drawing, Numbers
from benchmarks.grid.model import Grid
from benchmarks.papers.registry import FIGURES, TABLES
from benchmarks.report.document import key_numbers
from benchmarks.report.drawing import png, svg
from benchmarks.report.drawing_csv import drawing_csv
from benchmarks.report.markdown import drawing_markdown


def run(request: Request) -> int:
    """Draw the figures, one after the other.

    Returns:
        1 if something of one failed, 2 if one could not be begun.
    """
    session = Session(request)
    _ = session.engine  # a wrong folder or device is told even where nothing of it is needed
    works = [session.drawn(exhibit) for exhibit in to_draw(request.words)]
    return in_turn(works, draw, session)


# What the files of a table's figure are called beside the table's own.
OF_TABLE = "_figure"


def drawable() -> dict[str, Figure | Table]:
    """Every figure, and every table that declares a drawing or has a figure, by name."""
    tables = {n: t for n, t in TABLES.items() if isinstance(t, Table) and t.drawing is not None}
    figures = {
        table if (table := name.removesuffix(OF_TABLE)) in TABLES else name: figure
        for name, figure in FIGURES.items()
    }
    return {**figures, **tables}


def to_draw(names: tuple[str, ...]) -> list[Figure | Table]:
    """What has these names, each once; `all` among them means every figure.

    Raises:
        UsageError: one is unknown; the message lists all.
    """
    return named(names, drawable(), "figure")


def draw(work: FigureWork | TableWork, session: Session) -> int:
    """Make and write one figure; says what it lacks and returns the exit status."""
    begun = time.monotonic()
    if (grid := made(work)) is None:
        return 2
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
    return exhibit.name + OF_TABLE if isinstance(exhibit, Table) else exhibit.name


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
    table = key_numbers(numbers)
    rows = [
        [*labels, *(cell.text for cell in cells)]
        for labels, cells in zip(table.labels, table.cells, strict=True)
    ]
    return tabulate(rows, headers=numbers.headers, disable_numparse=True) if rows else ""
