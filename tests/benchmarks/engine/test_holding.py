"""A run has one owner: lock and lease, who replaces whom and when, and what who lost it may do."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import owner
import pytest
from filelock import FileLock
from owner import LEASE, asked_to_write, digests, lease_of

from benchmarks.engine import holding
from benchmarks.engine.holding import Held
from benchmarks.engine.store import RunFolder, StoreError


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "run-1")


def can_be_held(folder):
    try:
        with folder.locked(wait=False):
            return True
    except Held:
        return False


def when_it_can_be_held(folder):
    """Seconds until a folder is to be had, asked for as a driver does."""
    begun = time.monotonic()
    while folder.held_elsewhere():
        assert time.monotonic() - begun < 30
        time.sleep(0.05)
    assert can_be_held(folder)
    return time.monotonic() - begun


@pytest.mark.parametrize("flock", [(), ("no-flock",)], ids=["both", "lease alone"])
def test_one_process_holds_a_run_and_others_are_told_at_once(
    folder, short_leases, owners, monkeypatch, flock
):
    """For as long as it lives, which is longer than its lease."""
    if flock:
        monkeypatch.setattr(holding, "FileLock", owner.NoLock)
    first = owners(folder, *flock)
    begun = time.monotonic()
    while time.monotonic() - begun < 2.5 * LEASE:
        asked = time.monotonic()
        with pytest.raises(Held, match=r"^run-1 is in the hands of another process; the same com"):
            folder.locked(wait=False).__enter__()
        assert time.monotonic() - asked < LEASE / 2
        assert folder.held_elsewhere()
        time.sleep(0.05)
    second = owners(folder, *flock, says="in the hands of another process")
    assert second.wait(timeout=60) == 75
    assert asked_to_write(first, "mine") == "written\n"
    first.stdin.close()
    assert first.wait(timeout=60) == 0
    assert not folder.held_elsewhere()
    assert can_be_held(folder)


def test_the_lock_alone_is_enough_too(folder):
    """A process of before there were leases has one."""
    folder.path.mkdir()
    with FileLock(folder.path / ".lock"):
        assert not can_be_held(folder)
    assert can_be_held(folder)


NO_EXCHANGE = "filelock._soft.exchange_names"


@pytest.mark.parametrize("swaps", [True, False], ids=["disk", "network disk"])
@pytest.mark.parametrize("flock", [(), ("no-flock",)], ids=["both", "lease alone"])
def test_dead_owner_on_this_machine_is_replaced_at_once(folder, owners, monkeypatch, flock, swaps):
    """Also where two files cannot exchange their names, without which filelock replaces nobody."""
    if not swaps:
        monkeypatch.setattr(NO_EXCHANGE, lambda *names: False)
    process = owners(folder, *flock)
    process.kill()
    process.wait(timeout=60)
    assert (folder.path / ".lease").exists()
    begun = time.monotonic()
    assert can_be_held(folder)
    assert time.monotonic() - begun < 1


def test_dead_owner_does_not_hold_a_run_for_the_one_who_asks(folder, owners):
    process = owners(folder)
    assert folder.held_elsewhere()
    process.kill()
    process.wait(timeout=60)
    assert not folder.held_elsewhere()
    assert not (folder.path / ".lease").exists()


@pytest.mark.parametrize("swaps", [True, False], ids=["disk", "network disk"])
def test_owner_elsewhere_is_replaced_when_its_lease_is_not_touched(
    folder, short_leases, monkeypatch, swaps
):
    if not swaps:
        monkeypatch.setattr(NO_EXCHANGE, lambda *names: False)
    lease_of(folder)
    assert LEASE <= when_it_can_be_held(folder) < 3 * LEASE
    assert not (folder.path / ".lease").exists()


def test_waiting_process_replaces_an_owner_elsewhere_and_says_that_it_waits(
    folder, short_leases, capsys
):
    lease_of(folder)
    begun = time.monotonic()
    with folder.locked():
        assert LEASE <= time.monotonic() - begun < 3 * LEASE
    assert capsys.readouterr().err == (
        "warning: run-1 is in the hands of another process; waiting for it\n"
    )


def test_owner_with_a_lease_of_another_length_holds_its_run(folder, short_leases):
    lease_of(folder, duration=500.0)
    assert not can_be_held(folder)
    assert LEASE <= when_it_can_be_held(folder) < 3 * LEASE


def test_touched_lease_is_nobodys_to_take(folder, short_leases):
    lease_of(folder)
    begun = time.monotonic()
    while time.monotonic() - begun < 2.5 * LEASE:
        os.utime(folder.path / ".lease")
        assert folder.held_elsewhere()
        time.sleep(LEASE / 4)


@pytest.mark.parametrize("flock", [(), ("no-flock",)], ids=["both", "lease alone"])
def test_owner_that_stood_still_is_replaced_and_writes_nothing_more(
    folder, short_leases, owners, flock
):
    first = owners(folder, *flock)
    assert asked_to_write(first, "mine") == "written\n"
    first.send_signal(signal.SIGSTOP)
    assert LEASE / 2 < when_it_can_be_held(folder) < 4 * LEASE
    with folder.locked(wait=False):
        folder.write("a", b"taken over\n")
        before = digests(folder.path)
        first.send_signal(signal.SIGCONT)
        assert "run-1 was taken over while" in asked_to_write(first, "mine again")
        assert first.wait(timeout=60) == 75
        assert digests(folder.path) == before
        assert ".lease" in before  # the new owner's, which the old one left alone
        folder.write("a", b"still ours\n")
    assert folder.read("a") == b"still ours\n"


def test_owner_that_stood_still_shortly_goes_on(folder, short_leases, owners):
    first = owners(folder)
    first.send_signal(signal.SIGSTOP)
    time.sleep(LEASE / 4)
    first.send_signal(signal.SIGCONT)
    assert asked_to_write(first, "mine") == "written\n"


def test_quicker_process_keeps_its_new_lease(folder, short_leases, monkeypatch):
    """Two see that a lease is not touched; the other has replaced it when this one clears it."""
    rename = os.rename

    def late(source, target):
        lease_of(folder, host="a-third-one")
        rename(source, target)

    lease_of(folder)
    assert folder.held_elsewhere()
    time.sleep(1.1 * LEASE)
    monkeypatch.setattr(os, "rename", late)
    assert folder.held_elsewhere()
    assert "a-third-one" in (folder.path / ".lease").read_text(encoding="utf-8")
    assert (folder.path / ".lock").exists()
    assert not list(folder.path.glob(".*.part"))


def test_run_of_this_process_is_not_held_elsewhere(folder):
    assert not folder.held_elsewhere()
    assert not folder.path.exists()
    with folder.locked():
        assert not folder.held_elsewhere()
        assert (folder.path / ".lease").exists()
    assert [path.name for path in folder.path.iterdir()] == [".lock"]


def test_threads_of_a_process_hold_a_run_one_after_the_other(folder):
    inside, most = [], []

    def work():
        with RunFolder(folder.path).locked():
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.05)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert most == [1] * 4


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_where_there_is_no_flock_the_lease_does_alone(folder, owners, monkeypatch, number):
    def none(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", none)
    assert can_be_held(folder)
    process = owners(folder)
    assert not can_be_held(folder)
    process.kill()


def test_disk_that_refuses_the_lock_says_what_to_do(folder, monkeypatch):
    def none(descriptor, operation):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("fcntl.flock", none)
    with pytest.raises(
        StoreError, match=r"^cannot write into .*/run-1: Input/output error\. Choos"
    ):
        can_be_held(folder)


def test_loader_processes_hold_nothing(folder):
    """What a process forks may outlive it: neither lock nor lease goes along."""
    holder = (
        "import os, sys, time\n"
        f"sys.path.insert(0, {str(Path(__file__).resolve().parents[3])!r})\n"
        "from pathlib import Path\n"
        "from benchmarks.engine.store import RunFolder\n"
        "with RunFolder(Path(sys.argv[1])).locked():\n"
        "    if (child := os.fork()) == 0:\n"
        "        time.sleep(60)\n"
        "    print(child, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    command = [sys.executable, "-c", holder, str(folder.path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
    child = int(process.stdout.readline())
    try:
        process.wait(timeout=60)
        assert can_be_held(folder)
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()
