"""A drawing holds together, and comes back from the store as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.grid.drawing import Axis, Drawing, Numbers, Panel, Series, as_json, from_json

LINE = Series("ours", "line", (0.0, 1.0), (0.1, 1 / 3), low=(0.0, 0.3), high=(0.2, 0.4))
STEPS = Series("shares", "steps", (0.0, 1.0, 2.0), (0.25, 0.75))
DRAWING = Drawing(
    panels=(
        Panel("first", Axis("x, m"), Axis("y", log=True), (LINE, STEPS), words=("wd 0.10",)),
        Panel(
            "second", Axis("", ticks=("a", "b")), Axis("dB", bare=True, ends=(-1.5, 2.0)), (LINE,)
        ),
    ),
    numbers=Numbers(("method", "mean"), (2,), (("ours", (1 / 7,)), ("theirs", (None,)))),
    across=1,
    notes=("said",),
)


def test_a_drawing_comes_back_from_json_bit_by_bit() -> None:
    assert from_json(json.loads(json.dumps(as_json(DRAWING)))) == DRAWING


def test_names_are_those_of_all_panels_each_once() -> None:
    assert DRAWING.names == ("ours", "shares")


def broken(change: Any) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(json.dumps(as_json(DRAWING)))
    change(entry)
    return entry


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: entry.pop("panels"),
        lambda entry: entry.update(panels=3),
        lambda entry: entry["panels"][0].update(series=[["line"]]),
        lambda entry: entry["panels"][0]["series"][0].update(y=[1.0]),
        lambda entry: entry["panels"][0]["series"][0].update(kind="pie"),
        lambda entry: entry["numbers"].update(digits=[]),
        lambda entry: entry.update(numbers=None),
    ],
)
def test_what_is_no_drawing_is_refused(change: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of every kind; the store sets it aside
        from_json(broken(change))


@pytest.mark.parametrize(
    ("kind", "numbers", "why"),
    [
        ("line", {"x": (0.0,), "y": (1.0, 2.0)}, "1 x for 2 y"),
        ("steps", {"x": (0.0, 1.0), "y": (1.0, 2.0)}, "2 x for 2 y of 'steps'"),
        ("line", {"x": (0.0,), "y": (float("nan"),)}, "not all of its numbers are finite"),
        ("line", {"x": (float("inf"),), "y": (0.0,)}, "not all of its numbers are finite"),
        ("bars", {"x": (0.0,), "y": (1.0,), "low": (0.0,)}, "as many ends of intervals"),
        ("bars", {"x": (0.0, 1.0), "y": (1.0, 1.0), "low": (0.0,), "high": (2.0,)}, "or none"),
        ("links", {"x": (0.0,), "y": (1.0,)}, "links are pairs of points, not 1"),
        ("pie", {"x": (), "y": ()}, "a series is one of line, steps"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(kind: Any, numbers: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Series("s", kind, **numbers)


def test_every_row_of_the_numbers_has_all_columns() -> None:
    with pytest.raises(ValueError, match="not every row has 1 numbers"):
        Numbers(("method", "mean"), (2,), (("a", (1.0, 2.0)),))
    with pytest.raises(ValueError, match="not every row has 1 numbers"):
        Numbers(("method", "mean"), (2, 2), ())
