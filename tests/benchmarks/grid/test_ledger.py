"""The ledger under a table: each choice once, assumed ones first, and the count of each kind."""

from __future__ import annotations

from benchmarks.grid.choice import LedgerEntry
from benchmarks.grid.ledger import merged, summary


def entry(kind: str, where: str, value: str = "0.1", reason: str = "a guess") -> LedgerEntry:
    return LedgerEntry(kind, where, value, reason)  # type: ignore[arg-type]


def test_one_choice_in_several_places_is_one_line() -> None:
    found = merged(
        [entry("assumed", "row a"), entry("assumed", "row b"), entry("assumed", "row a")]
    )
    assert found == [entry("assumed", "row a; row b")]


def test_first_three_places_are_named_and_the_others_counted() -> None:
    def places(n: int) -> str:
        ((one),) = merged([entry("cited", f"r{i}") for i in range(n)])
        return one.where

    assert places(1) == "r0"
    assert places(3) == "r0; r1; r2"
    assert places(4) == "r0; r1; r2; and 1 more"
    assert places(9) == "r0; r1; r2; and 6 more"


def test_choices_that_differ_in_anything_but_the_place_stay_apart() -> None:
    entries = [
        entry("assumed", "a"),
        entry("assumed", "a", value="0.2"),
        entry("assumed", "a", reason="another guess"),
        entry("cited", "a"),
    ]
    assert merged(entries) == entries


def test_assumed_choices_come_first_and_then_in_the_order_of_the_table() -> None:
    kinds = ["paper", "cited", "assumed", "paper", "cited", "assumed"]
    entries = [entry(kind, f"place {i}", value=str(i)) for i, kind in enumerate(kinds)]
    assert [found.value for found in merged(entries)] == ["2", "5", "1", "4", "0", "3"]


def test_summary_counts_choices_and_not_places() -> None:
    entries = [entry("assumed", "a"), entry("assumed", "b"), entry("cited", "a")]
    entries += [entry("paper", "a", value=str(i)) for i in range(4)]
    assert summary(entries) == "1 assumed, 1 cited, 4 from the paper"
    assert summary([]) == "0 assumed, 0 cited, 0 from the paper"
