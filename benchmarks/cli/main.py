"""From a request to the verb that does it, and errors to one line each."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from benchmarks.cli import (
    audit,
    claims,
    explain,
    fetch,
    figures,
    ledger,
    listing,
    printed,
    rehearse,
    studies,
    tables,
)
from benchmarks.cli.request import Request
from benchmarks.declare.errors import DeclarationError, UsageError, tell
from benchmarks.engine.store import StoreError
from datasets.images import DataError

VERBS: dict[str, Callable[[Request], int]] = {
    "table": tables.run,
    "list": listing.run,
    "paper": printed.run,
    "audit": audit.run,
    "claims": claims.run,
    "ledger": ledger.run,
    "explain": explain.run,
    "study": studies.write,
    "study_results": studies.read,
    "figure": figures.run,
    "fetch": fetch.run,
    "rehearse": rehearse.run,
}


def _in_one_line(message: Warning | str, *where: object, **more: object) -> str:
    """A warning as a user reads it, without the line of code that gave it."""
    return f"warning: {message}\n"


def run(request: Request) -> int:
    """Do what was asked; errors that a user can mend end as one line and status 2."""
    warnings.formatwarning = _in_one_line
    try:
        return VERBS[request.verb](request)
    except (UsageError, DeclarationError, DataError, StoreError) as error:
        tell(error)
        return 2
