"""How much memory a piece of work takes at its height, and how much the machine has."""

from __future__ import annotations

import ctypes
import gc
import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

import torch

_STATM = Path("/proc/self/statm")
_CGROUP = Path("/sys/fs/cgroup/memory.max")
_EVERY = 0.005  # seconds between two looks at the process


class PeakMemory:
    """Bytes by which memory grows within a `with`, at rest and at the height.

    On CUDA what torch's allocator counts. On a CPU the process's resident memory, looked at every
    5 ms: what lives for a shorter time is not seen.
    """

    def __init__(self, device: torch.device):
        self.device = device
        self.cuda = device.type == "cuda"
        self.measured = "CUDA's allocator" if self.cuda else "resident memory every 5 ms"
        self._highest = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        _give_back()
        if self.cuda:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)
        self._before = self._highest = taken(self.device)
        if not self.cuda:
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        if not self.cuda:
            self._thread.join()

    @property
    def grown(self) -> int:
        """By how much memory has grown by now, without what is free again."""
        _give_back()
        return max(0, taken(self.device) - self._before)

    @property
    def peak(self) -> int:
        """By how much it had grown at the height."""
        highest = torch.cuda.max_memory_allocated(self.device) if self.cuda else self._highest
        return max(0, highest - self._before)

    def _watch(self) -> None:
        while not self._done.wait(_EVERY):
            self._highest = max(self._highest, resident())


def _give_back() -> None:
    """Return what is free to the system, or it would count as taken."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # another C library than glibc
        return


def resident() -> int:
    """Bytes of this process that are in memory; 0 where the system does not tell."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def taken(device: torch.device) -> int:
    """Bytes of the device that this process has; on a CPU those that are in memory."""
    return torch.cuda.memory_allocated(device) if device.type == "cuda" else resident()


def machine_memory(device: torch.device) -> int:
    """Bytes that the device has; of a CPU's memory what the process may take."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = _CGROUP.read_text(encoding="ascii").strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdecimal() else total
