"""Processes that are the ranks of one training, on this machine's CPU, and do what a test asks."""

import multiprocessing
import os
import pickle
import tempfile
import time
import traceback
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist

from losses.ranks import Ranks


class Raised(NamedTuple):
    """What a piece of work raised on one of the ranks."""

    kind: str
    message: str
    trace: str


class RankProcesses:
    """So many processes, each with one thread; started when they are first asked for something."""

    def __init__(self, world):
        self.world = world
        self.processes, self.pipes = [], []

    def call(self, work, *arguments, seconds=900.0):
        """What `work(ranks, *arguments)` returns on every rank, or `Raised` where it raised.

        Args:
            work: a function of a module, so that the processes find it.
            seconds: how long to wait; then, and after an error, all processes are killed.
        """
        self.begin(work, *arguments)
        found = self.end(seconds)
        if any(isinstance(one, Raised) for one in found):
            self.close()  # the others may be waiting for what was not sent
        return found

    def begin(self, work, *arguments):
        """Ask every rank for it."""
        if not self.processes:
            self._start()
        for pipe in self.pipes:
            pipe.send_bytes(pickle.dumps((work, arguments)))

    def end(self, seconds=900.0):
        """What every rank answers; None for one that is gone."""
        until, found = time.monotonic() + seconds, []
        for pipe in self.pipes:
            if not pipe.poll(max(0.0, until - time.monotonic())):
                self.close()
                raise TimeoutError(f"no answer within {seconds} s")
            try:
                found.append(pickle.loads(pipe.recv_bytes()))
            except EOFError:
                found.append(None)
        return found

    def _start(self):
        context = multiprocessing.get_context("spawn")
        meeting = Path(tempfile.mkdtemp(), "meeting")
        for rank in range(self.world):
            here, there = context.Pipe()
            given = (rank, self.world, str(meeting), there)
            process = context.Process(target=_serve, args=given, daemon=True)
            process.start()
            there.close()
            self.processes.append(process)
            self.pipes.append(here)

    def close(self):
        """End all of them."""
        for process in self.processes:
            process.kill()
            process.join()
        self.processes, self.pipes = [], []


def _serve(rank, world, meeting, pipe):
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.set_num_threads(1)
    patience = timedelta(minutes=10)
    dist.init_process_group(
        "gloo", init_method=f"file://{meeting}", rank=rank, world_size=world, timeout=patience
    )
    while True:
        try:
            work, arguments = pickle.loads(pipe.recv_bytes())
        except EOFError:
            return
        try:
            found = work(Ranks(rank, world), *arguments)
        except BaseException as error:
            found = Raised(type(error).__name__, str(error), traceback.format_exc())
        pipe.send_bytes(pickle.dumps(found))
