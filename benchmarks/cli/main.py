"""From a request to the verb that does it, and errors to one line each."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext

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
from benchmarks.declare.errors import DeclarationError, UsageError, one_line, tell
from benchmarks.engine.ranks import check_one_process
from benchmarks.engine.stopping import NOT_NOW, NotNow, by_sigterm
from benchmarks.engine.store import StoreError
from datasets.images import DataError
from losses.ranks import RankLost

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
# These train or measure into the store, and end so that the same command goes on.
MAKING = ("table", "figure", "study")


def _in_one_line(message: Warning | str, *where: object, **more: object) -> str:
    """A warning as a user reads it, without the line of code that gave it."""
    return f"warning: {message}\n"


def run(request: Request) -> int:
    """Do what was asked; returns the exit status.

    Errors that a user can mend end as one line and status 2, what can only be done later as one
    line and status 75.
    """
    warnings.formatwarning = _in_one_line
    try:
        if not request.job:
            check_one_process()
        with by_sigterm() if request.verb in MAKING else nullcontext():
            return VERBS[request.verb](request)
    except NotNow as reason:
        print(one_line(str(reason)), file=sys.stderr)
        return NOT_NOW
    except (UsageError, DeclarationError, DataError, StoreError) as error:
        tell(error)
        return 2
    except RankLost as error:
        tell(error)
        return NOT_NOW
