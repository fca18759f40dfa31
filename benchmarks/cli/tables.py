"""--table: fill and write tables, or show what that would take."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session, to_fill
from benchmarks.declare.errors import tell
from benchmarks.engine.progress import clock, say
from benchmarks.engine.steps import Step
from benchmarks.engine.store import write_file
from benchmarks.engine.work import Work
from benchmarks.grid.model import Grid
from benchmarks.report.contact_sheet import contact_sheet
from datasets.images import DataError

AnyWork = TypeVar("AnyWork", bound=Work)


def run(request: Request) -> int:
    """Fill the tables, one after the other.

    Returns:
        1 if a cell that was asked for has no number, 2 if a whole table could not be begun.
    """
    session = Session(request)
    _ = session.engine  # a wrong folder or device is told even where nothing of it is needed
    # All plans first: a pattern that fits no row is told before anything is trained.
    works = [session.work(table) for table in to_fill(request.words, request.data_root is not None)]
    return in_turn(works, fill, session)


def in_turn(
    works: Sequence[AnyWork], do: Callable[[AnyWork, Session], int], session: Session
) -> int:
    """Do each work, or show what it would take; the worst exit status."""
    if session.request.plan:
        for work in works:
            show_plan(work, session.request.profile)
        return 0
    return max((do(work, session) for work in works), default=0)


def made(work: Work) -> Grid | None:
    """Make one exhibit and say what it lacks; None where it could not be begun, which is told."""
    try:
        work.make()
    except DataError as error:  # of this exhibit: others can be made
        tell(error)
        return None
    grid = work.grid()
    for problem in work.problems():
        say(problem)
    return grid


def fill(work: Work, session: Session) -> int:
    """Make, write and print one exhibit; says what it lacks and returns the exit status."""
    begun = time.monotonic()
    if (grid := made(work)) is None:
        return 2
    written = session.write(with_picture(work, grid, session))
    say(f"{grid.name} took {clock(time.monotonic() - begun)}; {written}")
    return int(not work.complete(grid))


def with_picture(work: Work, grid: Grid, session: Session) -> Grid:
    """Write the contact sheet beside the table; the grid names it if a report may show it.

    One with other people's photographs could not be passed on; drawn ones can.
    """
    if not (found := work.pictures()):
        return grid
    name = f"{grid.name}.png"
    write_file(session.folder(grid) / name, contact_sheet(found))
    embedded = session.engine.status.resolver.profile.embedded and not work.exhibit.released
    return replace(grid, picture=name) if embedded else grid


def show_plan(work: Work, profile: str) -> None:
    """Print what a run would do, one line per step; each problem in full once."""
    print(f"{work.exhibit.name} ({work.exhibit.source}), profile {profile}")
    lines = work.steps()
    told: dict[str, int] = {}
    for line in lines:
        known = " ".join(f"({told[p]})" for p in line.problems if p in told)
        print(f"  {line.action:8} {line.what}{f', see {known}' if known else ''}")
        for problem in line.problems:
            if problem not in told:
                told[problem] = len(told) + 1
                print(f"           ({told[problem]}) {problem}")
        if line.detail:
            print(f"           {line.detail}")
    print("  " + _counted(lines))


def _counted(lines: list[Step]) -> str:
    """`14 train, 3 cached`: how many steps there are of each kind."""
    count = Counter(line.action for line in lines)
    return ", ".join(f"{n} {kind}" for kind, n in count.items()) or "nothing to do"
