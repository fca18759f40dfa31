"""What was rehearsed in words, as Markdown and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from benchmarks.declare.sources import ledger
from benchmarks.engine.progress import clock
from benchmarks.rehearse.arithmetic import ACCELERATORS, UTILISATION, Cost
from benchmarks.rehearse.record import Record, in_threads
from benchmarks.rehearse.rehearsal import Line
from benchmarks.rehearse.training import Steps

GIB = 2**30
HEADERS = (
    "row", "data", "parameters", "GFLOP per step", "s per step", "peak GiB", "--micro-batch",
    "hours here", *(f"{a.name} h {p}" for a in ACCELERATORS for p in UTILISATION),
)  # fmt: skip


def in_words(line: Line) -> str:
    """A line with its arithmetic, for a terminal."""
    said = [f"{line.name}{f' ({line.data})' if line.data else ''}"]
    if line.steps is not None and line.run is not None:
        said += _steps_in_words(line.steps, int(line.run.training.steps))
    said += [f"  test: {part}" for part in line.parts]
    if line.absent:
        said.append(f"  random weights in the place of {', '.join(sorted(line.absent))}")
    if line.cost.seconds and not line.problems:
        both = f"{_hours(line.training.hours)} of training, {_hours(line.testing.hours)} of tests"
        said.append(f"  here {both}; estimated {_elsewhere(line.cost)}")
    return "\n".join([*said, *(f"  FAILED: {problem}" for problem in line.problems)])


def _steps_in_words(s: Steps, steps: int) -> list[str]:
    part = f"{s.images} of {s.batch} images, times {s.batch / s.images:g}"
    pieces = f", in pieces of {s.pieces} images" if s.pieces else ""
    whole = s.images == s.batch
    gflop = f"{s.network_flop / 1e9:,.1f} (network) + {s.objective_flop / 1e9:,.1f} (objective)"
    total = "" if whole else f"; {part}: {s.flop / 1e9:,.0f} GFLOP, {s.step_seconds:,.2f} s"
    lines = [f"  {s.parameters:,} parameters, a checkpoint of {s.checkpoint / 2**20:,.1f} MiB"]
    lines += [
        f"  step: {gflop} GFLOP, {s.seconds:.3f} s{total}",
        f"  memory ({s.measured}): {s.peak / GIB:.2f} GiB{pieces}{_memory(s)}",
        f"  training: {steps:,} steps of {s.step_seconds:,.2f} s = "
        f"{_hours(steps * s.step_seconds / 3600)}",
    ]
    return lines


def _memory(s: Steps) -> str:
    """What the whole batch would take, and what fits."""
    there = f"{s.machine / GIB:.1f} GiB"
    if s.images == s.batch:
        return f" of {there}"
    whole = f"{s.step_peak / GIB:.2f} GiB for the whole batch at once, at most, in proportion"
    tried = f"; {s.too_many} images at once do not fit" if s.too_many else ""
    return f", {whole}, of {there}{tried}{_way_out(s)}"


def _way_out(s: Steps) -> str:
    """What fits where the whole batch perhaps does not."""
    if s.fits == s.batch:
        return ""
    if not s.in_pieces:
        return "; it cannot be trained in pieces"
    return f"; --micro-batch {s.fits} would fit" if s.fits else "; perhaps not even one image fits"


def _hours(hours: float) -> str:
    return clock(hours * 3600) if hours < 1 else f"{hours:,.1f} h"


def _elsewhere(cost: Cost) -> str:
    """Estimated hours on machines that were not measured."""
    return ", ".join(
        f"{a.name} {_hours(a.hours(cost.flop))} (tf32 {_hours(a.hours(cost.flop, 'tf32'))})"
        for a in ACCELERATORS
    )


def total_in_words(name: str, cost: Cost, failed: int) -> str:
    """The hours of a table, or of several, and how many of their rows these do not have."""
    without = f", without {failed} row{'' if failed == 1 else 's'} that failed" if failed else ""
    return f"{name}: {_hours(cost.hours)} here; estimated {_elsewhere(cost)}{without}"


def total(name: str, lines: Sequence[Line]) -> str:
    """What lines take together, in words.

    A training or a test that several of them share counts once, a row of which something failed not
    at all: its hours are not known.
    """
    costs: dict[Any, Cost] = {}
    for line in lines:
        if not line.problems:
            costs |= line.costs
    failed = sum(bool(line.problems) for line in lines)
    return total_in_words(name, sum(costs.values(), Cost()), failed)


def as_row(line: Line) -> dict[str, Any]:
    """A line as plain data; None for a number that it does not have."""
    s, cost = line.steps, line.cost
    own: list[Any] = [None] * 5
    if s is not None:
        fits = s.fits if s.in_pieces and s.fits < s.batch else None
        own = [s.parameters, s.flop / 1e9, s.step_seconds, s.step_peak / GIB, fits]
    elsewhere = [a.hours(cost.flop, p) for a in ACCELERATORS for p in UTILISATION]
    known = cost.seconds and not line.problems
    hours = [cost.hours, *elsewhere] if known else [None] * (1 + len(elsewhere))
    cells = [line.name, line.data, *own, *hours]
    return {
        "cells": dict(zip(HEADERS, cells, strict=True)),
        "seconds": cost.seconds,
        "flop": cost.flop,
        "absent": sorted(line.absent),
        "problems": line.problems,
    }


def rehearsal_csv(record: Record) -> str:
    """One line per network of each table; a field without a number is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["table", *HEADERS, "problem"])
    for name, rows in record.tables.items():
        for row in rows.values():
            writer.writerow([name, *row["cells"].values(), "; ".join(row["problems"])])
    return out.getvalue()


