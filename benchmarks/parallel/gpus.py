"""The GPUs of this machine without CUDA, and who of several drivers has which of them.

A driver lives for days and computes nothing: a CUDA context of its own would cost each GPU memory.
So nvidia-smi tells the GPUs, by the UUIDs that CUDA_VISIBLE_DEVICES takes as well.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import lock_descriptor

from benchmarks.declare.errors import UsageError

QUERY = ("nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader")


@dataclass(frozen=True)
class Gpu:
    """A GPU: what people call it, and what it is known by on every machine."""

    name: str
    uuid: str


@dataclass(frozen=True)
class Slot:
    """What one child at a time computes on: these GPUs, or the CPU where there are none."""

    gpus: tuple[Gpu, ...] = ()

    @property
    def where(self) -> str:
        """`here`, `here, GPU 3`, `here, GPUs 2 and 3`."""
        names = " and ".join(gpu.name for gpu in self.gpus)
        return f"here, GPU{'s' * (len(self.gpus) > 1)} {names}" if names else "here"


def cpu_slots(number: int) -> list[Slot]:
    """So many slots that see no GPU."""
    return [Slot()] * number


def gpu_slots(each: int, number: int = 0) -> list[Slot]:
    """The visible GPUs in slots.

    Args:
        each: GPUs per slot. number: of slots, 0 for as many as there are.

    Raises:
        UsageError: there are too few GPUs, or nobody tells which there are.
    """
    gpus = visible_gpus()
    if len(gpus) < max(1, number) * each:
        asked = f"--parallel {number} with {each}" if number else str(each)
        narrowed = os.environ.get("CUDA_VISIBLE_DEVICES")
        how = "" if narrowed is None else f" (CUDA_VISIBLE_DEVICES is {narrowed!r})"
        raise UsageError(
            f"{asked} GPU{'s' * (each > 1)} per run needs {max(1, number) * each} in all, and "
            f"there are {len(gpus)}{how}, enough for {len(gpus) // each} at a time"
        )
    slots = [Slot(tuple(gpus[i : i + each])) for i in range(0, len(gpus) - each + 1, each)]
    return slots[: number or None]


def visible_gpus() -> list[Gpu]:
    """The GPUs of this machine that CUDA_VISIBLE_DEVICES leaves, in its order.

    As for CUDA, what it names that is not there hides itself and all that comes after it.

    Raises:
        UsageError: nvidia-smi is not there, or fails.
    """
    found = _installed()
    narrowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    if narrowed is None:
        return found
    gpus = []
    for name in narrowed.replace(" ", "").split(","):
        if name.startswith("MIG-"):  # a part of a GPU, which the query does not list
            gpus.append(Gpu(name, name))
            continue
        # A UUID may be cut short.
        known = [gpu for gpu in found if name in (gpu.name, gpu.uuid[: max(5, len(name))])]
        if not known:
            break
        gpus.append(known[0])
    return gpus


def _installed() -> list[Gpu]:
    """The GPUs that nvidia-smi lists."""
    try:
        done = subprocess.run(QUERY, capture_output=True, encoding="utf-8", timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "is not there" if isinstance(error, FileNotFoundError) else f"fails: {error}"
        raise UsageError(
            f"nvidia-smi, which tells the GPUs of this machine, {why}; --device cpu runs without"
        ) from error
    if done.returncode:
        why = (done.stderr + done.stdout).strip().partition("\n")[0]
        raise UsageError(f"nvidia-smi, which tells the GPUs of this machine, fails: {why}")
    pairs = (line.split(",") for line in done.stdout.splitlines() if line.strip())
    return [Gpu(index.strip(), uuid.strip()) for index, uuid in pairs]


def taken(gpus: Sequence[Gpu]) -> list[int] | None:
    """Take GPUs for a child, on this machine, from all other drivers.

    Returns:
        Descriptors that hold them until all copies are closed; None where another has one of them.

    Raises:
        OSError: a lock file cannot be opened.
    """
    held: list[int] = []
    for gpu in gpus:
        held.append(_lock_file(Path(tempfile.gettempdir()) / f"retable-gpu-{gpu.uuid}.lock"))
        if not lock_descriptor(held[-1], blocking=False):
            give_back(held)
            return None
    return held


def give_back(held: Sequence[int]) -> None:
    """Close the descriptors of `taken`."""
    for descriptor in held:
        os.close(descriptor)


def _lock_file(path: Path) -> int:
    """A descriptor of a file that every user may lock and nobody needs to write."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        os.fchmod(descriptor, 0o644)  # whatever the umask
        return descriptor
