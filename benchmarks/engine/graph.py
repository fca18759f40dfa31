"""The graph of runs: what a run or a score needs before it can be made."""

from __future__ import annotations

from itertools import islice
from typing import Any

from benchmarks.declare.runs import Provider
from benchmarks.declare.tree import walk


def is_provider(node: Any) -> bool:
    """Whether an object provides a network with weights."""
    return isinstance(node, Provider)


def dependencies(node: Any) -> list[Provider]:
    """The providers that a run or a score needs directly, each once."""
    below = islice(walk(node, into=lambda part: not is_provider(part)), 1, None)
    return list(dict.fromkeys(filter(is_provider, below)))
