"""Where a number comes from: the paper, a cited work, or our own assumption.

`paper(75, "4.1")`, `cited(1e-4, "released README")` and `assumed(1.0, "no source prints one")`
return the value itself, with its origin attached: it computes, compares, prints and hashes as the
plain value, so a corrected note never retrains anything. `ledger` collects what a table declares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.declare.tree import parts
from benchmarks.grid.choice import LedgerEntry
from losses.objective import Objective

T = TypeVar("T")


@dataclass(frozen=True)
class Source:
    """The origin of a value; kind: "paper", "cited", "assumed"; note: section, work or reason."""

    kind: str
    note: str


class _Float(float):
    source: Source


class _Int(int):
    source: Source


class _Str(str):
    source: Source


class _Tuple(tuple):
    source: Source


_CARRIERS: dict[type, type] = {float: _Float, int: _Int, str: _Str, tuple: _Tuple}


def _attach(value: T, source: Source) -> T:
    plain = type(value)
    if plain not in _CARRIERS:
        known = ", ".join(t.__name__ for t in _CARRIERS)
        raise TypeError(f"a sourced value must be one of {known}, not {plain.__name__}")
    carrier = _CARRIERS[plain](value)
    carrier.source = source
    return carrier


def paper(value: T, section: str) -> T:
    """A value that the paper prints; `section` says where."""
    return _attach(value, Source("paper", section))


def cited(value: T, work: str) -> T:
    """A value from a work that the paper builds on, or from a released repository."""
    return _attach(value, Source("cited", work))


def assumed(value: T, why: str) -> T:
    """A value that no source prints; `why` is the reason for the choice."""
    return _attach(value, Source("assumed", why))


def plain(value: Any) -> Any:
    """The value without its source, of the builtin type."""
    for builtin, carrier in _CARRIERS.items():
        if isinstance(value, carrier):
            return builtin(value)
    return value


@dataclass(frozen=True)
class Choice:
    """One declared choice: where it stands, what it is, and where it comes from."""

    where: str
    value: str
    source: Source


def choices(node: Any, where: str = "") -> Iterator[Choice]:
    """Every sourced value under a declared object, depth first; duplicates included."""
    source = getattr(node, "source", None)
    if isinstance(source, Source):
        yield Choice(where, repr(node), source)
    if isinstance(node, Objective):
        for weight, term in node.terms:
            yield from choices(weight, f"weight of {term.symbol}")
            yield from choices(term)
        return
    for name, part in parts(node):
        yield from choices(part, f"{type(node).__name__}.{name}" if name else where)


def ledger(*nodes: Any) -> list[Choice]:
    """Every distinct choice under the objects; the assumed ones first, then cited, then paper."""
    order = ("assumed", "cited", "paper")
    distinct = dict.fromkeys(choice for node in nodes for choice in choices(node))
    return sorted(distinct, key=lambda choice: order.index(choice.source.kind))


def ledger_entries(*nodes: Any) -> list[LedgerEntry]:
    """The ledger of declared objects as reports show it; see `Exhibit.chosen`."""
    return [
        LedgerEntry(c.source.kind, c.where, c.value, c.source.note)  # type: ignore[arg-type]
        for c in ledger(*nodes)
    ]
