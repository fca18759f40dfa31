"""The options of the command line; nothing here imports torch."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.declare.errors import nearest


def one_of(*names: str) -> Callable[[str], str]:
    """A converter that takes these names and suggests the nearest to another."""

    def known(text: str) -> str:
        if text not in names:
            hint = nearest(text, names)
            raise argparse.ArgumentTypeError(f"{text!r}{hint} is none of {', '.join(names)}")
        return text

    return known


def number(least: int, most: int) -> Callable[[str], int]:
    """A converter that takes the whole numbers from `least` to `most`."""

    def within(text: str) -> int:
        if not (text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {least} to {most}")
        return int(text)

    return within


def folder(text: str) -> Path:
    """A converter that takes a folder which is there or can be made."""
    path = Path(text)
    try:
        there = next(p for p in (path, *path.parents) if p.exists())
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used: {error.strerror}") from None
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"{str(there)!r} is a file; name a folder")
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError(f"{text!r} names no folder; . is the present one")
    return path


def add_verbs(group: argparse._ArgumentGroup) -> None:
    """What can be asked for; each command does one of these."""
    what = group.add_mutually_exclusive_group(required=True)
    what.add_argument("--table", nargs="+", metavar="NAME", help="fill these tables, or all")
    what.add_argument("--list", action="store_true", help="list the tables")
    what.add_argument("--paper", nargs="+", metavar="NAME", help="print these as the papers do")
    what.add_argument("--audit", action="store_true", help="check the papers' tables and text")
    what.add_argument("--claims", action="store_true", help="check what the papers say in words")
    what.add_argument("--ledger", nargs="+", metavar="NAME", help="every choice and its origin")
    what.add_argument(
        "--explain",
        nargs=3,
        metavar=("TABLE", "ROW", "COLUMN"),
        help="the path of one number: objective, data, run, per-image values",
    )
    what.add_argument("--study", metavar="NAME", help="write the pages of a study for raters")
    what.add_argument(
        "--study-results",
        nargs="+",
        metavar="FILE",
        help="add files that raters saved, and fill their study's table",
    )
    what.add_argument("--figure", nargs="+", metavar="NAME", help="draw these figures, or all")
    what.add_argument(
        "--fetch",
        nargs="+",
        metavar="NAME",
        help="download and verify what these tables, figures, data sets or weights files, or all, "
        "need, and say what only you can bring; nothing else downloads anything",
    )
    what.add_argument(
        "--rehearse",
        nargs="+",
        metavar="NAME",
        help="two steps and a test image of every row of these, or all, in the paper profile",
    )


def add_options(how: argparse._ArgumentGroup) -> None:
    """How it is done: profile, data, rows, formats, and whether it is done at all."""
    profiles = ("smoke", "lite", "paper")
    how.add_argument(
        "--profile",
        type=one_of(*profiles),
        metavar="|".join(profiles),
        help="default smoke; with --fetch and --rehearse, paper",
    )
    how.add_argument(
        "--data-root",
        type=folder,
        metavar="DIR",
        help="real data sets and weights/; --fetch makes it",
    )
    how.add_argument(
        "--train-set",
        nargs="+",
        metavar="FOLDER",
        help="lite: folders of photographs below the data root in the place of DIV2K's",
    )
    how.add_argument("--test-set", nargs="+", metavar="FOLDER", help="lite: the same for its tests")
    how.add_argument("--only", default="", metavar="PATTERN", help="rows like 'FFDNet / L_1'")
    how.add_argument(
        "--seeds", type=number(1, 1000), default=1, metavar="N", help="runs per row (default 1)"
    )
    how.add_argument(
        "--format",
        nargs="+",
        type=one_of("md", "csv", "html", "tex", "svg"),
        metavar="md|csv|html|tex|svg",
        help="with --paper: instead of plain text, files below --out if several; with --table: "
        "besides md and csv",
    )
    how.add_argument("--strict", action="store_true", help="with --claims: 1 if one fails")
    how.add_argument("--plan", action="store_true", help="show what would run, and run nothing")
    how.add_argument(
        "--gpus",
        type=number(1, 100_000),
        default=0,
        metavar="N",
        help="with --plan: how long it takes on so many devices",
    )
    how.add_argument("--refresh", action="store_true", help="redo runs that other code made")


def add_machine(how: argparse._ArgumentGroup) -> None:
    """With what it is done: device, precision, processes, memory, folders."""
    how.add_argument("--device", default="", help="cpu, cuda, cuda:1 (default: cuda if there)")
    precisions = ("float32", "tf32", "bf16")
    how.add_argument(
        "--precision",
        type=one_of(*precisions),
        metavar="|".join(precisions),
        help="of the networks in training (default float32); another one makes other runs",
    )
    how.add_argument(
        "--compile", action="store_true", help="compile the restoring network; makes other runs"
    )
    how.add_argument("--workers", type=number(0, 1000), metavar="N", help="loader processes")
    how.add_argument(
        "--micro-batch",
        type=number(1, 100_000),
        default=0,
        metavar="N",
        help="train in pieces of N images: the same steps in less memory",
    )
    how.add_argument(
        "--out", type=folder, metavar="DIR", help="store and tables (default: results)"
    )


def add_sharing(several: argparse._ArgumentGroup) -> None:
    """How several processes fill the same tables."""
    how = several.add_mutually_exclusive_group()
    how.add_argument(
        "--join",
        action="store_true",
        help="take what no other process has of the same command, here or on other machines",
    )
    how.add_argument(
        "--parallel",
        type=number(1, 1000),
        default=0,
        metavar="N",
        help="N processes on this machine, each with a GPU of its own",
    )
    how.add_argument(
        "--cluster", default="", metavar="ADDRESS", help="the processes of a Ray cluster"
    )
    how.add_argument("--run", default="", metavar="ID", help="only this job, in this process")
    several.add_argument(
        "--gpus-per-run",
        type=number(1, 64),
        metavar="N",
        help="GPUs that train one network together (default 1)",
    )
    several.add_argument(
        "--cpus-per-run",
        type=number(1, 1024),
        metavar="N",
        help="with --cluster: CPUs of a process where there are no GPUs (default 1)",
    )
