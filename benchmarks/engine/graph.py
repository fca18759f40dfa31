"""The graph of runs: what a run or a score needs before it can be made."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from benchmarks.declare.runs import Fixed, Provider, Released, Run


def dependencies(node: Any) -> list[Provider]:
    """The providers that a run or a score needs directly, each once."""
    found: dict[Provider, None] = {}

    def walk(part: Any, top: bool) -> None:
        if isinstance(part, Run | Released | Fixed) and not top:
            found[part] = None
        elif is_dataclass(part) and not isinstance(part, type):
            for item in fields(part):
                walk(getattr(part, item.name), False)
        elif isinstance(part, tuple | list):
            for item in part:
                walk(item, False)

    walk(node, True)
    return list(found)
