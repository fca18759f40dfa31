"""Numbers that stand in two tables and must agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from benchmarks.claims.table_checks import Finding
from benchmarks.grid.model import Cell, Column, Grid, GridRow


@dataclass(frozen=True)
class Repeated:
    """Numbers of one table that stand in another as well.

    rows: row keys of `table` and of `first`; None pairs all methods and inputs in their order.
    labels: whether rows that are paired in order must also have the same label.
    """

    table: str
    first: str
    rows: tuple[tuple[str, str], ...] | None = None
    labels: bool = False

    def findings(self, grids: Mapping[str, Grid]) -> Iterator[Finding]:
        """Cells that differ at the precision that both have, and labels that do."""
        one, other = grids[self.table], grids[self.first]
        shared = [
            (c, d)
            for c, column in enumerate(one.columns)
            for d, match in enumerate(other.columns)
            if column.name == match.name
        ]
        renamed = []
        for row, match in self._pairs(one, other):
            for c, d in shared:
                if not _equal(row.cells[c], match.cells[d], one.columns[c], other.columns[d]):
                    yield Finding(
                        f"{one.source}, {row.key}, {one.columns[c].name}",
                        f"{row.cells[c].paper}",
                        f"{other.source} prints {match.cells[d].paper} for the same ({match.key})",
                    )
            if self.labels and row.key != match.key:
                renamed.append((row.key, match.key))
        if renamed:
            yield Finding(
                f"{one.source} and {other.source}",
                "; ".join(f"'{a}' and '{b}'" for a, b in renamed),
                "the same numbers bear different labels: which is right is open",
            )

    def _pairs(self, one: Grid, other: Grid) -> Iterable[tuple[GridRow, GridRow]]:
        if self.rows is not None:
            by_key = [{row.key: row for row in grid.rows} for grid in (one, other)]
            return [(by_key[0][a], by_key[1][b]) for a, b in self.rows]
        lines = [[r for r in g.rows if r.role in ("method", "input")] for g in (one, other)]
        return zip(*lines, strict=True)


def _equal(a: Cell, b: Cell, one: Column, other: Column) -> bool:
    if a.printed is None or b.printed is None:
        return a.paper == b.paper
    step = Decimal(1).scaleb(-min(one.digits, other.digits))
    return a.printed.quantize(step, ROUND_HALF_UP) == b.printed.quantize(step, ROUND_HALF_UP)
