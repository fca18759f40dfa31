"""What the command line does, one function per command."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks import checks, studies
from benchmarks.checks import RESULTS
from benchmarks.declare.errors import UsageError
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Table
from benchmarks.engine import speed
from benchmarks.engine.collect import pictures, row_named, to_grid
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.execute import Engine
from benchmarks.engine.explain import explain
from benchmarks.engine.plan import Plan, make_plan, nothing_can_be_made, steps
from benchmarks.engine.progress import clock, say
from benchmarks.engine.store import Store, write_file
from benchmarks.engine.weights import WeightFiles
from benchmarks.grid.model import Grid
from benchmarks.papers.registry import TABLES, AnyTable
from benchmarks.profiles.resolve import PROFILES, Resolver
from benchmarks.report.contact_sheet import contact_sheet
from benchmarks.report.html import page
from benchmarks.report.latex import latex
from benchmarks.report.long_csv import long_csv
from benchmarks.report.markdown import markdown
from benchmarks.report.terminal import terminal
from datasets.images import DataError, Places


def make_engine(arguments: argparse.Namespace) -> Engine:
    """The engine for the profile, folders and device of a command line.

    Raises:
        UsageError: the data root is no folder, or the device is not there.
    """
    root = arguments.data_root
    if root is not None and not root.is_dir():
        raise UsageError(
            f"--data-root {root} is not a folder; it should hold cityscapes/ and others"
        )
    out = arguments.out or RESULTS
    files = WeightFiles(root)
    device = _device(arguments.device)
    workers = arguments.workers
    if workers is None:
        workers = 0 if device.type == "cpu" else 8
    return Engine(
        store=Store(out / "runs"),
        ids=ContentIds(Places(root=root, cache=out / "cache")),
        files=files,
        resolver=Resolver(
            PROFILES[arguments.profile],
            files.has,
            photographs=(
                ("train", tuple(arguments.train_set or ())),
                ("valid", tuple(arguments.test_set or ())),
            ),
        ),
        device=device,
        workers=workers,
        refresh=arguments.refresh,
    )


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"--device {name} cannot be used: {reason}") from error
    return device


def tables_named(names: list[str], with_data_root: bool) -> list[AnyTable]:
    """The declared tables of these names that can be filled, at least in part.

    Raises:
        UsageError: a name is unknown, or nothing of the table is implemented.
    """
    runnable = {n: t for n, t in TABLES.items() if t.runnable or isinstance(t, Pairwise)}
    if "all" in names:
        return [t for t in runnable.values() if with_data_root or not _needs_files(t)]
    for name in checks.named(names):
        if name not in runnable:
            raise UsageError(
                f"{name}: none of its networks is implemented yet; --paper {name} shows what the "
                f"paper prints. Tables that can be run: {', '.join(runnable)}"
            )
    return [runnable[name] for name in names]


def _needs_files(table: AnyTable) -> bool:
    return isinstance(table, Table) and table.released


def measured_grids(arguments: argparse.Namespace) -> dict[str, Grid]:
    """What the store has of every table under a profile; nothing is run."""
    engine = make_engine(arguments)
    grids = {}
    for table in tables_named(["all"], arguments.data_root is not None):
        if isinstance(table, Table):
            grids[table.name] = to_grid(make_plan(table, engine, arguments.seeds))
        elif isinstance(table, Pairwise):
            profile = engine.resolver.profile.name
            grids[table.name] = studies.answered(table, profile, arguments.out)
    return grids


def make_tables(arguments: argparse.Namespace) -> int:
    """Fill and write tables, or show what that would take."""
    engine, status = make_engine(arguments), 0
    tables = tables_named(arguments.table, arguments.data_root is not None)
    # All plans first: a pattern that fits no row is told before anything is trained.
    plans = {
        table.name: make_plan(table, engine, arguments.seeds, arguments.only)
        for table in tables
        if isinstance(table, Table)
    }
    for table in tables:
        if arguments.plan:
            show_plan(table, plans.get(table.name))
            continue
        begun = time.monotonic()
        if isinstance(table, Table):
            grid = fill(plans[table.name])
            status = max(status, missing_cells(plans[table.name], grid))
            keep_pictures = engine.resolver.profile.embedded and not table.released
            grid = with_picture(plans[table.name], grid, arguments, keep_pictures)
        elif isinstance(table, Speed):
            grid = speed.measured(table, engine)
        else:
            grid = studies.answered(table, engine.resolver.profile.name, arguments.out)
        written = write_reports(arguments, grid)
        say(f"{table.name} took {clock(time.monotonic() - begun)}; {written}")
    return status


def write_reports(arguments: argparse.Namespace, grid: Grid) -> str:
    """Write and print a table; says where it is."""
    folder = tables_folder(arguments, grid)
    forms = dict.fromkeys(["md", "csv", *(arguments.format or [])])
    for form in forms:
        write_file(folder / f"{grid.name}.{form}", _report(grid, form, folder).encode())
    print(terminal(grid))
    return f"written to {folder / grid.name}.{', .'.join(forms)}"


def make_study(arguments: argparse.Namespace) -> int:
    """Write a study's kit for raters."""
    table = studies.study_named(arguments.study)
    folder = studies.write_study(table, make_engine(arguments), arguments.out)
    print(studies.described(folder))
    return 0


