"""The one way through declarations: what is under an object, and the object with parts replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from benchmarks.declare.sources import paper
from benchmarks.declare.tree import parts, rebuilt, walk


@dataclass(frozen=True)
class Pair:
    left: Any
    right: Any = None


def one_more(node: Any) -> Any:
    return node + 1 if isinstance(node, int) else node


def test_parts_of_a_dataclass_bear_the_names_of_its_fields() -> None:
    assert parts(Pair(1, "x")) == [("left", 1), ("right", "x")]


@pytest.mark.parametrize("members", [(1, 2), [1, 2], {"a": 1, "b": 2}])
def test_parts_of_a_container_have_no_name(members: Any) -> None:
    assert parts(members) == [("", 1), ("", 2)]


@pytest.mark.parametrize("leaf", [Pair, "text", 3, None, {1, 2}])
def test_what_is_no_container_is_a_leaf(leaf: Any) -> None:
    assert parts(leaf) == []
    assert list(walk(leaf)) == [leaf]


def test_walk_goes_depth_first_and_tells_a_part_as_often_as_it_is_held() -> None:
    inner = Pair(1, [2])
    node = Pair((inner, 3), {"a": inner})
    inside = [inner, 1, [2], 2]
    assert list(walk(node)) == [node, (inner, 3), *inside, 3, {"a": inner}, *inside]


def test_walk_tells_a_part_that_it_does_not_enter() -> None:
    node = Pair(Pair((1, 2)), (3,))
    found = list(walk(node, into=lambda part: not isinstance(part, tuple)))
    assert found == [node, Pair((1, 2)), (1, 2), None, (3,)]


def test_walk_enters_the_object_itself_whatever_it_is() -> None:
    assert list(walk((1, (2,)), into=lambda part: False)) == [(1, (2,)), 1, (2,)]


def test_rebuilt_returns_the_same_objects_where_nothing_changes() -> None:
    node = Pair((Pair(1.5), (2.5, "x")), [3])
    assert rebuilt(node, lambda part: part) is node
    other = Pair(node, 1)
    changed = rebuilt(other, one_more)
    assert changed == Pair(node, 2)
    assert changed.left is node


def test_rebuilt_changes_what_lies_deep_in_tuples_and_dataclasses() -> None:
    node = Pair(((1, ("x", 2)), Pair(3)), 4)
    assert rebuilt(node, one_more) == Pair(((2, ("x", 3)), Pair(4)), 5)
    assert node == Pair(((1, ("x", 2)), Pair(3)), 4)


def test_rebuilt_goes_by_identity_and_not_by_equality() -> None:
    plain = rebuilt(Pair((1.0, "x")), lambda part: 1 if isinstance(part, float) else part)
    assert [type(part) for part in plain.left] == [int, str]


def test_change_is_applied_to_the_whole_and_then_to_what_it_became() -> None:
    def change(node: Any) -> Any:
        return Pair(1, 1) if node == "whole" else one_more(node)

    assert rebuilt("whole", change) == Pair(2, 2)  # each once, not again and again
    assert rebuilt(("whole", 5), change) == (Pair(2, 2), 6)


@pytest.mark.parametrize("leaf", [[1], {"a": 1}, Pair])
def test_lists_dicts_and_classes_are_not_rebuilt(leaf: Any) -> None:
    assert rebuilt(leaf, one_more) is leaf
    assert rebuilt(Pair(leaf, 1), one_more).left is leaf


def test_an_unchanged_tuple_keeps_its_source() -> None:
    sigma = paper((0, 75), "4.1")
    assert rebuilt(Pair(sigma, 1), lambda n: 2 if n == 1 else n).left.source.note == "4.1"
