"""What the verbs share: the engine, the work on an exhibit, the results folder, the grids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import torch

from benchmarks.cli.request import Request
from benchmarks.declare.errors import UsageError, nearest
from benchmarks.declare.exhibit import Exhibit
from benchmarks.declare.figure import Figure
from benchmarks.declare.pairwise import Pairwise
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Table
from benchmarks.engine.content_ids import ContentIds
from benchmarks.engine.execute import Engine
from benchmarks.engine.figure import FigureWork
from benchmarks.engine.freshness import load_all
from benchmarks.engine.machine import commit
from benchmarks.engine.plan import Plan, make_plan
from benchmarks.engine.precision import check_compiler
from benchmarks.engine.problems import first_line
from benchmarks.engine.progress import say
from benchmarks.engine.speed import SpeedWork
from benchmarks.engine.status import Status
from benchmarks.engine.store import Store, write_file
from benchmarks.engine.weights import WeightFiles
from benchmarks.engine.work import TableWork, Work
from benchmarks.grid.model import Grid
from benchmarks.papers.registry import FIGURES, TABLES
from benchmarks.profiles.registry import PROFILES
from benchmarks.profiles.resolve import Resolver
from benchmarks.rehearse.record import Record
from benchmarks.report.html import page
from benchmarks.report.latex import latex
from benchmarks.report.long_csv import long_csv
from benchmarks.report.markdown import markdown
from benchmarks.report.plot import plot
from benchmarks.report.terminal import terminal
from benchmarks.study.answers import StudyWork
from datasets.folders import PhotographFolders
from datasets.images import DataPaths

AnyExhibit = TypeVar("AnyExhibit", bound=Exhibit)

REPORTS = {"md": markdown, "csv": long_csv, "tex": latex, "svg": plot}


class Session:
    """A request with the engine and the folders that it works with."""

    def __init__(self, request: Request):
        self.request = request

    @cached_property
    def engine(self) -> Engine:
        """The engine for the profile, folders and device of the request.

        Raises:
            UsageError: the device is not there, or nothing can be compiled for it.
        """
        load_all()
        commit()
        request = self.request
        root = request.data_root
        files = WeightFiles(root)
        device = usable_device(request.device)
        if (
            request.compiled
            and not request.plan
            and request.verb in ("table", "figure", "rehearse")
        ):
            check_compiler(device)
        photographs = (
            ("train", _folders("--train-set", request.train_set)),
            ("valid", _folders("--test-set", request.test_set)),
        )
        status = Status(
            store=Store(request.results / "runs"),
            ids=ContentIds(DataPaths(root=root, cache=request.results / "cache")),
            files=files,
            resolver=Resolver(
                PROFILES[request.profile],
                files.has,
                photographs,
                request.precision,
                request.compiled,
            ),
            device=device,
            refresh=request.refresh,
            rehearsed=lambda run: self.rehearsals.seconds(run),
        )
        workers = request.workers
        if workers is None:
            workers = 0 if device.type == "cpu" else 8
        return Engine(status, workers, micro_batch=request.micro_batch)

    @cached_property
    def rehearsals(self) -> Record:
        """What this machine has rehearsed."""
        return Record.of(self.request.results, self.engine.device)

    def plan(self, table: Table) -> Plan:
        """The rows of a table that the request asks for.

        Raises:
            UsageError: its pattern fits no row.
        """
        return make_plan(table, self.engine.status, self.request.seeds, self.request.only)

    def work(self, exhibit: Exhibit) -> Work:
        """The work on an exhibit, by its kind."""
        match exhibit:
            case Table():
                return TableWork(self.plan(exhibit), self.engine)
            case Speed():
                return SpeedWork(exhibit, self.engine)
            case Pairwise():
                return StudyWork(exhibit, PROFILES[self.request.profile], self.request.results)
        raise UsageError(f"{exhibit.name}: nothing knows how to fill a {type(exhibit).__name__}")

    def drawn(self, exhibit: Figure | Table) -> FigureWork | TableWork:
        """The work on a figure, or on a table that is drawn, with as many seeds as that takes."""
        if isinstance(exhibit, Figure):
            return FigureWork(exhibit, self.engine)
        seeds = max(self.request.seeds, exhibit.seeds)
        return TableWork(make_plan(exhibit, self.engine.status, seeds), self.engine)

    def measured(self) -> dict[str, Grid]:
        """Every exhibit as the store has it; nothing is run, and speeds are not timed.

        A row has as many of the seeds of the request as are there.
        """
        works = [self.work(exhibit) for exhibit in fillable(self.request.data_root is not None)]
        for row in [row for work in works if isinstance(work, TableWork) for row in work.plan.rows]:
            row.asked = False
        return {work.exhibit.name: work.grid() for work in works if not isinstance(work, SpeedWork)}

    def folder(self, grid: Grid) -> Path:
        """Where the tables of a grid's profile are written."""
        return self.request.results / "tables" / grid.profile

    def write(self, grid: Grid) -> str:
        """Write and print a table in the formats of the request; returns where it is."""
        folder = self.folder(grid)
        forms = dict.fromkeys(["md", "csv", *self.request.formats])
        if grid.plot is None and "svg" in forms:
            del forms["svg"]
            say(f"{grid.name} declares no plot")
        for form in forms:
            text = page(grid, folder) if form == "html" else REPORTS[form](grid)
            write_file(folder / f"{grid.name}.{form}", text.encode())
        print(terminal(grid))
        return f"written to {folder / grid.name}.{', .'.join(forms)}"


