"""--explain: the path of one number."""

from __future__ import annotations

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session, to_fill
from benchmarks.declare.errors import UsageError
from benchmarks.declare.table import Table
from benchmarks.engine.explain import explain
from benchmarks.engine.plan import row_named


def run(request: Request) -> int:
    """Print where a number comes from, down to the value of each image."""
    name, row, column = request.words
    (table,) = to_fill((name,), True)
    if not isinstance(table, Table):
        raise UsageError(f"{name} has no runs to explain; --paper {name} shows it")
    plan = Session(request).plan(table)
    print(explain(plan, row_named(plan, row), column))
    return 0
