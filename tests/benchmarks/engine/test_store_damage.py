"""What is in the way of a file, or not what was written, is moved aside and said once."""

import errno
import os
from pathlib import Path

import pytest

from benchmarks.engine.store import RunFolder, StoreError


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "run-1")


def in_the_way(path, kind):
    """Put something that is no file in the place of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        path.mkdir()
        (path / "mine").write_text("kept")
    elif kind == "loop":
        path.symlink_to(path.name)
    else:
        os.mkfifo(path)


@pytest.mark.parametrize("kind", ["folder", "loop", "fifo"])
@pytest.mark.parametrize("name", ["a", "a.sha256", "scores/a", "scores"])
def test_what_is_in_the_place_of_a_file_is_moved_aside(folder, capsys, name, kind):
    wanted = "scores/a" if name.startswith("scores") else "a"
    if name == "scores" and kind == "folder":
        return  # that is what it should be
    in_the_way(folder.path / name, kind)
    with folder.locked():
        folder.write(wanted, b"content")
    assert folder.read(wanted) == b"content"
    assert os.path.lexists(folder.path / f"{name}.damaged-1")
    assert capsys.readouterr().err.count("moved to") == 1


@pytest.mark.parametrize("kind", ["folder", "loop", "fifo"])
@pytest.mark.parametrize("name", ["a", "a.sha256", "log.jsonl", ".lock"])
def test_what_is_in_the_place_of_a_file_stops_no_other_use(folder, name, kind):
    folder.write("b", b"content")
    folder.write("a", b"content")
    (folder.path / name).unlink(missing_ok=True)
    in_the_way(folder.path / name, kind)
    with folder.locked():
        assert folder.read_json("a") is None if name == "a" else True
        assert folder.lines("log.jsonl") == []
        folder.append_line("log.jsonl", {"step": 1})
        folder.clear()
        folder.remove("a")
    assert folder.read("b") == b"content"


@pytest.mark.parametrize("name", ["", "scores"])
def test_loop_in_the_place_of_a_folder_is_moved_aside_by_a_reader(folder, capsys, name):
    loop = folder.path / name
    in_the_way(loop, "loop")
    assert folder.read_json("scores/a") is None
    assert os.path.islink(loop.with_name(f"{loop.name}.damaged-1"))
    assert capsys.readouterr().err.count("moved to") == 1
    folder.write("scores/a", b"content")
    assert folder.read("scores/a") == b"content"


def test_file_in_the_place_of_a_run_is_moved_aside(folder, capsys):
    folder.path.write_text("a note")
    assert folder.read("a") is None
    with folder.locked():
        folder.write("a", b"content")
    assert folder.read("a") == b"content"
    assert folder.path.with_name("run-1.damaged-1").read_text() == "a note"
    assert "is in the place of a folder" in capsys.readouterr().err


@pytest.mark.parametrize("digest", [b"", b"\xff\xfe", b"\n", b"0" * 64])
def test_file_with_an_unusable_digest_is_set_aside(folder, digest):
    folder.write_json("run.json", {})
    (folder.path / "run.json.sha256").write_bytes(digest)
    assert isinstance(folder.digest("run.json"), str)
    assert folder.read_json("run.json") is None
    assert (folder.path / "run.json.damaged-1").exists()
    folder.write_json("run.json", {})
    assert folder.read_json("run.json") == {}


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_set_aside(folder, content):
    folder.write("run.json", content)
    assert folder.read_json("run.json") is None
    assert (folder.path / "run.json.damaged-1").read_bytes() == content


def failing(monkeypatch, code):
    """As for a file without permission; the tests may run as a user who may read everything."""

    def read_bytes(self):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "read_bytes", read_bytes)


def test_file_that_may_not_be_read_is_set_aside(folder, monkeypatch, capsys):
    folder.write("a", b"content")
    with monkeypatch.context() as patched:
        failing(patched, errno.EACCES)
        assert not folder.intact("a")
    assert "a cannot be read (Permission denied); moved to a.damaged-1" in capsys.readouterr().err
    assert folder.read("a") is None


def test_file_on_a_failing_disk_stays_where_it_is(folder, monkeypatch):
    folder.write("a", b"content")
    with monkeypatch.context() as patched:
        failing(patched, errno.EIO)
        with pytest.raises(StoreError, match=r"^cannot read .*/run-1/a: Input/output error$"):
            folder.read("a")
    assert folder.read("a") == b"content"


def test_file_that_cannot_be_moved_aside_says_so(folder, monkeypatch):
    folder.write("a", b"content")
    (folder.path / "a").write_bytes(b"other")

    def replace(*arguments):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(StoreError, match=r"/a is damaged, and cannot be moved aside: Permission"):
        folder.intact("a")
