"""--rehearse: see that every row starts at its true size, and how long it would take."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session, fillable, named
from benchmarks.declare.errors import UsageError
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.figure import Figure
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Table
from benchmarks.engine.figure import FigureWork
from benchmarks.engine.plan import Job, PlannedRow
from benchmarks.engine.progress import clock, say
from benchmarks.engine.speed import ROUNDS, SpeedWork
from benchmarks.engine.store import write_file
from benchmarks.papers.registry import FIGURES, TABLES
from benchmarks.rehearse.document import (
    as_row,
    in_words,
    rehearsal_csv,
    rehearsal_markdown,
    total,
)
from benchmarks.rehearse.record import Record
from benchmarks.rehearse.rehearsal import Line, Rehearsal


def run(request: Request) -> int:
    """Rehearse the tables, one after the other; what this machine did before is remembered.

    Returns:
        1 if something of a row failed.
    """
    begun = time.monotonic()
    session = Session(request)
    status = session.engine.status
    record = session.rehearsals
    if status.device.type == "cpu" and not request.micro_batch:
        say("no GPU is used: a step takes as few images as its terms allow, and is multiplied")
    rehearsal = Rehearsal(status, record, request.micro_batch)
    works = {exhibit.name: jobs(exhibit, session) for exhibit in to_rehearse(request.words)}
    done: list[Line] = []
    for k, (name, wanted) in enumerate(works.items(), 1):
        say(f"{name}, {k} of {len(works)}, after {clock(time.monotonic() - begun)}")
        lines = rehearsal.of(wanted)
        print("\n".join([name, *map(in_words, lines), total(name, lines)]))
        keep(record, heading(name, request, status.device.type), lines, part=bool(request.only))
        done += lines
    if len(works) > 1:
        print(total("all of these, what they share once", done))
    took = clock(time.monotonic() - begun)
    say(f"rehearsed in {took}; written to {record.path.with_suffix('')}.json, .md, .csv")
    return int(any(line.problems for line in done))


def heading(name: str, request: Request, device: str) -> str:
    """The name of a table in the record, with what makes its steps others than usual."""
    pieces = f"in pieces of {request.micro_batch}" if request.micro_batch else ""
    unusual = (
        "" if request.profile == "paper" else request.profile,
        "" if request.precision == "float32" else request.precision,
        "compiled" if request.compiled else "",
        pieces if device == "cuda" else "",  # a CPU's steps stand for the same whole batch
    )
    return ", ".join(filter(None, (name, *unusual)))


def keep(record: Record, name: str, lines: list[Line], part: bool) -> None:
    """Write a table's lines into the record.

    Args:
        part: whether they are some of the table's, and join those that are there; else these go.
    """
    rows = {line.key: as_row(line) for line in lines}
    record.tables[name] = (record.tables.get(name, {}) if part else {}) | rows
    record.write()
    write_file(record.path.with_suffix(".md"), rehearsal_markdown(record).encode())
    write_file(record.path.with_suffix(".csv"), rehearsal_csv(record).encode())


def to_rehearse(names: tuple[str, ...]) -> list[Exhibit]:
    """The exhibits of these names that a machine trains or measures.

    Raises:
        UsageError: a name is unknown, or what it names is none.
    """
    known = {**TABLES, **FIGURES}
    if "all" in names:
        tables = [t for t in fillable(with_data_root=True) if not isinstance(t, Pairwise)]
        return [*tables, *FIGURES.values()]
    found = named(names, known)
    for exhibit in found:
        if not isinstance(exhibit, Figure) and (
            isinstance(exhibit, Pairwise) or not exhibit.fillable
        ):
            raise UsageError(f"{exhibit.name}: nothing of it is trained or measured by a machine")
    return found


def jobs(exhibit: Exhibit, session: Session) -> Iterable[Job]:
    """The trainings and measurements that an exhibit takes.

    Raises:
        UsageError: --only fits no row.
    """
    match exhibit:
        case Table():
            return list(session.plan(exhibit).jobs())
        case Figure():
            return list(FigureWork(exhibit, session.engine).jobs())
        case Speed():
            return list(_timed_steps(SpeedWork(exhibit, session.engine)))
    raise UsageError(f"{exhibit.name}: nothing knows how to rehearse a {type(exhibit).__name__}")


def _timed_steps(work: SpeedWork) -> Iterable[Job]:
    """The steps that a table of speeds times; none of its trainings is carried to its end."""
    for label, declared in work.runs.items():
        run = replace(declared, training=replace(declared.training, steps=ROUNDS + 1))
        row = PlannedRow(label, "", label, "", [run], [])
        yield Job(label, run, row)
