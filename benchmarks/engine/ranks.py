"""Several processes for one job, as torchrun starts them: how they find each other.

    torchrun --standalone --nproc-per-node=2 --max-restarts=0 reproduce.py --table T ... --run ID

What they do for each other is said in `losses/ranks.py`, what each may write in `Engine`. On CUDA
each process has the GPU of its own number among those that are visible, and `cuda` means that one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist

from benchmarks.declare.errors import UsageError
from losses.ranks import ALONE, Ranks

# How long a process waits for the others: one may write a large checkpoint meanwhile, or measure
# the network. Who is gone is noticed at once, whatever this is.
PATIENCE = timedelta(hours=6)


def processes() -> int:
    """How many processes were started for this command; 1 where torchrun started none."""
    return int(os.environ.get("WORLD_SIZE") or 1)


def check_one_process() -> None:
    """Whether this command was started once.

    Raises:
        UsageError: torchrun started it several times, and each would make everything.
    """
    if processes() > 1:
        raise UsageError(
            f"this command was started {processes()} times, and each would make everything: "
            "torchrun goes with --run ID, which makes one training; leave it out here"
        )


def take_own_gpu() -> None:
    """Let `cuda` mean the GPU of this process, where it is one of several.

    Raises:
        UsageError: there are more processes than GPUs.
    """
    if processes() == 1:
        return
    number, there = int(os.environ.get("LOCAL_RANK") or 0), torch.cuda.device_count()
    if number >= there:
        raise UsageError(
            f"process {number} of this machine has no GPU: {there} can be seen; start at most as "
            "many processes, or take --device cpu"
        )
    torch.cuda.set_device(number)


@contextmanager
def ranks(device: torch.device) -> Iterator[Ranks]:
    """The processes that were started for this job; this one alone where torchrun started none.

    Args:
        device: on which the job computes; "cuda" without a number where there are several.

    Raises:
        UsageError: the device has a number, or the others cannot be found.
    """
    if processes() == 1:
        yield ALONE
        return
    if device.index is not None:
        raise UsageError(
            f"--device {device} is one GPU, and {processes()} processes take one each: leave the "
            "number out, and choose GPUs by CUDA_VISIBLE_DEVICES"
        )
    # Numbers and decisions go from CPU to CPU, whatever tensors do.
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    try:
        dist.init_process_group(backend, timeout=PATIENCE)
    except (RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [""])[0]
        raise UsageError(
            f"the {processes()} processes of this command do not find each other ({reason}); "
            "start them by torchrun --standalone"
        ) from error
    yield Ranks(dist.get_rank(), dist.get_world_size())
    # Only where all went well: who waits for a process that failed must see its connection close.
    dist.destroy_process_group()
