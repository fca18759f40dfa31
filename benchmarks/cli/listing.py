"""--list: all tables with what can be run of each, and what the results folder has of it."""

from __future__ import annotations

import csv
from pathlib import Path

from tabulate import tabulate

from benchmarks.cli.request import Request
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.registry import PROFILES


def run(request: Request) -> int:
    """Print a line per table and per profile."""
    rows = [
        (name, f"{t.source}: {t.caption}", t.cells, t.how_much, measured(request.results, name))
        for name, t in TABLES.items()
    ]
    print(tabulate(rows, headers=["name", "table", "cells", "can be run", "measured"]))
    print("\nprofiles:")
    for profile in PROFILES.values():
        print(f"  {profile.name:6} {profile.summary}")
    return 0


def measured(folder: Path, name: str) -> str:
    """`lite 9, smoke 126`: how many cells of a table have been measured."""
    found = []
    for profile in PROFILES:
        path = folder / "tables" / profile / f"{name}.csv"
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                lines = [line for line in csv.DictReader(file) if line["group"] and line["ours"]]
            found.append(f"{profile} {len(lines)}")
    return ", ".join(found)
