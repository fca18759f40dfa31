"""Who lost a run to another process changes nothing of it, wherever it was when that happened."""

import errno
import os
import time

import pytest
from owner import LEASE, digests, lease_of

from benchmarks.engine import holding
from benchmarks.engine.holding import Lost
from benchmarks.engine.store import RunFolder


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "run-1")


def taken_over(folder):
    """What another process does that takes a folder over, up to its own first file."""
    (folder.path / ".lease").unlink()
    lease_of(folder)
    for part in folder.path.rglob(".*.part"):
        part.unlink()


WRITING = {
    "write": lambda folder: folder.write("a", b"b"),
    "write_json": lambda folder: folder.write_json("a", {}),
    "remove": lambda folder: folder.remove("a"),
    "append_line": lambda folder: folder.append_line("log.jsonl", {"step": 2}),
    "keep_lines": lambda folder: folder.keep_lines("log.jsonl", lambda line: False),
    "clear": lambda folder: folder.clear(),
    "set_aside": lambda folder: folder.set_aside("a", "is damaged"),
    "intact": lambda folder: folder.intact("a", "0"),  # sets aside what is another file
    "check_hold": lambda folder: folder.check_hold(),
}


@pytest.mark.parametrize("how", WRITING)
@pytest.mark.parametrize("lease", ["another's", "gone"])
def test_who_lost_a_run_changes_nothing_of_it(folder, monkeypatch, how, lease):
    """Whatever object of the folder it writes through."""
    with folder.locked():
        monkeypatch.setattr(holding, "HEARTBEAT", 0.0)  # an earlier look is never good enough
        folder.write("a", b"content")
        folder.write("run.json", b"{}")
        folder.append_line("log.jsonl", {"step": 1})
        (folder.path / ".lease").unlink()
        if lease == "another's":
            lease_of(folder)
        before = digests(folder.path)
        with pytest.raises(Lost, match=r"^run-1 was taken over while this process stood still; "):
            WRITING[how](RunFolder(folder.path))
        assert digests(folder.path) == before
    assert digests(folder.path) == before


def test_run_that_is_taken_over_while_a_file_is_written_keeps_its_own(folder, monkeypatch):
    """Between the look at the lease and the renaming."""
    fsync = os.fsync

    def late(descriptor):
        fsync(descriptor)
        taken_over(folder)
        folder.path.joinpath("a").write_bytes(b"new")

    with folder.locked():
        folder.write("a", b"old")
        monkeypatch.setattr(os, "fsync", late)
        with pytest.raises(Lost):
            folder.write("a", b"older")
    assert (folder.path / "a").read_bytes() == b"new"
    assert not list(folder.path.rglob(".*.part"))


def test_run_that_is_taken_over_before_a_file_is_begun_keeps_its_own(folder, monkeypatch):
    """Between the first look at the lease and the file."""
    monkeypatch.setattr(RunFolder, "_make_way", lambda self, path: taken_over(folder))
    folder.path.mkdir()
    with holding.hold(folder.path, None), pytest.raises(Lost):
        folder.write("a", b"content")
    assert {path.name for path in folder.path.iterdir()} == {".lock", ".lease"}


def test_lease_that_cannot_be_touched_is_lost(folder, short_leases, monkeypatch):
    """The disk does not answer: another machine may have taken it."""

    def fail(*arguments, **options):
        raise OSError(errno.EIO, "Input/output error")

    with folder.locked():
        monkeypatch.setattr(os, "utime", fail)
        time.sleep(1.5 * LEASE)
        with pytest.raises(Lost):
            folder.write("a", b"content")


def test_other_folders_are_not_guarded(folder, tmp_path):
    other = RunFolder(tmp_path / "run-2")
    with folder.locked():
        (folder.path / ".lease").unlink()
        other.write("a", b"content")
    assert other.read("a") == b"content"
    folder.write("a", b"content")  # as the study's kit, and whoever holds nothing
