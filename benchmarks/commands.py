"""What the command line does, one function per command."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.declare.profiles import PROFILES, Setting
from benchmarks.declare.table import Table
from benchmarks.engine.collect import pictures, row_named, to_grid
from benchmarks.engine.execute import Engine
from benchmarks.engine.explain import explain
from benchmarks.engine.identity import Identity
from benchmarks.engine.plan import Plan, UsageError, make_plan, nothing_can_be_made, steps
from benchmarks.engine.progress import clock, say
from benchmarks.engine.store import Store, StoreError, write_file
from benchmarks.engine.weights import WeightFiles
from benchmarks.papers import calibration, d2sm
from benchmarks.report.contact_sheet import contact_sheet
from benchmarks.report.grid import Grid
from benchmarks.report.long_csv import long_csv
from benchmarks.report.markdown import markdown
from benchmarks.report.terminal import terminal
from datasets.images import DataError, Places

TABLES = {table.name: table for paper in (d2sm, calibration) for table in paper.TABLES}
RESULTS = Path(__file__).resolve().parents[1] / "results"


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; errors that a user can mend end as one line and status 2."""
    try:
        if arguments.list:
            return list_tables()
        engine = make_engine(arguments)
        if arguments.explain:
            return explain_number(arguments, engine)
        return make_tables(arguments, engine)
    except (UsageError, DataError, StoreError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head` has seen enough; what was left undone is not known
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130


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
        identity=Identity(Places(root=root, cache=out / "cache")),
        files=files,
        setting=Setting(PROFILES[arguments.profile], files.has),
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


def tables_named(names: list[str], with_data_root: bool) -> list[Table]:
    """The declared tables of these names.

    Raises:
        UsageError: a name is unknown; the message lists all.
    """
    if names == ["all"]:
        return [t for t in TABLES.values() if with_data_root or not t.released]
    for name in names:
        if name not in TABLES:
            raise UsageError(f"there is no table {name!r}; there are: {', '.join(TABLES)}")
    return [TABLES[name] for name in names]


def list_tables() -> int:
    """One line per table."""
    for table in TABLES.values():
        cells = len(table.rows()) * len(table.columns)
        needs = "; needs --data-root" if table.released else ""
        print(f"{table.name:15}{table.source}: {table.caption}")
        print(
            f"{'':15}{len(table.rows())} rows x {len(table.columns)} columns = {cells} cells{needs}"
        )
    print("\nprofiles:")
    for profile in PROFILES.values():
        print(f"  {profile.name:6} {profile.summary}")
    return 0


def make_tables(arguments: argparse.Namespace, engine: Engine) -> int:
    """Fill and write tables, or show what that would take."""
    status = 0
    tables = tables_named(arguments.table, arguments.data_root is not None)
    # All plans first: a pattern that fits no row is told before anything is trained.
    plans = [make_plan(table, engine, arguments.seeds, arguments.only) for table in tables]
    for table, plan in zip(tables, plans, strict=True):
        if arguments.plan:
            show_plan(plan)
            continue
        begun = time.monotonic()
        if problem := nothing_can_be_made(plan):
            raise DataError(f"{table.name} cannot be made: {problem}")
        plan.execute()
        grid = to_grid(plan)
        folder = (arguments.out or RESULTS) / "tables" / grid.profile
        if shown := pictures(plan):
            write_file(folder / f"{table.name}.png", contact_sheet(shown))
            # A report with other people's photographs could not be passed on; drawn ones can.
            if engine.setting.profile.embedded and not table.released:
                grid = replace(grid, picture=f"{table.name}.png")
        write_file(folder / f"{table.name}.md", markdown(grid).encode())
        write_file(folder / f"{table.name}.csv", long_csv(grid).encode())
        print(terminal(grid))
        took = clock(time.monotonic() - begun)
        say(f"{table.name} took {took}; written to {folder / table.name}.md and .csv")
        status = max(status, missing_cells(plan, grid))
    return status


def missing_cells(plan: Plan, grid: Grid) -> int:
    """Exit status 1 if a cell that was asked for has no number; says why."""
    for entry in plan.entries:
        for problem in entry.problems:
            say(problem)
    pairs = zip(plan.entries, grid.rows, strict=True)
    return int(any(e.asked and not all(c.values for c in row.cells) for e, row in pairs))


def show_plan(plan: Plan) -> None:
    """What a run would do, one line per run and row."""
    print(f"{plan.table.name} ({plan.table.source}), profile {plan.engine.setting.profile.name}")
    lines = steps(plan)
    for line in lines:
        print(f"  {line.action:8} {line.what}\n           {line.detail}")
    count = {
        action: sum(line.action == action for line in lines)
        for action in ("train", "resume", "retrain", "cached", "ready", "measure", "missing")
    }
    print("  " + ", ".join(f"{n} {action}" for action, n in count.items() if n))


def explain_number(arguments: argparse.Namespace, engine: Engine) -> int:
    """Print the path of one number."""
    name, row, column = arguments.explain
    plan = make_plan(tables_named([name], True)[0], engine, arguments.seeds)
    print(explain(plan, row_named(plan, row), column))
    return 0
