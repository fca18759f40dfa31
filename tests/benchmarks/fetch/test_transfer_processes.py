"""Processes that are killed, and processes at once."""

import hashlib
import random
import subprocess
import sys
import threading
from http.client import HTTPConnection
from pathlib import Path
from urllib.request import HTTPSHandler

import pytest
from loopback import redirect, slow

from benchmarks.fetch.part import Part
from benchmarks.fetch.transfer import fetch
from datasets.images import DataError
from datasets.sources import RemoteFile

ROOT = Path(__file__).resolve().parents[3]

# A process of its own that fetches, and gets killed where a second argument says after how much.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from benchmarks.fetch.transfer import fetch
from datasets.sources import RemoteFile

url, size, sha256, folder, mortal = sys.argv[1:]

def progress(done, total):
    if mortal and done > total // 3:
        os.kill(os.getpid(), signal.SIGKILL)

print(fetch(RemoteFile("a.bin", (url,), int(size), sha256), Path(folder), progress).sha256)
"""


@pytest.fixture
def large(server):
    """A file of a megabyte: more than the system keeps of it on the way."""
    server.files["/a.bin"] = random.Random(1).randbytes(2**20)
    digest = hashlib.sha256(server.files["/a.bin"]).hexdigest()
    return RemoteFile("a.bin", (server.url("/a.bin"),), 2**20, digest)


def started(file, folder, mortal=""):
    arguments = [file.urls[0], str(file.size), file.sha256, str(folder), mortal]
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_killed_process_is_continued(server, large, tmp_path):
    server.fail("/a.bin", slow)
    with started(large, tmp_path, "mortal") as process:
        process.communicate()
    assert process.returncode == -9
    arrived = Part(tmp_path / "a.bin", large.urls[0]).path.stat().st_size
    assert 0 < arrived < large.size
    assert not (tmp_path / "a.bin").exists()
    assert fetch(large, tmp_path).sha256 == large.sha256
    assert [asked.range for asked in server.log] == ["", f"bytes={arrived}-"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_two_processes_fetch_a_file_once(server, large, tmp_path):
    begun, goes_on = threading.Event(), threading.Event()

    def held(exchange, content):
        exchange.head(200, len(content))
        exchange.wfile.write(content[:1000])
        begun.set()
        goes_on.wait(20)
        exchange.wfile.write(content[1000:])

    server.fail("/a.bin", held)
    found = []
    first = threading.Thread(target=lambda: found.append(fetch(large, tmp_path)))
    first.start()
    assert begun.wait(20)
    with started(large, tmp_path) as second:
        assert "a.bin is in the hands of another process" in second.stderr.readline()
        goes_on.set()
        out, err = second.communicate()
    first.join()
    assert (second.returncode, out.strip(), err) == (0, large.sha256, "")
    assert found[0].url == large.urls[0]
    assert len(server.log) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


@pytest.fixture
def encrypted(monkeypatch, server):
    """https://origin is the loopback's server; the encryption is left to the imagination."""
    address = server.url("").removeprefix("http://")

    def https_open(handler, request):
        return handler.do_open(lambda _, **known: HTTPConnection(address, **known), request)

    monkeypatch.setattr(HTTPSHandler, "https_open", https_open)
    return RemoteFile("a.bin", ("https://origin/a.bin",))


def test_redirect_to_an_unencrypted_address_is_refused(server, encrypted, content, tmp_path):
    server.files["/b.bin"] = content
    server.fail("/a.bin", redirect(server.url("/b.bin")))
    with pytest.raises(DataError, match=r"leads from https.* to http:.* not encrypted"):
        fetch(encrypted, tmp_path)
    assert [asked.path for asked in server.log] == ["/a.bin"]
    assert not list(tmp_path.iterdir())


def test_redirect_to_an_encrypted_address_is_followed(server, encrypted, content, tmp_path):
    server.files["/b.bin"] = content
    server.fail("/a.bin", redirect("https://elsewhere/b.bin"))
    assert fetch(encrypted, tmp_path).path.read_bytes() == content
