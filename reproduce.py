"""The door of the suite: read the command line, hand it over, and end without a traceback.

python reproduce.py --table d2sm_table1
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import NoReturn

from benchmarks.cli.options import add_machine, add_options, add_sharing, add_verbs
from benchmarks.declare.errors import DeclarationError, one_line, tell

INTERRUPTED = "interrupted; the same command goes on from the last checkpoint"
DESCRIPTION = "Regenerate the tables of the D2SM, PDL and STFT papers, and check them."
EPILOG = """examples:
  python reproduce.py --list                                 what there is
  python reproduce.py --table d2sm_table1                    smoke run, embedded data, minutes
  python reproduce.py --table d2sm_table1 --plan             what would run, what is missing
  python reproduce.py --table d2sm_table1 --plan --gpus 8    and how long that takes on 8 devices
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
--fetch, all files), 1 some are not (or, with --strict, a claim fails), 2 wrong usage, 75 not now:
the same command goes on (SIGTERM ends a training with a checkpoint and other work at once; another
process may have taken the work over), 130 stopped by Ctrl-C, 141 nobody reads on
"""


VERBS = (
    "table", "list", "paper", "audit", "claims", "ledger", "explain", "study", "study_results",
    "figure", "fetch", "rehearse",
)  # fmt: skip
GOES_WITH = {
    "strict": ("claims",),
    "format": ("paper", "table", "study_results"),
    "plan": ("table", "figure", "fetch"),
    "run": ("table", "figure"),
    "join": ("table", "figure"),
    "parallel": ("table", "figure"),
    "cluster": ("table", "figure"),
    "gpus_per_run": ("join", "parallel", "cluster"),
    "cpus_per_run": ("cluster",),
    "gpus": ("table", "figure"),
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


def parser() -> Parser:
    """The command line: one of the verbs, and how it is done."""
    p = Parser(
        prog="reproduce.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_verbs(p.add_argument_group("what to do (one of)"))
    how = p.add_argument_group("how")
    add_options(how)
    add_machine(how)
    add_sharing(p.add_argument_group("several processes"))
    return p


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
    if arguments.gpus and not arguments.plan:
        p.error("--gpus goes with --plan")
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
