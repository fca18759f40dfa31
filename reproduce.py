"""The door of the suite: read the command line, hand it over, and end without a traceback.

python reproduce.py --table d2sm_table1
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from benchmarks.declare.errors import DeclarationError, nearest, one_line, tell

INTERRUPTED = "interrupted; the same command goes on from the last checkpoint"
DESCRIPTION = "Regenerate the tables of the D2SM, PDL and STFT papers, and check them."
EPILOG = """examples:
  python reproduce.py --list                                 what there is
  python reproduce.py --table d2sm_table1                    smoke run, embedded data, minutes
  python reproduce.py --table d2sm_table1 --plan             what would run, what is missing
  python reproduce.py --table d2sm_table1 --profile lite --data-root DIR --only "FFDNet / L_1"
  python reproduce.py --explain d2sm_table1 "+ L_Contextual" "sigma=35 MIoU"
  python reproduce.py --paper d2sm_table3                    the table as the paper prints it
  python reproduce.py --audit                                what does not fit in the papers' tables
  python reproduce.py --claims                               what the papers say, on their numbers
  python reproduce.py --ledger d2sm_table1                   every choice and where it comes from
  python reproduce.py --figure pdl_figure3                   a figure, of networks trained as above
  python reproduce.py --fetch d2sm_table1 --data-root DIR    what the paper profile needs of files
  python reproduce.py --rehearse d2sm_table1                 does every row start at its true size?
  python reproduce.py --study pdl_table3                     a folder with pages for raters
  python reproduce.py --study-results answers-*.json         and what they answered, as the table

exit status: 0 all cells that were asked for are there, but for those that need raters (or, with
--fetch, all files), 1 some are not (or, with --strict, a claim fails), 2 wrong usage, 130 stopped
by Ctrl-C, 141 nobody reads on
"""


VERBS = (
    "table", "list", "paper", "audit", "claims", "ledger", "explain", "study", "study_results",
    "figure", "fetch", "rehearse",
)  # fmt: skip
GOES_WITH = {
    "strict": ("claims",),
    "format": ("paper", "table", "study_results"),
    "plan": ("table", "figure", "fetch"),
    "only": ("table", "fetch", "rehearse"),
    "refresh": ("table", "study", "figure"),
    "micro_batch": ("table", "figure", "rehearse"),
    "precision": ("table", "figure", "explain", "rehearse"),
    "compile": ("table", "figure", "explain", "rehearse"),
}


class Parser(argparse.ArgumentParser):
    """Tells wrong usage in one line, as the verbs tell theirs."""

    def error(self, message: str) -> NoReturn:
        """End with the message and status 2."""
        self.exit(2, f"error: {one_line(message)}; --help lists the options\n")


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


def parser() -> Parser:
    """The command line: one of the verbs, and how it is done."""
    p = Parser(
        prog="reproduce.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_verbs(p.add_argument_group("what to do (one of)"))
    add_options(p.add_argument_group("how"))
    return p


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
    """How it is done: profile, data, rows, formats, device, folders."""
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
    how.add_argument("--refresh", action="store_true", help="redo runs that other code made")
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


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit status.

    Ctrl-C, also while torch is imported, a reader who has seen enough, and a file that cannot be
    read or written end it in one line at most.
    """
    prepare_output()
    try:
        try:
            return obey(argv)
        finally:
            sys.stdout.flush()  # at the interpreter's end nobody could catch the error
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # `| head`; what was left undone is not known
        discard_output()
        return 128 + signal.SIGPIPE
    except OSError as error:
        tell(error)
        try:
            sys.stdout.flush()
        except OSError:  # what could not be written was the output
            discard_output()
        return 1


def obey(argv: list[str] | None) -> int:
    """Parse, hand over; returns the exit status."""
    p = parser()
    arguments = p.parse_args(argv)
    for option, goes_with in GOES_WITH.items():
        if getattr(arguments, option) and not any(getattr(arguments, name) for name in goes_with):
            option, *others = ("--" + name.replace("_", "-") for name in (option, *goes_with))
            p.error(f"{option} goes with {' or '.join(others)}")
    root = arguments.data_root
    if arguments.fetch and root is None and not arguments.plan:
        p.error("--fetch goes with --data-root DIR, or with --plan")
    if root is not None and not root.is_dir() and not arguments.fetch:
        p.error(
            f"argument --data-root: {str(root)!r} is not a folder; it should hold cityscapes/ and "
            "others, and --fetch makes it"
        )
    if (arguments.train_set or arguments.test_set) and arguments.profile != "lite":
        p.error("--train-set and --test-set go with --profile lite")
    try:
        with ctrl_c_ends_at_once():
            import_module("benchmarks.engine.source_texts")  # reads what the next lines load
            from benchmarks.cli.main import run  # late: it imports torch
            from benchmarks.cli.request import Request
    except DeclarationError as error:  # a table that contradicts itself
        tell(error)
        return 2
    return run(Request.of(arguments, VERBS))


@contextmanager
def ctrl_c_ends_at_once() -> Iterator[None]:
    """For imports: compiled packages take an exception for a failure of their own and go on."""

    def end(*_: object) -> None:
        print(INTERRUPTED, file=sys.stderr, flush=True)
        os._exit(128 + signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # else somebody wants to be left alone
        signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def prepare_output() -> None:
    """Let text go out whatever the locale, and nowhere where the caller has closed the streams."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end
            setattr(sys, name, nowhere)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an ASCII terminal shows ? for an arrow


def discard_output() -> None:
    """Drop what standard output still holds; the interpreter would fail to write it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
