"""The assumption ledger: which of a table's choices the paper does not print."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.grid.choice import LedgerEntry

KINDS = ("assumed", "cited", "paper")
PLACES_SHOWN = 3


def merged(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
    """Each choice once, the assumed ones first; one made in many places names the first few."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for entry in entries:
        where = places.setdefault((entry.kind, entry.value, entry.reason), [])
        if entry.where not in where:
            where.append(entry.where)
    choices = [
        LedgerEntry(kind, _joined(where), value, reason)  # type: ignore[arg-type]
        for (kind, value, reason), where in places.items()
    ]
    return sorted(choices, key=lambda entry: KINDS.index(entry.kind))


def summary(entries: Sequence[LedgerEntry]) -> str:
    """The count of choices of each kind: `7 assumed, 5 cited, 12 from the paper`."""
    kinds = [entry.kind for entry in merged(entries)]
    assumed, cited, paper = (kinds.count(kind) for kind in KINDS)  # type: ignore[arg-type]
    return f"{assumed} assumed, {cited} cited, {paper} from the paper"


def _joined(where: list[str]) -> str:
    more = len(where) - PLACES_SHOWN
    return "; ".join(where[:PLACES_SHOWN]) + (f"; and {more} more" if more > 0 else "")
