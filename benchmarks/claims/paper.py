"""A paper: its exhibits, what it says about them, and what is known not to fit.

Tables, claims, the audit, lists and tests all derive from the papers that are registered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.claims.repeated import Repeated
from benchmarks.claims.statements import Claim
from benchmarks.claims.table_checks import Finding
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.figure import Figure


@dataclass(frozen=True)
class Stated:
    """A claim of the text that must follow from the tables.

    printed: the words in question. sure: how certain a finding is where it does not follow.
    """

    claim: Claim
    printed: str
    sure: str


@dataclass(frozen=True)
class Remark:
    """What a reader adds to a finding.

    where: how the finding's place begins. word: a word of what it says is printed.
    """

    where: str
    word: str
    says: str


@dataclass(frozen=True)
class Paper:
    """One paper with everything that is declared of it.

    tables: in the order in which they are listed. repeated: numbers that stand in two of them.
    figures: those that are drawn anew; what numbers they print is a table of the same name.
    notes: findings by reading, which no number decides.
    """

    name: str
    tables: tuple[Exhibit, ...]
    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = ()
    repeated: tuple[Repeated, ...] = ()
    stated: tuple[Stated, ...] = ()
    remarks: tuple[Remark, ...] = ()
    notes: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        names = {table.name for table in self.tables}
        for repeated in self.repeated:
            for name in (repeated.table, repeated.first):
                if name not in names:
                    raise DeclarationError(
                        f"{self.name}: numbers of {name!r} are said to be printed twice, but the "
                        f"paper has the tables {', '.join(sorted(names))}"
                    )


def exhibits(papers: Sequence[Paper]) -> dict[str, Exhibit]:
    """All exhibits of the papers by name, in order.

    Raises:
        DeclarationError: two bear one name.
    """
    found: dict[str, Exhibit] = {}
    for paper in papers:
        for table in paper.tables:
            if table.name in found:
                raise DeclarationError(
                    f"{paper.name}: {table.source} and {found[table.name].source} are both named "
                    f"{table.name!r}; rename one"
                )
            found[table.name] = table
    return found


def figures(papers: Sequence[Paper]) -> dict[str, Figure]:
    """All figures of the papers by name, in order.

    Raises:
        DeclarationError: two bear one name, or one that of a table that is not its own numbers.
    """
    tables, found = exhibits(papers), dict[str, Figure]()
    for paper in papers:
        for figure in paper.figures:
            other = found.get(figure.name) or tables.get(figure.name)
            if other is not None and other is not figure.prints:
                raise DeclarationError(
                    f"{paper.name}: {figure.source} and {other.source} are both named "
                    f"{figure.name!r}; rename one"
                )
            found[figure.name] = figure
    return found
