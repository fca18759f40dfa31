"""From a request to the verb that does it, and errors to one line each."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from benchmarks.cli import audit, claims, explain, ledger, listing, printed, studies, tables
from benchmarks.cli.request import Request
from benchmarks.declare.errors import DeclarationError, UsageError
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
}


def run(request: Request) -> int:
    """Do what was asked; errors that a user can mend end as one line and status 2."""
    try:
        if request.out is not None and request.out.exists() and not request.out.is_dir():
            raise UsageError(f"--out {request.out} is a file; name a folder")
        return VERBS[request.verb](request)
    except (UsageError, DeclarationError, DataError, StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has seen enough; what was left undone is not known
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
