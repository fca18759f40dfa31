"""--list: all tables and figures, what can be run of each and what the results folder has."""

from __future__ import annotations

import csv
from pathlib import Path

from tabulate import tabulate

from benchmarks.cli.figures import drawable, stem
from benchmarks.cli.request import Request
from benchmarks.declare.figure import Figure
from benchmarks.declare.table import Table
from benchmarks.engine.store import warn
from benchmarks.papers.registry import FIGURES, TABLES
from benchmarks.profiles.registry import PROFILES
from datasets.regular_files import check_regular


def run(request: Request) -> int:
    """Print a line per table and per profile."""
    rows = [
        (name, f"{t.source}: {t.caption}", t.cells, t.how_much, measured(request.results, name))
        for name, t in TABLES.items()
        if name not in FIGURES
    ]
    print(tabulate(rows, headers=["name", "table", "cells", "can be run", "measured"]) + "\n")
    lines = [
        (name, f"{figure.source}: {figure.caption}", drawn(request.results, figure))
        for name, figure in drawable().items()
    ]
    print(tabulate(lines, headers=["name", "figure, by --figure", "drawn"]))
    print("\nprofiles:")
    for profile in PROFILES.values():
        print(f"  {profile.name:6} {profile.summary}")
    return 0


def drawn(folder: Path, exhibit: Figure | Table) -> str:
    """`lite, smoke`: the profiles in which a figure has been drawn."""
    file = f"{stem(exhibit)}.svg"
    return ", ".join(p for p in PROFILES if (folder / "tables" / p / file).is_file())


def measured(folder: Path, name: str) -> str:
    """`lite 9, smoke 126`: how many cells of a table have been measured.

    A file that holds something else counts as `?`, and a line on stderr says so.
    """
    found = []
    for profile in PROFILES:
        path = folder / "tables" / profile / f"{name}.csv"
        try:
            found.append(f"{profile} {cells(path)}")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError, csv.Error):  # a UnicodeDecodeError is a ValueError
            again = f"--table {name} --profile {profile} writes it again"
            warn(f"{path} is no table of this suite; {again}")
            found.append(f"{profile} ?")
    return ", ".join(found)


def cells(path: Path) -> int:
    """How many cells in a table's CSV file have a number of ours.

    Raises:
        OSError, ValueError, csv.Error: it cannot be read, or holds something else.
    """
    check_regular(path)
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.DictReader(file, strict=True)
        if not {"group", "ours"} <= set(lines.fieldnames or ()):
            raise ValueError(f"{path} has not the columns of a table")
        return sum(bool(line["group"] and line["ours"]) for line in lines)
