"""The process that holds a driver's connection to a Ray cluster, started by `ClusterPlace`.

It is a process of its own because Ray ends the process that has lost the head of its cluster, waits
for a head that is gone, prints on stdout, and takes SIGTERM for itself.

It reads one request per line, {"start": 3, "command": [...]}, {"stop": 3}, or {"close": 60}, which
leaves the jobs so many seconds, and writes {"total": 8}, how many jobs the cluster can hold,
{"job": 3, "node": "gpu07"} and {"job": 3, "ended": [0, ""]}; or, once, {"refused": "why"}. At the
end of its stdin, which is that of the driver, it closes within a few seconds.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

LOOK_SECONDS = 0.2  # between two looks at the jobs
NODES_SECONDS = 5.0  # between two looks at the nodes
KILLED = -int(signal.SIGKILL)
Tell = Callable[[dict[str, Any]], None]


class Job:
    """A command that was given to the cluster; it may wait for a node yet."""

    def __init__(self, ray: Any, stream: Any, grace: float, patience: float):
        """Watch it.

        Args:
            stream: what `run_there` yields.
            grace: seconds from `stop` until Ray kills its worker.
            patience: seconds from that until the job is given up.
        """
        self.node = ""
        self._node_id = ""
        self._ray, self._stream, self._grace, self._patience = ray, stream, grace, patience
        self._kill_at = self._give_up_at = math.inf
        self._asked = False

    def look(self, dead: set[str]) -> tuple[int, str] | None:
        """Status and the end of stderr of a job that has ended.

        Args:
            dead: nodes that have left the cluster; Ray does not tell that jobs went with them.
        """
        ray, where = self._ray, f"node {self.node}" if self.node else "the cluster"
        try:
            if ray.wait([self._stream.completed()], timeout=0)[0]:
                *_, (status, told) = [ray.get(said) for said in self._stream]
                return status, told
            # Of a stream that was cancelled, the next item is said to be there and waits for ever.
            if not self.node and not self._asked and ray.wait([self._stream], timeout=0)[0]:
                self.node, self._node_id = ray.get(next(self._stream))
        except ray.exceptions.TaskCancelledError:
            return os.EX_TEMPFAIL, "it was asked to end"
        except ray.exceptions.RayError as error:
            return KILLED, f"{where}: {reason(error)}"
        now = time.monotonic()
        if now > self._give_up_at or self._node_id in dead:
            return KILLED, f"{where} does not answer any more"
        if now > self._kill_at:
            self._kill_at, self._give_up_at = math.inf, now + self._patience
            ray.cancel(self._stream, force=True)
        return None

    def stop(self) -> None:
        """Let the child be asked to end."""
        if not self._asked:
            self._asked = True
            self._kill_at = time.monotonic() + self._grace
            self._ray.cancel(self._stream)


class Host:
    """All jobs of one driver."""

    def __init__(self, settings: dict[str, Any], tell: Tell):
        """Connect to the cluster, or start one.

        Args:
            settings: as `ClusterPlace` gives them. tell: writes to the driver.
        """
        self._settings, self._tell = settings, tell
        self._jobs: dict[int, Job] = {}
        self._dead: set[str] = set()
        self._looked_at = -math.inf
        self.ray = connected(settings["address"], settings["root"], settings["temporary"])
        from benchmarks.parallel.ray_worker import run_there  # imports ray

        gpus, cpus = settings["gpus"], settings["cpus"]
        self._kind, self._each = ("GPU", gpus) if gpus else ("CPU", cpus)
        # With max_calls=0 a worker takes one job after the other; a new one takes most of a second.
        leases = {"num_gpus": gpus, "num_cpus": 0 if gpus else cpus}
        self._remote = self.ray.remote(max_retries=0, max_calls=0, **leases)(run_there)

    def serve(self, requests: SimpleQueue[dict[str, Any]]) -> None:
        """Do what is asked for until the end, and tell what happens."""
        patience = math.inf
        while patience == math.inf or (self._jobs and time.monotonic() < patience):
            try:
                request = requests.get(timeout=LOOK_SECONDS)
            except Empty:
                self._look()
                continue
            if "start" in request:
                self._start(request["start"], request["command"])
            elif "stop" in request:
                self._stop(request["stop"])
            else:
                patience = time.monotonic() + request["close"]
                for number in self._jobs:
                    self._stop(number)

    def _start(self, number: int, command: list[str]) -> None:
        own = self._settings
        needs = [command[0], *own["needs"]]
        arguments = (command, own["folder"], needs, own["gpus"], own["threads"], own["grace"])
        late = own["late"]
        stream = self._remote.remote(*arguments)
        self._jobs[number] = Job(self.ray, stream, own["grace"] + 2 * late, late)

    def _stop(self, number: int) -> None:
        if number in self._jobs:  # else it has ended meanwhile
            self._jobs[number].stop()

    def _look(self) -> None:
        if time.monotonic() > self._looked_at + NODES_SECONDS:
            self._looked_at = time.monotonic()
            nodes = self.ray.nodes()
            self._dead = {node["NodeID"] for node in nodes if not node["Alive"]}
            there = [node["Resources"].get(self._kind, 0) for node in nodes if node["Alive"]]
            self._tell({"total": sum(int(number // self._each) for number in there)})
        for number, job in list(self._jobs.items()):
            known = job.node
            if (ended := job.look(self._dead)) is not None:
                del self._jobs[number]
            if job.node != known:
                self._tell({"job": number, "node": job.node})
            if ended is not None:
                self._tell({"job": number, "ended": ended})


def connected(address: str, root: str, temporary: str) -> Any:
    """The module `ray`, connected to a cluster.

    Args:
        root: of the repository, from which workers import `run_there`.
        temporary: the folder of a cluster that is started here.
    """
    # No telemetry, and no word of Ray about a node that died: that is told as the end of a job.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_IGNORE_UNHANDLED_ERRORS": "1"}
    options: dict[str, Any] = {}
    if address == "local":
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        os.environ.setdefault("RAY_worker_niceness", "0")  # children inherit it
        # Nothing but strings is kept in Ray's memory.
        options = {"include_dashboard": False, "_temp_dir": temporary, "object_store_memory": 10**8}
    import ray  # it reads these variables

    job = ray.job_config.JobConfig(code_search_path=[root])
    ray.init(address, log_to_driver=False, logging_level="ERROR", job_config=job, **options)
    return ray


def reason(error: BaseException) -> str:
    """Why Ray gives something up, in one line."""
    cause = getattr(error, "cause", None) or error
    return f"{type(cause).__name__}: {' '.join(str(cause).split())[:500]}"


def read(requests: SimpleQueue[dict[str, Any]], seconds: float) -> None:
    """Pass on the lines of stdin; at its end, which is the driver's, close in a few seconds."""
    for line in sys.stdin:
        request = json.loads(line)
        requests.put(request)
        if "close" in request:  # who reads on while the interpreter ends aborts it
            return
    requests.put({"close": seconds})


def main() -> None:
    """Serve the driver that has started this process."""
    settings = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # Ray prints on stdout

    def tell(event: dict[str, Any]) -> None:
        out.write(json.dumps(event) + "\n")
        out.flush()

    try:
        host = Host(settings, tell)
    except Exception as error:  # Ray's own, and Python's of many kinds
        tell({"refused": reason(error)})
        return
    requests: SimpleQueue[dict[str, Any]] = SimpleQueue()
    Thread(target=read, args=(requests, settings["last"]), daemon=True).start()
    try:
        host.serve(requests)
    finally:
        host.ray.shutdown()


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # in the place of this folder
    main()
