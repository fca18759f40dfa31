"""A file that arrives is the declared one, and nothing else gets its name."""

import hashlib
import json
import os

import pytest
from loopback import Loopback, chunked, page, redirect, slow, status, trickling, typed, unmeasured

from benchmarks.fetch.transfer import fetch
from datasets.images import DataError
from datasets.sources import RemoteFile


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def declared(server, content, path="/a.bin", **changes):
    """The file, with all that can be declared of it."""
    known = {"size": len(content), "sha256": sha256(content)} | changes
    return RemoteFile("set/a.bin", (server.url(path),), **known)


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_file_is_installed_alone_and_described(server, content, tmp_path):
    told = []
    url = server.url("/a.bin")
    fetched = fetch(declared(server, content), tmp_path, lambda *now: told.append(now))
    assert fetched.path.read_bytes() == content
    assert (fetched.size, fetched.sha256, fetched.url) == (len(content), sha256(content), url)
    assert names(tmp_path) == ["set/a.bin"]
    assert told[0] == (0, len(content))
    assert told[-1] == (len(content), len(content))
    assert told == sorted(told)


def test_bytes_reach_the_disk_before_the_name_does(server, content, tmp_path, monkeypatch):
    synced, replace, fsync = [], os.replace, os.fsync

    def watched(old, new):
        if new == tmp_path / "set" / "a.bin":
            assert os.stat(old).st_ino in synced
        replace(old, new)

    monkeypatch.setattr(os, "fsync", lambda f: (synced.append(os.fstat(f).st_ino), fsync(f)))
    monkeypatch.setattr(os, "replace", watched)
    assert fetch(declared(server, content), tmp_path).path.exists()


def test_file_that_is_there_is_verified_and_not_asked_for(server, content, tmp_path):
    file = declared(server, content, md5=hashlib.md5(content).hexdigest())
    fetch(file, tmp_path)
    again = fetch(file, tmp_path)
    assert (again.url, again.sha256, len(server.log)) == ("", sha256(content), 1)


@pytest.mark.parametrize("damage", [b"short", None])
def test_another_file_under_the_name_is_told_and_left(server, content, tmp_path, damage):
    path = tmp_path / "set" / "a.bin"
    path.parent.mkdir()
    wrong = damage or bytes(len(content))
    path.write_bytes(wrong)
    with pytest.raises(DataError, match="bin is not the file that its source has") as error:
        fetch(declared(server, content), tmp_path)
    expected = f"{len(content)} are declared" if damage else sha256(content)
    assert expected in str(error.value)
    assert path.read_bytes() == wrong
    assert not server.log


@pytest.mark.parametrize("kind", ["sha256", "md5", "sha1"])
def test_wrong_digest_installs_nothing_and_names_both(server, content, tmp_path, kind):
    expected = hashlib.new(kind, b"another").hexdigest()
    file = declared(server, content, **{"sha256": "", kind: expected})
    with pytest.raises(DataError) as error:
        fetch(file, tmp_path)
    found = hashlib.new(kind, content).hexdigest()
    assert all(text in str(error.value) for text in (file.urls[0], expected, found))
    assert not names(tmp_path)


def test_wrong_size_is_seen_before_the_body(server, content, tmp_path):
    told = []
    with pytest.raises(DataError, match="3000 bytes, but 3001 are declared"):
        fetch(declared(server, content, size=3001), tmp_path, lambda *now: told.append(now))
    assert not told
    assert not names(tmp_path)


@pytest.mark.parametrize("size", [2999, 3001])
def test_wrong_size_is_seen_without_a_length(server, content, tmp_path, size):
    server.fail("/a.bin", chunked, always=True)
    with pytest.raises(DataError, match=f"{size}.* (bytes of the file|are declared)"):
        fetch(declared(server, content, size=size), tmp_path)
    assert not names(tmp_path)


@pytest.mark.parametrize("fault", [chunked, slow])
def test_unusual_ways_to_send_a_file_are_right(server, content, tmp_path, fault):
    server.fail("/a.bin", fault)
    fetched = fetch(declared(server, content, size=None), tmp_path, timeout=1.0)
    assert fetched.path.read_bytes() == content
    assert len(server.log) == 1


def test_body_of_unknown_length_needs_a_declared_one(server, content, tmp_path):
    server.fail("/a.bin", unmeasured, always=True)
    with pytest.raises(DataError, match="does not say how long"):
        fetch(declared(server, content, size=None, sha256=""), tmp_path)
    assert fetch(declared(server, content, sha256=""), tmp_path).path.read_bytes() == content


