"""Digests that no source prints: written once, by whoever comes first, and never passed over."""

import errno
import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from loopback import Loopback

from benchmarks.fetch import records
from benchmarks.fetch.present import verified
from benchmarks.fetch.records import recorded
from benchmarks.fetch.transfer import fetch
from datasets.images import DataError
from datasets.sources import RemoteFile


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_files_that_arrive_at_once_are_all_recorded(tmp_path):
    contents = {f"/{n}.bin": bytes([n]) * 10 for n in range(24)}
    with Loopback(contents) as server, ThreadPoolExecutor(4) as pool:
        files = [RemoteFile(f"set{path}", (server.url(path),)) for path in contents]
        fetched = list(pool.map(lambda file: fetch(file, tmp_path), files))
    found = recorded(tmp_path)
    assert {name: entry.sha256 for name, entry in found.items()} == {
        f"set{path}": sha256(content) for path, content in contents.items()
    }
    assert [found[file.path].url for file in files] == [one.url for one in fetched]
    assert not list(tmp_path.rglob(".*"))


def test_file_that_the_user_brought_is_held_against_its_first_digest(tmp_path):
    file = RemoteFile("helen_1.zip")
    (tmp_path / file.path).write_bytes(b"first")
    fetch(file, tmp_path)
    assert (recorded(tmp_path)[file.path].sha256, recorded(tmp_path)[file.path].url) == (
        sha256(b"first"),
        "",
    )
    assert verified(file, tmp_path).sha256 == sha256(b"first")
    (tmp_path / file.path).write_bytes(b"second")
    with pytest.raises(DataError, match="was recorded on") as error:
        verified(file, tmp_path)
    assert str(tmp_path / "sources.json") in str(error.value)
    os.unlink(tmp_path / "sources.json")
    fetch(file, tmp_path)
    assert recorded(tmp_path)[file.path].sha256 == sha256(b"second")


def test_printed_digest_needs_no_record(server, content, tmp_path):
    fetch(RemoteFile("a.bin", (server.url("/a.bin"),), None, sha256(content)), tmp_path)
    assert not (tmp_path / "sources.json").exists()


def test_record_is_written_once(server, tmp_path):
    file = RemoteFile("a.bin", (server.url("/a.bin"),))
    fetch(file, tmp_path)
    before = os.stat(tmp_path / "sources.json")
    fetch(file, tmp_path)
    assert os.stat(tmp_path / "sources.json") == before


def test_verifying_writes_nothing(tmp_path):
    file = RemoteFile("a/b.bin")
    assert verified(file, tmp_path) is None
    (tmp_path / "a").mkdir()
    (tmp_path / file.path).write_bytes(b"1")
    assert verified(file, tmp_path).size == 1
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b.bin"]


ENTRY = {"sha256": "0" * 64, "size": 1, "url": "", "date": "2026-01-31"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"a.bin": 1}',
        '{"a.bin": {}}',
        json.dumps({"a.bin": ENTRY | {"size": "1"}}),
        json.dumps({"a.bin": ENTRY | {"more": 1}}),
    ],
)
def test_damaged_records_are_an_error_and_stay(server, tmp_path, text):
    (tmp_path / "sources.json").write_text(text)
    with pytest.raises(DataError, match=r"sources.json is damaged.* Restore it"):
        fetch(RemoteFile("a.bin", (server.url("/a.bin"),)), tmp_path)
    assert (tmp_path / "sources.json").read_text() == text


def test_root_that_cannot_be_written_costs_the_record_alone(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.bin").write_bytes(b"1")

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(records, "write_atomically", refuse)
    assert fetch(RemoteFile("a.bin"), tmp_path).size == 1
    assert "a.bin is not recorded" in capsys.readouterr().err


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("nowhere", path)])
def test_what_is_no_file_is_named(server, tmp_path, make):
    make(tmp_path / "a.bin")
    with pytest.raises(DataError, match=r"a.bin cannot be read"):
        fetch(RemoteFile("a.bin", (server.url("/a.bin"),)), tmp_path)
    assert not server.log
