"""One line of a ledger; apart from the grid, since declarations make it and are behind numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LedgerEntry:
    """One declared choice: where it stands, its value, and why or from where."""

    kind: Literal["assumed", "cited", "paper"]
    where: str
    value: str
    reason: str
