"""What the child of a driver does of itself: it ends when the driver has ended.

It is loaded before torch, so that a child whose driver is killed early on ends as well.
"""

from __future__ import annotations

import atexit
import os
import signal
import stat
import time
from threading import Event, Thread

LAST_SECONDS = 7.0  # that a child may take for its last checkpoint when nobody waits for it


def end_with_parent() -> None:
    """Let this process end soon after the one that holds the other end of its stdin.

    A driver gives each child a pipe as its stdin and writes nothing into it. When the driver ends,
    be it by SIGKILL, the system closes the pipe: the child sends SIGTERM to itself, and after
    `LAST_SECONDS` it is killed. However it ends then, what it started goes with it. (The signal
    that Linux can send at a parent's end is sent already when the thread ends that started the
    child.)

    A stdin that is no pipe, such as a terminal's, is left alone.
    """
    try:
        piped = stat.S_ISFIFO(os.fstat(0).st_mode)
    except OSError:  # there is no stdin
        return
    if piped:
        gone = Event()
        atexit.register(_at_exit, gone)  # the first here is the last to run
        led = "TORCHELASTIC_RUN_ID" in os.environ
        Thread(target=_watch, args=(gone, os.getppid(), led), daemon=True).start()


def _watch(gone: Event, parent: int, led: bool) -> None:
    """Read stdin to its end, then end the process.

    Args:
        gone: is set when the driver has ended.
        led: whether it is a rank of a torchrun, which sends the SIGTERM to all its ranks at once.
            Without torchrun it goes at once.
    """
    while os.read(0, 4096):  # sys.stdin would hold a lock that the interpreter wants at its end
        pass
    gone.set()
    end = time.monotonic() + LAST_SECONDS
    if not led:
        os.kill(os.getpid(), signal.SIGTERM)
    while time.monotonic() < end and not (led and os.getppid() != parent):
        time.sleep(0.1)
    _kill_all()


def _at_exit(gone: Event) -> None:
    if gone.is_set():
        _kill_all()


def _kill_all() -> None:
    """Kill this process, and what it started where it leads a session of its own."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(os.EX_TEMPFAIL)