def rehearsal_markdown(record: Record) -> str:
    """A section per table, and how its numbers come about."""
    here = record.machine
    absent = {n for rows in record.tables.values() for row in rows.values() for n in row["absent"]}
    parts = [
        "# Rehearsals",
        f"On {here['processor']}, {in_threads(here['threads'])}, torch {here['torch']}: two steps "
        "of every kind of training, and an image of the true size through every network and "
        "metric. The data is drawn. Steps and memory are of the whole batch at once (or in the "
        "pieces that were asked for), in proportion to the images that a step took, which of "
        "memory is the most that it can be; hours are steps times seconds, and tests. A training "
        "that rows share stands once. `--micro-batch` is what would fit where the batch does not.",
        _estimates(),
    ]
    if absent:
        parts.append(f"Random weights took the place of {', '.join(sorted(absent))}.")
    return "\n\n".join([*parts, *(_section(n, rows) for n, rows in record.tables.items())]) + "\n"


def _estimates() -> str:
    """How the hours of other machines come about."""
    peaks = "; ".join(
        f"{a.name}: {a.float32 / 1e12:g} TFLOP/s in float32, {a.tf32 / 1e12:g} in tf32"
        for a in ACCELERATORS
    )
    reasons = zip(UTILISATION, ledger(UTILISATION), strict=True)
    shares = "; ".join(f"{p}, {choice.value}: {choice.source.note}" for p, choice in reasons)
    return (
        "Hours of an A100 and an H200 are estimates from the operations: nobody measured them. "
        f"Peak by the maker's data sheet ({peaks}) times an assumed share of it ({shares})."
    )


def _section(name: str, rows: dict[str, Any]) -> str:
    lines = ["| " + " | ".join(HEADERS) + " |", "|---|---" + "|--:" * (len(HEADERS) - 2) + "|"]
    lines += [f"| {' | '.join(map(_text, row['cells'].values()))} |" for row in rows.values()]
    failed = [
        f"- {' '.join(filter(None, (row['cells']['row'], row['cells']['data'])))}: {problem}"
        for row in rows.values()
        for problem in row["problems"]
    ]
    told = "\n\nFailed:\n\n" + "\n".join(failed) if failed else ""
    known = [row for row in rows.values() if not row["problems"]]
    cost = sum((Cost(row["seconds"], row["flop"]) for row in known), Cost())
    together = total_in_words("Together", cost, len(rows) - len(known))
    return f"## {name}\n\n{together}.\n\n" + "\n".join(lines) + told


def _text(value: Any) -> str:
    """A field of a Markdown table: three significant digits of what was measured."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value).replace("|", "\\|")
