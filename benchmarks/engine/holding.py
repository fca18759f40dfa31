"""Who holds a folder of the store: a lock of the machine, and a lease that all machines see.

`.lock` is held with flock: the kernel lets go of it when its owner dies, but on some network file
systems it is known to one machine alone. `.lease` names its owner, who touches it every HEARTBEAT
seconds. A dead owner on the same machine is replaced at once, any other when its lease has not been
touched for DURATION seconds. An owner that only stood still for so long (SIGSTOP, a network disk
that was away) finds that the lease is not its own any more, and writes nothing: `Lost`.

An owner has both, the lock first; nobody who has one of them sleeps until it gets the other. The
lease needs nothing of a disk but that a file is made by one process only. Where there is no flock
it does alone.
"""

from __future__ import annotations

import errno
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock, LeaseSettingsMismatch, OwnerRecord, SoftFileLease, Timeout

from benchmarks.engine.stopping import NotNow

LOCK, LEASE = ".lock", ".lease"

# Seconds, the same for all processes on a store. A network disk may show a touch a minute late.
DURATION = 120.0
HEARTBEAT = 30.0
POLL = 0.1  # between two attempts of who waits

_WITHOUT_FLOCK = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)


class Held(NotNow):
    """Another process holds the folder."""


class Lost(NotNow):
    """This process held the folder and has lost it: it writes nothing there any more."""


@dataclass
class Hold:
    """A folder that this process holds.

    both: releases the lease, then the lock. seen: when the lease was last seen to be its own, in
        seconds of the monotonic clock.
    """

    folder: Path
    lease: SoftFileLease
    both: ExitStack
    seen: float

    def check(self, within: float) -> None:
        """See `check`."""
        now = time.monotonic()
        if self.lease.compromise is None:
            if now - self.seen < within:
                return
            owner = self.lease.owner
            if owner is not None and owner.token == self.lease.token:
                self.seen = now
                return
        raise Lost(
            f"{self.folder.name} was taken over while this process stood still; it writes nothing "
            "there any more, and the same command goes on later"
        )


_holds: dict[Path, Hold] = {}  # by path: who writes makes objects of a folder anew

# What a lease holds, and when it was touched in ns: what other processes' leases looked like at the
# last look, and since when, in seconds of the monotonic clock.
Look = tuple[bytes, int]
_looks: dict[Path, tuple[Look, float]] = {}


@contextmanager
def hold(folder: Path, waiting: Callable[[], object] | None) -> Iterator[None]:
    """Hold a folder, which must be there.

    Args:
        waiting: called once before it waits for another process; None not to wait.

    Raises:
        Held: another process holds it, and this one does not wait.
        OSError: lock or lease cannot be written.
    """
    told = False
    while (held := _attempt(folder)) is None:
        if waiting is None:
            raise Held(
                f"{folder.name} is in the hands of another process; the same command goes on later"
            )
        if not told:
            waiting()
            told = True
        time.sleep(POLL)
    with held.both:
        _holds[folder] = held
        try:
            yield
        finally:
            del _holds[folder]


def held_elsewhere(folder: Path) -> bool:
    """Whether another process holds a folder, as far as leases tell; an owner notices nothing.

    A lease whose owner is gone is cleared away. Who asks again and again so finds out that one is
    not touched any more.

    Raises:
        OSError: the lock beside a lease cannot be written.
    """
    if folder in _holds or not (folder / LEASE).exists():
        return False
    if (held := _attempt(folder)) is None:
        return True
    held.both.close()
    return False


@contextmanager
def lock_file(path: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Hold a lock file that is there for as long as it is held. A dead owner holds nothing.

    It goes while it is held: who waits for it sees that, and takes a new one.

    Args:
        waiting: called once before it waits for another process.

    Raises:
        OSError: the lock file cannot be written.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def check(path: Path, within: float = 0.0) -> None:
    """See that what lies at a path is still this process's to write, if it holds a folder above.

    Args:
        within: seconds for which an earlier look is good enough; 0 to look now.

    Raises:
        Lost: it is not.
    """
    for folder in (path, *path.parents) if _holds else ():
        if folder in _holds:
            _holds[folder].check(within)


def _attempt(folder: Path) -> Hold | None:
    """Take lock and lease if they can be had now; nothing is held otherwise.

    The lease counts: where it is abandoned, who stands still with the lock is passed over.
    """
    for _ in range(2):
        begun, look = time.monotonic(), _look(folder / LEASE)
        lease = SoftFileLease(
            folder / LEASE,
            lease_duration=DURATION,
            heartbeat_interval=HEARTBEAT,
            thread_local=False,  # the thread that touches it tells the others
        )
        with ExitStack() as both:
            locked = _locked(folder, both)
            if locked is not False and _leased(lease, both):
                return Hold(folder, lease, both.pop_all(), begun)
            abandoned = locked is not False and _dead_here(lease.owner)
        if look is None or not (abandoned or _untouched(folder, look)):
            break
        _clear(folder, look)
    return None


def _locked(folder: Path, both: ExitStack) -> bool | None:
    """Whether the lock could be had; None where the disk has no such locks."""
    lock = FileLock(folder / LOCK, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    except OSError as error:
        if error.errno not in _WITHOUT_FLOCK:
            raise
        return None
    both.callback(lock.release)
    return True


def _leased(lease: SoftFileLease, both: ExitStack) -> bool:
    try:
        lease.acquire(timeout=0)
    except (Timeout, LeaseSettingsMismatch):
        return False
    both.callback(lease.release)
    return True


# filelock itself replaces a dead owner only where two files can exchange their names, which network
# disks refuse, and one that stands still only for who has the lock, which that owner does not let
# go of. Hence the rest of this file.


def _dead_here(owner: OwnerRecord | None) -> bool:
    """Whether a lease's owner was a process of this machine and is no more."""
    if owner is None or owner.hostname != _this_machine():
        return False
    try:
        os.kill(owner.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


@cache
def _this_machine() -> str:
    """What leases call this machine; two containers on it have other names."""
    with TemporaryDirectory() as folder, SoftFileLease(Path(folder) / LEASE) as lease:
        return lease.owner.hostname if lease.owner is not None else ""


def _untouched(folder: Path, look: Look) -> bool:
    """Whether this process has seen a lease look like this for as long as leases last."""
    now = time.monotonic()
    known, since = _looks.get(folder, (None, now))
    if look != known:
        _looks[folder] = look, now
        return False
    return now - since >= DURATION


def _clear(folder: Path, look: Look) -> None:
    """Clear a lease away that looks like this, and the lock of an owner that stands still."""
    aside = folder / f"{LEASE}.{uuid.uuid4().hex}.part"  # who comes next removes what a kill leaves
    with suppress(FileNotFoundError):
        os.rename(folder / LEASE, aside)
        if _look(aside) == look:
            (folder / LOCK).unlink(missing_ok=True)  # a new one is not the stopped owner's
        else:  # another process was quicker, and this is its new lease
            with suppress(OSError):
                os.link(aside, folder / LEASE)
        aside.unlink()


def _look(marker: Path) -> Look | None:
    """How a lease looks now; None where there is none."""
    try:
        with open(marker, "rb") as file:  # opening asks a network disk for its present state
            return file.read(4096), os.fstat(file.fileno()).st_mtime_ns
    except OSError:
        return None