def test_addresses_are_tried_in_order_and_every_reason_is_told(server, content, tmp_path):
    server.files |= {"/other": b"x" * len(content), "/page": b"a page"}
    server.fail("/page", page, always=True)
    urls = tuple(map(server.url, ("/gone", "/other", "/page")))
    known = {"size": len(content), "sha256": sha256(content)}
    with pytest.raises(DataError) as error:
        fetch(RemoteFile("a.bin", urls, **known), tmp_path)
    told = str(error.value)
    places = [told.index(text) for text in (urls[0], "404", urls[1], sha256(content), urls[2])]
    assert places == sorted(places)
    assert "HTML page" in told
    assert "\n" not in told
    fetched = fetch(RemoteFile("a.bin", (*urls, server.url("/a.bin")), **known), tmp_path)
    assert fetched.url == server.url("/a.bin")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/a", "file:///etc/hostname", "data:,a"])
def test_only_http_is_spoken(tmp_path, url):
    with pytest.raises(DataError, match="neither http nor https"):
        fetch(RemoteFile("a.bin", (url,)), tmp_path)
    assert not names(tmp_path)


def test_file_that_only_the_user_can_bring(content, tmp_path):
    file = RemoteFile("a.bin", (), len(content), sha256(content))
    with pytest.raises(DataError, match="put it there"):
        fetch(file, tmp_path)
    (tmp_path / "a.bin").write_bytes(content)
    assert fetch(file, tmp_path).sha256 == sha256(content)


def test_redirects_are_followed_but_not_for_ever(server, content, tmp_path):
    server.fail("/old", redirect("/a.bin"))
    server.fail("/ring", redirect("/ring"), always=True)
    server.files |= {"/old": b"-", "/ring": b"-"}
    assert fetch(declared(server, content, "/old"), tmp_path / "a").sha256 == sha256(content)
    with pytest.raises(DataError, match="redirects for ever"):
        fetch(declared(server, content, "/ring"), tmp_path / "b")


def test_short_first_packets_decide_nothing(tmp_path):
    archive, text = b"PK\x03\x04" + bytes(600), b"<html>Sign in</html>"
    with Loopback({"/a.zip": archive, "/page": text}) as s:
        for path in s.files:
            s.fail(path, trickling)
        assert fetch(RemoteFile("a.zip", (s.url("/a.zip"),)), tmp_path).size == len(archive)
        with pytest.raises(DataError, match="HTML page"):
            fetch(RemoteFile("a.bin", (s.url("/page"),)), tmp_path)


def test_page_is_no_archive_whatever_its_type(content, tmp_path):
    text = b"\xef\xbb\xbf\n <!DOCTYPE HTML><p>Quota exceeded</p>"
    with Loopback({"/typed": content, "/body": text, "/29": b"Entry not found: try another."}) as s:
        s.fail("/typed", typed("Text/HTML; charset=utf-8"), always=True)
        for path, why in (("/typed", "HTML"), ("/body", "HTML"), ("/29", "as a .zip file")):
            with pytest.raises(DataError, match=why):
                fetch(RemoteFile("a.zip", (s.url(path),)), tmp_path)
            assert not names(tmp_path)


def test_packed_body_is_refused(server, content, tmp_path):
    server.fail("/a.bin", typed("application/x", Content_Encoding="gzip"))
    with pytest.raises(DataError, match="packed as gzip"):
        fetch(declared(server, content), tmp_path)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 304])
def test_lasting_errors_are_not_tried_again(server, content, tmp_path, code):
    server.fail("/a.bin", status(code))
    with pytest.raises(DataError, match=f"answers {code}"):
        fetch(declared(server, content), tmp_path)
    assert len(server.log) == 1


def test_unprinted_digest_is_recorded_and_holds_from_then_on(server, content, tmp_path):
    file = declared(server, content, sha256="", size=None)
    fetched = fetch(file, tmp_path)
    records = json.loads((tmp_path / "sources.json").read_text())
    assert list(records) == ["set/a.bin"]
    entry = records["set/a.bin"]
    assert entry.pop("date").count("-") == 2
    assert entry == {"sha256": sha256(content), "size": len(content), "url": file.urls[0]}
    fetched.path.write_bytes(b"changed")
    with pytest.raises(DataError, match=r"recorded on .* at the first fetch"):
        fetch(file, tmp_path)
    fetched.path.unlink()
    server.files["/a.bin"] = b"another edition"
    with pytest.raises(DataError) as error:
        fetch(file, tmp_path)
    assert all(text in str(error.value) for text in (sha256(content), sha256(b"another edition")))
    assert names(tmp_path) == ["sources.json"]
