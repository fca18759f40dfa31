"""Declarations are trees of dataclasses, tuples, lists and dicts; here is the one way through them.

What is no such container, a class among them, is a leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any


def parts(node: Any) -> list[tuple[str, Any]]:
    """The parts that a declared object holds directly, with the names of a dataclass's fields.

    Members of a tuple, list or dict have the name "".
    """
    if is_dataclass(node) and not isinstance(node, type):
        return [(field.name, getattr(node, field.name)) for field in fields(node)]
    if isinstance(node, dict):
        return [("", part) for part in node.values()]
    if isinstance(node, tuple | list):
        return [("", part) for part in node]
    return []


def walk(node: Any, into: Callable[[Any], bool] = lambda node: True) -> Iterator[Any]:
    """The object and everything under it, depth first, each as often as it is held.

    Args:
        into: whether to go on below a part; the object itself is always entered.
    """
    yield node
    for _, part in parts(node):
        if into(part):
            yield from walk(part, into)
        else:
            yield part


def rebuilt(node: Any, change: Callable[[Any], Any]) -> Any:
    """The object with `change` applied to it and then to everything under what it became.

    What nothing changes in is returned itself and not as a copy. Lists and dicts are leaves here:
    nothing that is resolved for a run holds any.
    """
    node = change(node)
    if isinstance(node, tuple):
        members = tuple(rebuilt(part, change) for part in node)
        return node if all(a is b for a, b in zip(members, node, strict=True)) else members
    if not is_dataclass(node) or isinstance(node, type):
        return node
    new = {name: rebuilt(part, change) for name, part in parts(node)}
    changed = {name: part for name, part in new.items() if part is not getattr(node, name)}
    return replace(node, **changed) if changed else node
