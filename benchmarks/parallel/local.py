"""Children on this machine: processes with GPUs of their own that end when the driver does."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks.engine.progress import say
from benchmarks.engine.source_texts import ROOT
from benchmarks.parallel.gpus import Slot, give_back, taken
from benchmarks.parallel.place import GRACE, Child, Ended

TAIL = 4000  # bytes of stderr that are kept
LEFT_BEHIND = 10.0  # seconds for what a child has started to end after it
RANKS = Path(__file__).with_name("ranks.py")


def compute_threads() -> str:
    """How many threads a child computes with: as many as a plain command would, as its bits ask."""
    if number := os.environ.get("OMP_NUM_THREADS"):
        return number
    import torch  # late: a place of a cluster is told the number

    return str(torch.get_num_threads())


class LocalChild:
    """A process that computes on a slot.

    It leads a session of its own, so that Ctrl-C reaches the driver alone. Its stdin is a pipe that
    nobody writes into: that it ends tells the child that the driver has, see `end_with_parent`.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], where: str,
        held: Sequence[int], grace: float, stdout: int = subprocess.DEVNULL,
    ):  # fmt: skip
        """Start it.

        Args:
            command: the program and its arguments. environment: the whole of it.
            held: descriptors of locks; the child has copies of them, so that they are held while it
                lives even if this process does not.
            stdout: as subprocess has it.

        Raises:
            OSError: it cannot be started; the descriptors are closed.
        """
        self.where = where
        self._held, self._grace = held, grace
        self._kill_at = self._waits_until = math.inf
        self._tail = b""
        self._ended: Ended | None = None
        try:
            self.process: Any = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=held,
            )
        except OSError:
            give_back(held)
            raise
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Take what the child tells, so that it never waits, and keep the end."""
        stream = self.process.stderr
        while part := os.read(stream.fileno(), 65536):
            self._tail = (self._tail + part)[-TAIL:]
        stream.close()

    def ended(self) -> Ended | None:
        """See `Child`; it has ended when nothing that it started holds its stderr any more."""
        if self._ended is None and self._gone():
            told = self._tail.decode("utf-8", "replace")
            self._ended = Ended(self.process.returncode, told)
            give_back(self._held)
        return self._ended

    def _gone(self) -> bool:
        now = time.monotonic()
        if self.process.poll() is None:
            if now > self._kill_at:
                self.kill()
            return False
        if self._waits_until == math.inf:
            self._waits_until = now + LEFT_BEHIND
            with suppress(BrokenPipeError):  # something was still to be written
                self.process.stdin.close()  # for ranks, which are in sessions of their own
            self.kill()
        self._reader.join(0.1)
        return not self._reader.is_alive() or now > self._waits_until

    def kill(self) -> None:
        """Kill the process and what it started in its session."""
        with suppress(ProcessLookupError, PermissionError):  # nobody is left
            os.killpg(self.process.pid, signal.SIGKILL)

    def stop(self) -> None:
        """See `Child`; the processes that load images for it are spared, it needs them."""
        if self._kill_at == math.inf:  # a second SIGTERM would end it without a checkpoint
            self._kill_at = time.monotonic() + self._grace
            self.process.send_signal(signal.SIGTERM)


@dataclass(frozen=True)
class NotStarted:
    """A child that has ended before it began."""

    where: str
    why: Ended

    def ended(self) -> Ended:
        """Why it was not started."""
        return self.why

    def stop(self) -> None:
        """Nothing runs."""


class LocalPlace:
    """Slots of this machine, each for one child at a time.

    Args:
        slots: `cpu_slots` or `gpu_slots`.
        most: how many children there may be at a time; None for one in each slot.
        threads: with which a child computes; "" for as many as here.
        grace: seconds from `stop` to the kill.
    """

    def __init__(
        self, slots: Sequence[Slot], most: int | None = None, threads: str = "",
        grace: float = GRACE,
    ):  # fmt: skip
        self._slots = list(slots)
        self._most = len(slots) if most is None else most
        self._threads = threads or compute_threads()
        self._grace = grace
        self._children: dict[int, LocalChild] = {}  # by the number of their slot
        self._told = False

    def room(self) -> int:
        """See `Place`; a GPU that another driver has is no room."""
        free = self._free()
        open_slots = 0
        for slot in free:
            held = taken(self._slots[slot].gpus)
            if held is not None:
                give_back(held)
                open_slots += 1
        if len(free) > open_slots == 0 and not self._children and not self._told:
            say("the GPUs here are in the hands of another process; waiting for them")
            self._told = True
        return min(open_slots, self._most - len(self._children))

    def start(self, command: Sequence[str]) -> Child:
        """See `Place`."""
        for number in self._free():
            slot = self._slots[number]
            held = taken(slot.gpus)
            if held is not None:
                program = _program(command, len(slot.gpus), self._grace)
                environment = self._environment(slot)
                child = LocalChild(program, environment, slot.where, held, self._grace)
                self._children[number] = child
                return child
        return NotStarted("here", Ended(os.EX_TEMPFAIL, "another process took the room"))

    def close(self) -> None:
        """See `Place`; takes as long as the grace at most, and a little for what is left behind."""
        for child in self._children.values():
            child.stop()
        while self._children:
            self._free()
            time.sleep(0.05)

    def _free(self) -> list[int]:
        """The numbers of the slots in which no child of ours runs."""
        self._children = {n: c for n, c in self._children.items() if c.ended() is None}
        return [number for number in range(len(self._slots)) if number not in self._children]

    def _environment(self, slot: Slot) -> dict[str, str]:
        """Ours, but for the GPUs that a child sees and the threads that it computes with."""
        gpus = ",".join(gpu.uuid for gpu in slot.gpus)
        return os.environ | {"CUDA_VISIBLE_DEVICES": gpus, "OMP_NUM_THREADS": self._threads}


def _program(command: Sequence[str], gpus: int, grace: float) -> list[str]:
    """What is executed for a command: a Python, or one for each of several GPUs."""
    script, *arguments = command
    program = [sys.executable, str(ROOT / script), *arguments]
    if gpus < 2:
        return program
    # torchrun, too, asks its ranks to end and then kills them: it must be quicker than we are.
    patience = max(1, int(grace - LEFT_BEHIND))
    options = (
        "--standalone",
        f"--nproc-per-node={gpus}",
        "--max-restarts=0",
        f"--shutdown-timeout={patience}",
    )
    return [sys.executable, str(RANKS), *options, *program[1:]]
