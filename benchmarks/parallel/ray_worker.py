"""What runs in a Ray worker, on the node that Ray has chosen; no more than that."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Sequence

import ray

from benchmarks.declare.errors import UsageError
from benchmarks.parallel.gpus import cpu_slots, gpu_slots
from benchmarks.parallel.local import LocalPlace


def run_there(
    command: Sequence[str], folder: str, needs: Sequence[str], gpus: int, threads: str, grace: float
) -> Iterator[tuple[str, str] | tuple[int, str]]:
    """Run a command as a local child of this worker, and wait for its end.

    Where Ray cancels it, and where the node's own Ray process is gone, which would not hold the
    GPUs any more, the child is asked to end, and killed after the grace.

    Args:
        command: script and arguments. folder: in which it computes.
        needs: paths that must be there. gpus: how many it has; 0 for the CPU alone.
        threads: with which it computes. grace: in seconds.

    Yields:
        The name of this node and Ray's id of it; then the child's status and the end of its stderr.
    """
    raylet, node = os.getppid(), platform.node()
    yield node, ray.get_runtime_context().get_node_id()
    if absent := [path for path in (folder, *needs) if not os.path.exists(path)]:
        why = f"{absent[0]} is not there on {node}; all nodes must see the same files"
        yield os.EX_IOERR, why
        return
    os.chdir(folder)
    try:
        slots = gpu_slots(gpus, 1) if gpus else cpu_slots(1)  # Ray has narrowed what is visible
    except UsageError as error:
        yield 2, f"{node}: {error}"
        return
    place = LocalPlace(slots, threads=threads, grace=grace)
    try:
        child = place.start(command)
        while child.ended() is None and os.getppid() == raylet:
            time.sleep(0.2)  # Ray's interruption is heard between two of these
    finally:
        place.close()
    if ended := child.ended():
        yield ended.status, ended.told
