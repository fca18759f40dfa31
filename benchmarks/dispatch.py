"""From a parsed command line to the function that does it, and errors to one line each."""

from __future__ import annotations

import argparse
import os
import sys

from benchmarks import checks
from benchmarks.declare.errors import UsageError
from benchmarks.engine.store import StoreError
from datasets.images import DataError


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; errors that a user can mend end as one line and status 2."""
    try:
        return _run(arguments)
    except (UsageError, DataError, StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has seen enough; what was left undone is not known
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130


def _run(arguments: argparse.Namespace) -> int:
    if arguments.list:
        return checks.list_tables(arguments)
    if arguments.paper:
        return checks.show_papers_tables(arguments)
    if arguments.audit:
        return checks.show_audit()
    if arguments.claims:
        return checks.show_claims(arguments)
    if arguments.ledger:
        return checks.show_ledger(arguments)
    from benchmarks import commands  # late: the engine is of no use to those above

    if arguments.explain:
        return commands.explain_number(arguments)
    if arguments.study:
        return commands.make_study(arguments)
    if arguments.study_results:
        return commands.read_study(arguments)
    return commands.make_tables(arguments)
