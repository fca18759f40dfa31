"""What can be asked without training anything: the papers' tables, their audit and their claims."""

from __future__ import annotations

import argparse
import csv
import textwrap
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from benchmarks.declare.profiles import PROFILES
from benchmarks.declare.sources import ledger
from benchmarks.papers import audit
from benchmarks.papers.claims import CLAIMS
from benchmarks.papers.tables import TABLES
from benchmarks.report import ledger as choices
from benchmarks.report.grid import Grid, LedgerEntry
from benchmarks.report.html import printed_page
from benchmarks.report.latex import printed_latex
from benchmarks.report.long_csv import long_csv
from benchmarks.report.markdown import printed_markdown
from benchmarks.report.quantities import Numbers
from benchmarks.report.terminal import WIDTH, printed_terminal
from benchmarks.usage import UsageError

PRINTED = {
    "terminal": printed_terminal,
    "md": printed_markdown,
    "csv": long_csv,
    "html": printed_page,
    "tex": printed_latex,
}


def named(names: list[str]) -> list[str]:
    """The names, or all for `all`.

    Raises:
        UsageError: one is unknown; the message lists all.
    """
    for name in names if names != ["all"] else []:
        if name not in TABLES:
            raise UsageError(f"there is no table {name!r}; there are: {', '.join(TABLES)}")
    return list(TABLES) if names == ["all"] else names


def show_papers_tables(arguments: argparse.Namespace) -> int:
    """The tables as the papers print them."""
    for name in named(arguments.paper):
        for form in arguments.format or ["terminal"]:
            print(PRINTED[form](TABLES[name].printed()))
    return 0


def show_audit() -> int:
    """What does not fit in the papers' tables; that is no failure here, so the status is 0."""
    found = audit.run(printed_grids())
    cells = sum(table.cells for table in TABLES.values())
    print(f"{len(found)} findings in {len(TABLES)} tables with {cells} numbers\n")
    for i, finding in enumerate(found, 1):
        print(f"{i:2}. {finding.where}")
        for title, text in (
            ("printed", finding.printed),
            ("follows", finding.follows),
            ("how sure", finding.sure),
        ):
            print(_indented(f"{title:10}{text}"))
        print()
    return 0


def show_claims(arguments: argparse.Namespace) -> int:
    """What the papers say in words, on the printed numbers and on what was measured.

    Returns:
        1 if one fails and `--strict` was given.
    """
    sources = {"printed": Numbers(printed_grids(), printed=True)}
    if PROFILES[arguments.profile].comparable:
        from benchmarks.commands import measured_grids

        sources[arguments.profile] = Numbers(measured_grids(arguments), printed=False)
    verdicts: dict[str, Counter[str]] = {name: Counter() for name in sources}
    for i, claim in enumerate(CLAIMS, 1):
        print(_indented(f"{claim.place}: {claim.says}", f"{i:2}. "))
        if claim.reading:
            print(_indented(f"read as   {claim.reading}"))
        for name, numbers in sources.items():
            truth, why = claim.statement.check(numbers)
            verdicts[name][truth] += 1
            print(_indented(f"{name:10}{truth.upper() if truth == 'fails' else truth}: {why}"))
        print()
    for name, counted in verdicts.items():
        print(f"{name:10}" + ", ".join(f"{n} {truth}" for truth, n in counted.most_common()))
    if len(sources) == 1:
        print(
            "\n--profile lite or paper, with --data-root DIR, also holds them against what was "
            "measured;\na smoke table says nothing about a claim."
        )
    return int(arguments.strict and any(counted["fails"] for counted in verdicts.values()))


def show_ledger(arguments: argparse.Namespace) -> int:
    """Every choice behind a table with its origin, the assumed ones first."""
    for name in named(arguments.ledger):
        table = TABLES[name]
        entries = [
            LedgerEntry(c.source.kind, c.where, c.value, c.source.note)  # type: ignore[arg-type]
            for c in ledger(table)
        ]
        print(f"{table.source}: {table.caption}\n{choices.summary(entries)}\n")
        for entry in choices.merged(entries):
            print(f"{entry.kind:9}{entry.where} = {entry.value}")
            print(_indented(entry.reason))
        print()
    return 0


def list_tables(arguments: argparse.Namespace) -> int:
    """All tables with what can be run of each, and what the results folder has of it."""
    tables = arguments.out or Path(__file__).resolve().parents[1] / "results"
    rows = [
        (
            name,
            f"{t.source}: {t.caption}",
            t.cells,
            _share(t.runnable, t.cells),
            _results(tables, name),
        )
        for name, t in TABLES.items()
    ]
    print(tabulate(rows, headers=["name", "table", "cells", "can be run", "measured"]))
    print("\nprofiles:")
    for profile in PROFILES.values():
        print(f"  {profile.name:6} {profile.summary}")
    return 0


def _share(part: int, whole: int) -> str:
    return {0: "not implemented", whole: "all"}.get(part, f"{part} cells")


def _results(folder: Path, name: str) -> str:
    """`lite 9, smoke 126`: how many cells of a table have been measured."""
    found = []
    for profile in PROFILES:
        path = folder / "tables" / profile / f"{name}.csv"
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                lines = [line for line in csv.DictReader(file) if line["group"] and line["ours"]]
            found.append(f"{profile} {len(lines)}")
    return ", ".join(found)


def printed_grids() -> dict[str, Grid]:
    """Every table as its paper prints it."""
    return {name: table.printed() for name, table in TABLES.items()}


def _indented(text: str, first: str = "    ") -> str:
    return textwrap.fill(text, WIDTH - 10, initial_indent=first, subsequent_indent=" " * 14)