def _folders(option: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The folders below the data root that an option names.

    Raises:
        UsageError: a name cannot be one, or is given twice.
    """
    try:
        return PhotographFolders(names).names if names else ()
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from error


def usable_device(name: str) -> torch.device:
    """The device of that name; "" is CUDA where it is there, else the CPU.

    Raises:
        UsageError: it cannot be used, or is of another kind.
    """
    name = name or ("cuda" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d{1,3})?", name):
        raise UsageError(f"--device {name!r} is none of cpu, cuda, cuda:0, cuda:1, ...")
    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"--device {name} cannot be used: {first_line(error)}") from error
    device = torch.device(name)
    if (
        device.type == "cuda"
    ):  # what asks for no device, such as pinned memory, would take the first
        torch.cuda.set_device(device)
    return device


def named(
    names: tuple[str, ...], among: Mapping[str, AnyExhibit], kind: str = "table"
) -> list[AnyExhibit]:
    """The exhibits of these names, each once; `all` among them means every one.

    Args:
        among: what there is, by name. kind: what it is called.

    Raises:
        UsageError: one is unknown; the message lists all.
    """
    known = ("all", *among)
    for name in names:
        if name not in known:
            hint = nearest(name, known)
            raise UsageError(f"there is no {kind} {name!r}{hint}; there are: {', '.join(known)}")
    return [among[name] for name in (among if "all" in names else dict.fromkeys(names))]


def fillable(with_data_root: bool) -> list[Exhibit]:
    """Every exhibit that can be filled, at least in part; released weights need a data root."""
    return [t for t in TABLES.values() if t.fillable and (with_data_root or not t.released)]


def to_fill(names: tuple[str, ...], with_data_root: bool) -> list[Exhibit]:
    """The exhibits of these names, all of which can be filled.

    Raises:
        UsageError: a name is unknown, or nothing of the exhibit is implemented.
    """
    found = named(names, TABLES)
    if "all" in names:
        return fillable(with_data_root)
    for exhibit in found:
        if exhibit.name in FIGURES:
            raise UsageError(f"{exhibit.name} is a figure: {FIGURES[exhibit.name].how_much}")
        if not exhibit.fillable:
            known = ", ".join(t.name for t in TABLES.values() if t.fillable)
            raise UsageError(
                f"{exhibit.name}: none of its networks is implemented yet; --paper {exhibit.name} "
                f"shows what the paper prints. Tables that can be run: {known}"
            )
    return found
