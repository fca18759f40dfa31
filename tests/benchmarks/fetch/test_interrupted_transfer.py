"""What has arrived is kept and continued, if it is still a part of what lies there."""

import errno
import hashlib
import io
import shutil
import threading
from dataclasses import replace

import pytest
from loopback import (
    chunked_cut,
    cut,
    ignores_if_range,
    ignores_range,
    page,
    slow,
    stalled,
    status,
    typed,
    wrong_range,
)

from benchmarks.fetch import transfer
from benchmarks.fetch.part import Part
from benchmarks.fetch.transfer import fetch
from datasets.images import DataError
from datasets.sources import RemoteFile


@pytest.fixture
def file(server, content):
    digest = hashlib.sha256(content).hexdigest()
    return RemoteFile("a.bin", (server.url("/a.bin"),), len(content), digest)


def interrupted(server, file, folder):
    """A command that ends with a third of the file."""
    server.fail("/a.bin", cut)
    with pytest.raises(DataError, match="1000 bytes have arrived and are kept"):
        fetch(file, folder, attempts=1)
    server.log.clear()


def part(file, folder):
    """Where what has arrived from the first address lies."""
    return Part(folder / file.path, file.urls[0]).path


def ranges(server):
    return [asked.range for asked in server.log]


def test_cut_connection_is_continued(server, file, content, tmp_path):
    server.fail("/a.bin", cut, cut)
    told = []
    assert fetch(file, tmp_path, lambda *now: told.append(now[0])).path.read_bytes() == content
    assert ranges(server) == ["", "bytes=1000-", "bytes=1666-"]
    assert all(asked.if_range for asked in server.log[1:])
    assert told == sorted(told)


def test_next_command_goes_on_where_the_last_ended(server, file, content, tmp_path):
    interrupted(server, file, tmp_path)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server) == ["bytes=1000-"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("fault", [chunked_cut, status(503), status(429, Retry_After="0")])
def test_passing_faults_are_tried_again(server, file, content, tmp_path, fault):
    server.fail("/a.bin", fault)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert len(server.log) == 2


def test_stalled_connection_is_given_up_and_continued(server, file, content, tmp_path):
    server.fail("/a.bin", stalled)
    assert fetch(file, tmp_path, timeout=0.2).path.read_bytes() == content
    assert ranges(server) == ["", "bytes=1000-"]


def test_attempts_end_where_nothing_more_comes(server, file, tmp_path):
    server.fail("/a.bin", status(503), always=True)
    with pytest.raises(DataError, match=r"answers 503 .*3 attempts"):
        fetch(file, tmp_path, attempts=3)
    assert len(server.log) == 3


def test_attempts_that_bring_more_do_not_count(server, file, content, tmp_path):
    server.fail("/a.bin", *[cut] * 6)
    assert fetch(file, tmp_path, attempts=2).path.read_bytes() == content


def test_origin_that_cuts_and_begins_anew_is_given_up(server, file, content, tmp_path):
    del content

    def cut_from_the_beginning(exchange, content):
        del exchange.headers["Range"]
        cut(exchange, content)

    server.fail("/a.bin", cut_from_the_beginning, always=True)
    with pytest.raises(DataError, match="cut the connection after 1000 of 3000 bytes"):
        fetch(file, tmp_path, attempts=3)
    assert len(server.log) == 3


def test_origin_asks_for_a_wait(server, file, tmp_path, monkeypatch):
    waited, stop = [], threading.Event()
    monkeypatch.setattr(stop, "wait", waited.append)
    server.fail(
        "/a.bin", status(503, Retry_After="7"), status(503, Retry_After="9999"), status(500)
    )
    fetch(file, tmp_path, stop=stop)
    assert waited == [7, 60, transfer.PAUSE * 4]


@pytest.mark.parametrize("fault", [slow, status(503, Retry_After="60")])
def test_transfer_that_is_stopped_ends_at_once_and_is_continued(
    server, file, content, tmp_path, fault
):
    interrupted(server, file, tmp_path)
    server.fail("/a.bin", fault)
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(transfer.Stopped):
        fetch(file, tmp_path, lambda done, total: done > 1000 and stop.set(), stop=stop)
    assert len(server.log) == 1
    assert 1000 <= part(file, tmp_path).stat().st_size < len(content)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert server.log[-1].range.startswith("bytes=1")


@pytest.mark.parametrize("fault", [ignores_range, wrong_range])
def test_origin_that_does_not_continue_sends_it_anew(server, file, content, tmp_path, fault):
    interrupted(server, file, tmp_path)
    server.fail("/a.bin", fault)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server)[0] == "bytes=1000-"


@pytest.mark.parametrize("faults", [[], [ignores_if_range]])
@pytest.mark.parametrize("size", [3000, 500])
def test_file_that_changed_in_between_is_not_patched_together(server, tmp_path, faults, size):
    file = RemoteFile("a.bin", (server.url("/a.bin"),))
    interrupted(server, file, tmp_path)
    server.files["/a.bin"] = bytes(size)
    server.fail("/a.bin", *faults)
    assert fetch(file, tmp_path).path.read_bytes() == bytes(size)
    assert len(server.log) == 1 + len(faults)


