"""What ends a command before its work is done, without anything having failed; SIGTERM above all.

A training that gets SIGTERM ends after its step, with a checkpoint; everything else ends at once,
and loses nothing that was written. Who ends a job often sends it several times, a batch system to
each process and a driver to its child: what comes after the first changes nothing.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

NOT_NOW = 75  # the exit status: EX_TEMPFAIL of sysexits.h


class NotNow(BaseException):
    """The work is not done, and nothing failed: the same command goes on later.

    It is no `Exception`, so that nothing takes it for the failure of a run.
    """


class Stopped(NotNow):
    """SIGTERM came."""

    def __init__(self) -> None:
        super().__init__("stopped; the same command goes on from the last checkpoint")


# A signal is the process's: so is what is known of it.
_wanted = False
_deferred = False


def wanted() -> bool:
    """Whether SIGTERM came: who is inside `after_the_step` asks, and ends."""
    return _wanted


@contextmanager
def by_sigterm() -> Iterator[None]:
    """Let SIGTERM raise `Stopped` inside, at once or as `after_the_step` has it.

    Does nothing outside the main thread, and where somebody else handles or ignores the signal.
    """
    global _wanted
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, nothing_more):
        yield
        return
    _wanted = False
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, nothing_more if _wanted else signal.SIG_DFL)
        _wanted = False


@contextmanager
def after_the_step() -> Iterator[None]:
    """Let a SIGTERM that comes inside wait for the end of the block.

    Raises:
        Stopped: at the end of the block, if it came; in the place of an error, which then is the
            signal's own doing, as where it ended a loader process too.
    """
    global _deferred
    before, _deferred = _deferred, True
    try:
        yield
    finally:
        _deferred = before
        check()


def check() -> None:
    """Raise `Stopped` if SIGTERM came and nobody waits for a step."""
    if _wanted and not _deferred:
        raise Stopped


def nothing_more(*_: object) -> None:
    """Takes SIGTERM in a process that was stopped: it reaches its end, and its own exit status."""


def _stop(*_: object) -> None:
    global _wanted
    if not _wanted:
        _wanted = True
        check()
