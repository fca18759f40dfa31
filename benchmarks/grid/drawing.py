"""What a figure shows, as plain data: panels with series and axes, and a table of numbers.

A view of networks or a filled table is turned into this model; the store keeps it as JSON, and
`benchmarks.report.drawing` draws it. Nothing here loads torch or matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Kind = Literal["line", "steps", "points", "links", "bars"]


@dataclass(frozen=True)
class Axis:
    """One axis of a panel.

    label: what it shows, with its unit.
    log: whether its scale is logarithmic.
    ticks: names of the places 0, 1, 2, ... where the axis counts things; empty for numbers.
    bare: whether its numbers mean nothing by themselves and are left out.
    ends: where it begins and ends, for panels that are held against each other; empty for where
        the numbers do.
    """

    label: str
    log: bool = False
    ticks: tuple[str, ...] = ()
    bare: bool = False
    ends: tuple[float, ...] = ()


@dataclass(frozen=True)
class Series:
    """Numbers that belong together, under one name in the legend.

    kind: "line" joins its points; "steps" is a histogram with one edge more than heights; "points"
        joins nothing; "links" joins the first point with the second, the third with the fourth, and
        so on; "bars" stand on zero at the places of an axis with ticks.
    x, y: the numbers, as many of each; of steps x are the edges, one more.
    low, high: ends of an interval about each y, empty where there is none.

    Raises:
        ValueError: the numbers do not fit together, or one is not finite.
    """

    name: str
    kind: Kind
    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"a series is one of {', '.join(get_args(Kind))}, not {self.kind!r}")
        n = len(self.y)
        if len(self.x) != n + (self.kind == "steps"):
            raise ValueError(f"{self.name}: {len(self.x)} x for {n} y of {self.kind!r}")
        if len(self.low) != len(self.high) or len(self.low) not in (0, n):
            raise ValueError(f"{self.name}: {n} numbers need as many ends of intervals, or none")
        if self.kind == "links" and n % 2:
            raise ValueError(f"{self.name}: links are pairs of points, not {n} points")
        if not all(map(math.isfinite, (*self.x, *self.y, *self.low, *self.high))):
            raise ValueError(f"{self.name}: not all of its numbers are finite")


@dataclass(frozen=True)
class Panel:
    """Series in one pair of axes.

    words: lines that stand in the panel, such as `wd 0.10`.
    picture: a PNG file in base64 that lies under the series; the centres of its pixels have whole
        numbers, its axes are not shown.
    """

    title: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    words: tuple[str, ...] = ()
    picture: str = ""


@dataclass(frozen=True)
class Numbers:
    """The key numbers of a figure.

    headers: above the label and above each column. digits: decimals of each column in print.
    rows: a label and its numbers, None where there is none.
    """

    headers: tuple[str, ...]
    digits: tuple[int, ...]
    rows: tuple[tuple[str, tuple[float | None, ...]], ...]

    def __post_init__(self) -> None:
        wanted = len(self.headers) - 1
        if any(len(values) != wanted for values in (self.digits, *(v for _, v in self.rows))):
            raise ValueError(f"{self.headers[0]}: not every row has {wanted} numbers")


@dataclass(frozen=True)
class Drawing:
    """A whole figure.

    across: how many panels stand side by side. notes: what must be known about what is shown.
    """

    panels: tuple[Panel, ...]
    numbers: Numbers
    across: int = 2
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all series in the order of their first panel, each once."""
        return tuple(dict.fromkeys(s.name for panel in self.panels for s in panel.series))


def as_json(drawing: Drawing) -> dict[str, Any]:
    """The drawing in dicts and tuples, ready for JSON; `from_json` reads it back."""
    return asdict(drawing)


def from_json(entry: Mapping[str, Any]) -> Drawing:
    """The drawing that was stored.

    Raises:
        ValueError: it is none, or contradicts itself.
    """
    try:
        return Drawing(
            panels=tuple(_panel(panel) for panel in entry["panels"]),
            numbers=_numbers(entry["numbers"]),
            across=int(entry["across"]),
            notes=tuple(map(str, entry["notes"])),
        )
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"no drawing: {error!r}") from error


def _panel(entry: Mapping[str, Any]) -> Panel:
    return Panel(
        title=str(entry["title"]),
        x=_axis(entry["x"]),
        y=_axis(entry["y"]),
        series=tuple(_series(one) for one in entry["series"]),
        words=tuple(map(str, entry["words"])),
        picture=str(entry["picture"]) if "picture" in entry else "",
    )


def _axis(entry: Mapping[str, Any]) -> Axis:
    ticks = tuple(map(str, entry["ticks"]))
    ends = tuple(map(float, entry["ends"]))
    return Axis(str(entry["label"]), bool(entry["log"]), ticks, bool(entry["bare"]), ends)


def _series(entry: Mapping[str, Any]) -> Series:
    ends = {name: tuple(map(float, entry[name])) for name in ("x", "y", "low", "high")}
    return Series(str(entry["name"]), entry["kind"], **ends)


def _numbers(entry: Mapping[str, Any]) -> Numbers:
    return Numbers(
        headers=tuple(map(str, entry["headers"])),
        digits=tuple(map(int, entry["digits"])),
        rows=tuple(
            (str(label), tuple(None if v is None else float(v) for v in values))
            for label, values in entry["rows"]
        ),
    )