def read_study(arguments: argparse.Namespace) -> int:
    """Fill a study's table from raters' files."""
    table, profile = studies.read_answers(arguments.study_results, arguments.out)
    say(write_reports(arguments, studies.answered(table, profile, arguments.out)))
    return 0


def fill(plan: Plan) -> Grid:
    """Make what a plan lacks and read the table from the store.

    Raises:
        DataError: nothing at all of it can be made.
    """
    if problem := nothing_can_be_made(plan):
        raise DataError(f"{plan.table.name} cannot be made: {problem}")
    plan.execute()
    return to_grid(plan)


def with_picture(plan: Plan, grid: Grid, arguments: argparse.Namespace, shown: bool) -> Grid:
    """Write the contact sheet beside the table.

    shown: whether the report may show it; one with other people's photographs could not be passed
        on, drawn ones can.
    """
    found = pictures(plan)
    if not found:
        return grid
    name = f"{grid.name}.png"
    write_file(tables_folder(arguments, grid) / name, contact_sheet(found))
    return replace(grid, picture=name) if shown else grid


def tables_folder(arguments: argparse.Namespace, grid: Grid) -> Path:
    """Where a profile's tables are written."""
    return (arguments.out or RESULTS) / "tables" / grid.profile


def _report(grid: Grid, form: str, folder: Path) -> str:
    """A table's report in one of the formats that `--format` names."""
    if form == "html":
        return page(grid, folder)
    return {"md": markdown, "csv": long_csv, "tex": latex, "terminal": terminal}[form](grid)


def missing_cells(plan: Plan, grid: Grid) -> int:
    """Exit status 1 if a cell that was asked for has no number; says why."""
    for entry in plan.entries:
        for problem in entry.problems:
            say(problem)
    asked = [row for e, row in zip(plan.entries, grid.rows, strict=True) if e.asked]
    cells = [cell for row in asked for cell in row.cells if cell.status != "not implemented"]
    # What is computed from all rows was not asked for where only some were.
    if len(asked) < len(grid.rows):
        cells = [cell for cell in cells if cell.run_id or cell.status != "pending"]
    return int(not all(cell.values for cell in cells))


def show_plan(table: AnyTable, plan: Plan | None) -> None:
    """What a run would do, one line per run and row."""
    if plan is None:
        what = "steps are timed" if isinstance(table, Speed) else "raters are needed: --study"
        print(f"{table.name} ({table.source}): {what}")
        return
    print(f"{table.name} ({table.source}), profile {plan.engine.resolver.profile.name}")
    lines = steps(plan)
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
    count = {
        action: sum(line.action == action for line in lines)
        for action in ("train", "resume", "retrain", "cached", "ready", "measure", "missing")
    }
    print("  " + ", ".join(f"{n} {action}" for action, n in count.items() if n))


def explain_number(arguments: argparse.Namespace) -> int:
    """Print the path of one number."""
    name, row, column = arguments.explain
    (table,) = tables_named([name], True)
    if not isinstance(table, Table):
        raise UsageError(f"{name} has no runs to explain; --paper {name} shows it")
    plan = make_plan(table, make_engine(arguments), arguments.seeds)
    print(explain(plan, row_named(plan, row), column))
    return 0