def test_rest_of_a_longer_file_is_not_taken(server, tmp_path):
    """An origin without versions that only a total betrays."""
    file = RemoteFile("a.bin", (server.url("/a.bin"),))
    interrupted(server, file, tmp_path)

    def rest_of_now(exchange, content):
        span = {"Content_Range": f"bytes 1000-{len(content) - 1}/{len(content)}"}
        exchange.head(206, len(content) - 1000, **span)
        exchange.wfile.write(content[1000:])

    server.files["/a.bin"] = bytes(4000)
    server.fail("/a.bin", rest_of_now)
    assert fetch(file, tmp_path).path.read_bytes() == bytes(4000)
    assert ranges(server) == ["bytes=1000-", ""]


def test_origin_that_gives_a_little_at_a_time(server, file, content, tmp_path):
    interrupted(server, file, tmp_path)

    def little(exchange, content):
        first = int(exchange.headers["Range"][6:-1])
        last = min(first + 500, len(content)) - 1
        exchange.head(206, last + 1 - first, Content_Range=f"bytes {first}-{last}/{len(content)}")
        exchange.wfile.write(content[first : last + 1])

    server.fail("/a.bin", little, always=True)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server) == [f"bytes={first}-" for first in (1000, 1500, 2000, 2500)]


def test_rest_that_nobody_asked_for_is_refused(server, file, tmp_path):
    def rest(exchange, content):
        exchange.head(206, 10, Content_Range=f"bytes 0-9/{len(content)}")
        exchange.wfile.write(content[:10])

    server.fail("/a.bin", rest)
    with pytest.raises(DataError, match="answers 206"):
        fetch(file, tmp_path)


def test_part_that_was_complete_needs_no_byte_more(server, file, content, tmp_path):
    interrupted(server, file, tmp_path)
    part(file, tmp_path).write_bytes(content)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server) == ["bytes=3000-"]


def test_damaged_part_is_noticed_and_gone(server, file, content, tmp_path):
    interrupted(server, file, tmp_path)
    part(file, tmp_path).write_bytes(bytes(1000))
    with pytest.raises(DataError, match="gives another file"):
        fetch(file, tmp_path)
    assert not list(tmp_path.iterdir())
    assert fetch(file, tmp_path).path.read_bytes() == content


@pytest.mark.parametrize("notes", [b"", b"[]", b'{"url": 1}', None])
def test_part_that_nothing_is_known_of_is_begun_anew(server, file, content, tmp_path, notes):
    interrupted(server, file, tmp_path)
    path = tmp_path / f"{part(file, tmp_path).name}.json"
    path.unlink() if notes is None else path.write_bytes(notes)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server) == [""]


@pytest.mark.parametrize("tag", [{}, {"ETag": 'W/"weak"'}])
def test_file_without_a_version_is_begun_anew(server, file, content, tmp_path, tag):
    def cut_without_version(exchange, content):
        exchange.head(200, len(content), **tag)
        exchange.wfile.write(content[:1000])
        exchange.hang_up()

    server.fail("/a.bin", cut_without_version)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server) == ["", ""]


def test_date_stands_in_for_a_weak_tag(server, file, content, tmp_path):
    date = "Sun, 22 Nov 2026 12:00:00 GMT"

    def dated(exchange, content):
        exchange.head(200, len(content), ETag='W/"weak"', Last_Modified=date)
        exchange.wfile.write(content[:1000])
        exchange.hang_up()

    server.fail("/a.bin", dated)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert (server.log[1].range, server.log[1].if_range) == ("bytes=1000-", date)


@pytest.mark.parametrize("fault", [page, status(404), typed("text/html")])
def test_refused_answer_leaves_the_part(server, file, content, tmp_path, fault):
    interrupted(server, file, tmp_path)
    server.fail("/a.bin", fault)
    with pytest.raises(DataError, match="1000 bytes have arrived and are kept"):
        fetch(file, tmp_path)
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server) == ["bytes=1000-"] * 2


def test_mirror_does_not_continue_what_another_address_began(server, file, content, tmp_path):
    server.files["/mirror"] = content
    server.fail("/a.bin", cut, status(404))
    urls = (*file.urls, server.url("/mirror"))
    fetched = fetch(RemoteFile(file.path, urls, file.size, file.sha256), tmp_path)
    assert (fetched.url, fetched.path.read_bytes()) == (urls[1], content)
    assert ranges(server) == ["", "bytes=1000-", ""]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_mirror_does_not_cost_what_another_address_gave(server, file, content, tmp_path):
    server.files["/mirror"] = content
    server.fail("/a.bin", cut, status(404))
    server.fail("/mirror", cut)
    two = replace(file, urls=(*file.urls, server.url("/mirror")))
    with pytest.raises(DataError, match="2000 bytes have arrived"):
        fetch(two, tmp_path, attempts=1)
    assert fetch(two, tmp_path).url == two.urls[1]
    assert ranges(server) == ["", "", "bytes=1000-", "bytes=1000-"]


def test_disk_without_room_is_told_before_the_first_byte(server, file, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2000))
    told = []
    with pytest.raises(DataError, match="GB free"):
        fetch(file, tmp_path, lambda *now: told.append(now))
    assert not told
    assert not (tmp_path / "a.bin").exists()


def test_disk_that_fills_up_is_told_and_the_rest_fetched_later(
    server, file, content, tmp_path, monkeypatch
):
    class Full(io.BufferedWriter):
        def write(self, piece):
            super().write(piece[:1000])
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        opened = lambda path, mode: Full(io.FileIO(path, mode))  # noqa: E731
        patch.setattr(transfer, "open", opened, raising=False)
        with pytest.raises(DataError, match=r"No space left.*kept"):
            fetch(file, tmp_path)
    assert len(server.log) == 1
    assert fetch(file, tmp_path).path.read_bytes() == content
    assert ranges(server) == ["", "bytes=1000-"]
