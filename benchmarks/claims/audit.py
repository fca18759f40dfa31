"""The audit of the papers: what must agree, what the texts say, and what a reader notices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from benchmarks.claims.paper import Paper
from benchmarks.claims.quantities import Numbers
from benchmarks.claims.table_checks import Finding, findings
from benchmarks.grid.model import Grid


def audit(papers: Sequence[Paper], grids: Mapping[str, Grid]) -> list[Finding]:
    """Everything that does not fit in the printed tables, in the order of the papers.

    Args:
        grids: each exhibit of the papers as it is printed, by name.
    """
    return merged([finding for paper in papers for finding in _of(paper, grids)])


def _of(paper: Paper, grids: Mapping[str, Grid]) -> Iterator[Finding]:
    found = [finding for table in paper.tables for finding in findings(grids[table.name])]
    found += [finding for repeated in paper.repeated for finding in repeated.findings(grids)]
    found += _unstated(paper, Numbers(grids, printed=True))
    for finding in (*found, *paper.notes):
        said = [
            remark.says
            for remark in paper.remarks
            if finding.where.startswith(remark.where) and remark.word in finding.printed
        ]
        yield replace(finding, follows="; ".join([finding.follows, *said]))


def _unstated(paper: Paper, numbers: Numbers) -> Iterator[Finding]:
    """Statements of the text that do not follow from the tables."""
    for stated in paper.stated:
        outcome = stated.claim.statement.check(numbers)
        if outcome.truth != "holds":
            place = f"{stated.claim.place} (text)"
            yield Finding(place, stated.printed, outcome.why, stated.sure)


def merged(found: Sequence[Finding]) -> list[Finding]:
    """Join the same finding in several places into one."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for f in found:
        places.setdefault((f.printed, f.follows, f.sure), []).append(f.where)
    return [Finding("; ".join(where), *what) for what, where in places.items()]
