"""What can be asked without training anything: the papers' tables, their audit and their claims."""

from __future__ import annotations

import argparse
import csv
import textwrap
from collections import Counter
from pathlib import Path

from tabulate import tabulate

from benchmarks.claims.quantities import Numbers
from benchmarks.declare.errors import UsageError
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.sources import ledger_entries
from benchmarks.engine.store import write_file
from benchmarks.grid import ledger as choices
from benchmarks.grid.model import Grid
from benchmarks.papers import audit
from benchmarks.papers.claims import CLAIMS
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.resolve import PROFILES
from benchmarks.report.html import printed_page
from benchmarks.report.latex import printed_latex
from benchmarks.report.long_csv import printed_csv
from benchmarks.report.markdown import printed_markdown
from benchmarks.report.terminal import WIDTH, printed_terminal

PRINTED = {
    "terminal": printed_terminal,
    "md": printed_markdown,
    "csv": printed_csv,
    "html": printed_page,
    "tex": printed_latex,
}
RESULTS = Path(__file__).resolve().parents[1] / "results"


def named(names: list[str]) -> list[str]:
    """The names of tables; `all` among them means every one.

    Raises:
        UsageError: one is unknown; the message lists all.
    """
    for name in names:
        if name not in (*TABLES, "all"):
            raise UsageError(f"there is no table {name!r}; there are: all, {', '.join(TABLES)}")
    return list(TABLES) if "all" in names else list(dict.fromkeys(names))


def show_papers_tables(arguments: argparse.Namespace) -> int:
    """The tables as the papers print them, on the terminal or as files below `--out`.

    Raises:
        UsageError: several of what makes one file each, and no folder for them.
    """
    names, forms = named(arguments.paper), arguments.format or ["terminal"]
    if arguments.out is not None:
        for name in names:
            for form in forms:
                path = arguments.out / f"{name}.{'txt' if form == 'terminal' else form}"
                write_file(path, PRINTED[form](TABLES[name].printed()).encode())
        print(f"written to {arguments.out}")
        return 0
    if len(forms) > 1 or (len(names) > 1 and set(forms) & {"html", "csv"}):
        raise UsageError("several pages or formats make several files: name a folder with --out")
    for name in names:
        print(PRINTED[forms[0]](TABLES[name].printed()))
    return 0


def show_audit() -> int:
    """What does not fit in the papers' tables; that is no failure here, so the status is 0."""
    grids = audit.papers_tables(printed_grids())
    found = audit.run(grids)
    cells = [cell for grid in grids.values() for row in grid.rows for cell in row.cells]
    numbers = sum(cell.printed is not None for cell in cells)
    print(f"{len(found)} findings in {len(grids)} printed tables with {numbers} numbers\n")
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
        1 if `--strict` was given and one fails: on what was measured, if that was asked for, else
        on the printed numbers.
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
            said = truth.upper() if truth == "fails" else truth
            print(_indented(f"{name:10}{said}{f': {why}' if why else ''}"))
        print()
    for name, counted in verdicts.items():
        print(f"{name:10}" + ", ".join(f"{n} {truth}" for truth, n in counted.most_common()))
    if len(sources) == 1:
        print(
            "\n--profile lite or paper, with --data-root DIR, also holds them against what was "
            "measured;\na smoke table says nothing about a claim."
        )
    return int(arguments.strict and verdicts[list(verdicts)[-1]]["fails"] > 0)


def show_ledger(arguments: argparse.Namespace) -> int:
    """Every choice behind a table with its origin, the assumed ones first."""
    for name in named(arguments.ledger):
        table = TABLES[name]
        entries = ledger_entries(table)
        said = choices.summary(entries) if entries else "nothing is implemented yet"
        print(f"{table.source}: {table.caption}\n{said}\n")
        for entry in choices.merged(entries):
            print(f"{entry.kind:9}{entry.where} = {entry.value}")
            print(_indented(entry.reason))
        print()
    return 0


def list_tables(arguments: argparse.Namespace) -> int:
    """All tables with what can be run of each, and what the results folder has of it."""
    rows = [
        (
            name,
            f"{t.source}: {t.caption}",
            t.cells,
            "needs raters" if isinstance(t, Pairwise) else _share(t.runnable, t.cells),
            _results(arguments.out or RESULTS, name),
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
