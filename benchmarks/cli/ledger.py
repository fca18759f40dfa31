"""--ledger: every choice behind a table or a figure with its origin."""

from __future__ import annotations

from benchmarks.cli.request import Request
from benchmarks.cli.session import named
from benchmarks.cli.text import indented
from benchmarks.declare.sources import ledger_entries
from benchmarks.grid.ledger import merged, summary
from benchmarks.papers.registry import FIGURES, TABLES


def run(request: Request) -> int:
    """Print the choices of each table, the assumed ones first."""
    for exhibit in named(request.words, {**TABLES, **FIGURES}):
        entries = ledger_entries(*exhibit.chosen)
        said = summary(entries) if entries else "nothing is implemented yet"
        print(f"{exhibit.source}: {exhibit.caption}\n{said}\n")
        for entry in merged(entries):
            print(f"{entry.kind:9}{entry.where} = {entry.value}")
            print(indented(entry.reason))
        print()
    return 0
