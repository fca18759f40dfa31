"""--claims: what the papers say in words, on the printed numbers and on what was measured."""

from __future__ import annotations

from collections import Counter

from benchmarks.claims.quantities import Numbers
from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.cli.text import indented
from benchmarks.papers.registry import PAPERS, TABLES
from benchmarks.profiles.registry import PROFILES


def run(request: Request) -> int:
    """Print every claim with its verdicts.

    Returns:
        1 if `--strict` was given and one fails: on what was measured, if that was asked for, else
        on the printed numbers.
    """
    printed = {name: table.printed() for name, table in TABLES.items()}
    sources = {"printed": Numbers(printed, printed=True)}
    if PROFILES[request.profile].comparable:
        sources[request.profile] = Numbers(Session(request).measured(), printed=False)
    verdicts: dict[str, Counter[str]] = {name: Counter() for name in sources}
    claims = [claim for paper in PAPERS for claim in paper.claims]
    for i, claim in enumerate(claims, 1):
        print(indented(f"{claim.place}: {claim.says}", f"{i:2}. "))
        if claim.reading:
            print(indented(f"read as   {claim.reading}"))
        for name, numbers in sources.items():
            truth, why = claim.statement.check(numbers)
            verdicts[name][truth] += 1
            said = truth.upper() if truth == "fails" else truth
            print(indented(f"{name:10}{said}{f': {why}' if why else ''}"))
        print()
    for name, counted in verdicts.items():
        print(f"{name:10}" + ", ".join(f"{n} {truth}" for truth, n in counted.most_common()))
    if len(sources) == 1:
        print(
            "\n--profile lite or paper, with --data-root DIR, also holds them against what was "
            "measured;\na smoke table says nothing about a claim."
        )
    return int(request.strict and verdicts[list(verdicts)[-1]]["fails"] > 0)
