"""Children on the machines of a Ray cluster; Ray is an extra, `requirements-cluster.txt`.

Ray chooses a node, leases its GPUs, and there runs the command as a local child of a Ray worker, by
the code that starts children without Ray. Strings cross; a status and the end of stderr come back.
CUDA lives in the child alone, Ray in its workers and in `ray_host.py`. What a run has made is read
from the store.

Every node needs the repository, this Python, the data and the store at the paths that they have
here, on a file system that all nodes share. (Tried with several nodes on one machine only.)

Who reaches Ray's ports and has its token can run any code as the user who started it: Ray pickles
inside. A cluster that is started here has a token of its own; for others, set RAY_AUTH_MODE=token
on every node, keep the token file to yourself and the ports within a network that you trust.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

from benchmarks.declare.errors import UsageError, one_line
from benchmarks.engine.progress import say
from benchmarks.engine.source_texts import ROOT
from benchmarks.parallel.child import LAST_SECONDS
from benchmarks.parallel.local import LEFT_BEHIND, LocalChild, compute_threads
from benchmarks.parallel.place import GRACE, Ended, PlaceLost

HOST = Path(__file__).with_name("ray_host.py")
SILENCE = 150.0  # seconds without a word of the host, which has one every five


class ClusterChild:
    """A job that was given to the cluster, which may wait for a node yet."""

    def __init__(self, place: ClusterPlace, number: int):
        """Know it by its number in its place, which writes down what is told of it."""
        self.where = "waiting for a node"
        self.told: Ended | None = None
        self._place, self._number = place, number

    def ended(self) -> Ended | None:
        """See `Child`."""
        if self.told is None:
            self._place.check()
        return self.told

    def stop(self) -> None:
        """See `Child`."""
        self._place.ask({"stop": self._number})


class ClusterPlace:
    """What a Ray cluster has room for.

    Args:
        address: `HOST:PORT` of a cluster that this machine is a node of, `auto` for the one that
            runs here, `local` to start one here.
        gpus_per_run: how many GPUs each job has; 0 for the CPU alone.
        cpus_per_run: how many processors each job is counted for where it has no GPU.
        needs: paths that each node must see besides the repository and the present folder, such as
            the store's.
        grace: seconds from `stop` to the kill.

    Raises:
        UsageError: Ray is not installed, or there is no such cluster.
    """

    def __init__(
        self,
        address: str,
        gpus_per_run: int,
        cpus_per_run: int = 1,
        needs: Sequence[Path] = (),
        grace: float = GRACE,
    ):
        if find_spec("ray") is None:
            raise UsageError("--cluster needs Ray: pip install -r requirements-cluster.txt")
        self._address, self._grace = address, grace
        self._each = f"{gpus_per_run} GPUs" if gpus_per_run else f"{cpus_per_run} CPUs"
        self._temporary = tempfile.mkdtemp(prefix="ray-") if address == "local" else ""
        self._children: dict[int, ClusterChild] = {}
        self._started = 0
        self._total: int | None = None
        self._refused = ""
        self._told = False
        self._heard_at = time.monotonic()
        settings = {
            "address": address,
            "root": str(ROOT),
            "temporary": self._temporary,
            "folder": os.getcwd(),
            "needs": [str(path.resolve()) for path in needs],
            "gpus": gpus_per_run,
            "cpus": cpus_per_run,
            "threads": compute_threads(),
            "grace": grace,
            "late": LEFT_BEHIND,
            "last": LAST_SECONDS - 2,
        }
        command = [sys.executable, str(HOST), json.dumps(settings)]
        self._host = LocalChild(command, os.environ, "here", (), grace, stdout=subprocess.PIPE)
        Thread(target=self._hear, daemon=True).start()
        self._wait_for_the_cluster()

    def _wait_for_the_cluster(self) -> None:
        try:
            while self._total is None:
                if self._refused:
                    raise UsageError(f"--cluster {self._address}: {self._refused}")
                self.check()
                time.sleep(0.05)
        except BaseException:
            self.close()
            raise

    def _hear(self) -> None:
        """Write down what the host tells."""
        for line in self._host.process.stdout:
            event: dict[str, Any] = json.loads(line)
            self._heard_at = time.monotonic()
            if "total" in event:
                self._total = event["total"]
            elif "refused" in event:
                self._refused = one_line(event["refused"])
            elif "node" in event:
                self._children[event["job"]].where = f"node {event['node']}"
            else:
                status, told = event["ended"]
                self._children[event["job"]].told = Ended(status, told)

    def ask(self, request: dict[str, Any]) -> None:
        """Ask the host for something; one that is gone is told by `check`."""
        with suppress(OSError, ValueError):
            self._host.process.stdin.write((json.dumps(request) + "\n").encode())
            self._host.process.stdin.flush()

    def check(self) -> None:
        """Look whether the cluster is there.

        Raises:
            PlaceLost: the connection to it is lost.
        """
        ended = self._host.ended()
        if ended is None and time.monotonic() < self._heard_at + SILENCE:
            return
        self._host.kill()
        *_, why = ["no answer", *(ended.told.splitlines() if ended else [])]
        raise PlaceLost(
            f"the cluster {self._address} is lost ({one_line(why)}); what runs there ends by "
            "itself, and the same command goes on from the last checkpoints"
        )

    def room(self) -> int:
        """See `Place`; what others run in the cluster is not known, and is waited for."""
        self.check()
        running = [child for child in self._children.values() if child.told is None]
        if not self._total and not self._told:
            say(f"no node of the cluster has {self._each}; waiting for one")
            self._told = True
        return max(0, (self._total or 0) - len(running))

    def start(self, command: Sequence[str]) -> ClusterChild:
        """See `Place`."""
        script, *arguments = command
        self._started += 1
        child = self._children[self._started] = ClusterChild(self, self._started)
        self.ask({"start": self._started, "command": [str(ROOT / script), *arguments]})
        return child

    def close(self) -> None:
        """See `Place`; takes the grace and a little, where a child needs it."""
        seconds = self._grace + 3 * LEFT_BEHIND
        self.ask({"close": seconds})
        end = time.monotonic() + seconds + LEFT_BEHIND
        while self._host.ended() is None:
            if time.monotonic() > end:
                self._host.kill()
            time.sleep(0.05)
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
