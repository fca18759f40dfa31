"""A server on the loopback, as good as an origin is, and as bad as one can be.

    with Loopback({"/a.bin": content}) as server:
        server.fail("/a.bin", cut, status(503))  # the first two requests; then it serves the file
        fetch(RemoteFile("a.bin", (server.url("/a.bin"),)), folder)
        assert [asked.range for asked in server.log] == ["", "bytes=1000-", "bytes=1000-"]

A fault is a function that answers a request in place of `whole`. Files may be exchanged while the
server runs: a file's ETag is made from its bytes.
"""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, repeat
from typing import Any

LONG = 10.0  # seconds after which a fault that waits gives up, so that no test hangs


@dataclass(frozen=True)
class Asked:
    """A request: what was asked for, and what Range and If-Range said, "" if nothing."""

    path: str
    range: str
    if_range: str


class Exchange(BaseHTTPRequestHandler):
    """One connection; the server is the `Loopback` that it belongs to."""

    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def do_GET(self) -> None:
        asked = Asked(self.path, self.headers.get("Range", ""), self.headers.get("If-Range", ""))
        fault = self.loopback.note(asked)
        content = self.loopback.files.get(self.path)
        try:
            if content is None:
                status(404)(self, b"")
            else:
                fault(self, content)
        except ConnectionError:  # who asked is gone: it was killed, or has seen enough
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""

    def head(self, code: int, length: int | None, **headers: str) -> None:
        """Send status and headers; `Content_Type` is the header Content-Type."""
        self.send_response(code)
        if length is not None:
            self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def hang_up(self) -> None:
        """Cut the connection."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def rest(self, content: bytes) -> tuple[int, int, dict[str, str]]:
        """Status, first byte and headers with which the request for a file is to be answered."""
        tag = etag(content)
        headers = {"ETag": tag}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not wanted or self.headers.get("If-Range", tag) != tag:
            return 200, 0, headers
        first = int(wanted[1])
        if first >= len(content):
            return 416, len(content), headers | {"Content_Range": f"bytes */{len(content)}"}
        span = f"bytes {first}-{len(content) - 1}/{len(content)}"
        return 206, first, headers | {"Content_Range": span}


Fault = Callable[[Exchange, bytes], None]


class Loopback:
    """Serves bytes by path on 127.0.0.1, and remembers what was asked for in `log`."""

    def __init__(self, files: dict[str, bytes]):
        self.files = files
        self.log: list[Asked] = []
        self.ended = threading.Event()
        self._faults: dict[str, Iterator[Fault]] = {}
        self._lock = threading.Lock()
        handler = type("Bound", (Exchange,), {"loopback": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> Loopback:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def fail(self, path: str, *faults: Fault, always: bool = False) -> None:
        """Answer the next requests for a path by these, one each; the last of them for ever."""
        self._faults[path] = chain(faults, repeat(faults[-1])) if always else iter(faults)

    def note(self, asked: Asked) -> Fault:
        """Remember a request; returns what answers it."""
        with self._lock:
            self.log.append(asked)
            return next(self._faults.get(asked.path, iter(())), whole)


def etag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def whole(exchange: Exchange, content: bytes) -> None:
    """The file, or the rest of it that was asked for."""
    code, first, headers = exchange.rest(content)
    exchange.head(code, len(content) - first, **headers)
    exchange.wfile.write(content[first:])


def cut(exchange: Exchange, content: bytes) -> None:
    """All of it is promised, a third of it comes."""
    code, first, headers = exchange.rest(content)
    exchange.head(code, len(content) - first, **headers)
    exchange.wfile.write(content[first : first + (len(content) - first) // 3])
    exchange.hang_up()


def chunked(exchange: Exchange, content: bytes) -> None:
    """The whole file without a length."""
    exchange.head(200, None, ETag=etag(content), Transfer_Encoding="chunked")
    exchange.wfile.write(_chunk(content[:100]) + _chunk(content[100:]) + b"0\r\n\r\n")


def chunked_cut(exchange: Exchange, content: bytes) -> None:
    """A third of it without a length, and no end."""
    exchange.head(200, None, ETag=etag(content), Transfer_Encoding="chunked")
    exchange.wfile.write(_chunk(content[: len(content) // 3]))
    exchange.hang_up()


def unmeasured(exchange: Exchange, content: bytes) -> None:
    """The file up to the end of the connection: nobody can say whether that is all."""
    exchange.head(200, None, Connection="close")
    exchange.wfile.write(content)


def stalled(exchange: Exchange, content: bytes) -> None:
    """A third of it, then nothing, on an open connection."""
    code, first, headers = exchange.rest(content)
    exchange.head(code, len(content) - first, **headers)
    exchange.wfile.write(content[first : first + (len(content) - first) // 3])
    exchange.loopback.ended.wait(LONG)
    exchange.close_connection = True


def slow(exchange: Exchange, content: bytes) -> None:
    """All of it in ten pieces, 20 ms from one to the next."""
    code, first, headers = exchange.rest(content)
    exchange.head(code, len(content) - first, **headers)
    step = len(content) // 10 + 1
    for begin in range(first, len(content), step):
        exchange.wfile.write(content[begin : begin + step])
        time.sleep(0.02)


def trickling(exchange: Exchange, content: bytes) -> None:
    """All of it, the first nine bytes one by one."""
    code, first, headers = exchange.rest(content)
    exchange.head(code, len(content) - first, **headers)
    for byte in content[first : first + 9]:
        exchange.wfile.write(bytes([byte]))
        time.sleep(0.02)
    exchange.wfile.write(content[first + 9 :])


def ignores_range(exchange: Exchange, content: bytes) -> None:
    """The whole file, whatever was asked for."""
    exchange.head(200, len(content), ETag=etag(content))
    exchange.wfile.write(content)


def ignores_if_range(exchange: Exchange, content: bytes) -> None:
    """The rest of what lies there now, whichever file the request was for."""
    del exchange.headers["If-Range"]
    whole(exchange, content)


def wrong_range(exchange: Exchange, content: bytes) -> None:
    """The rest from one byte further on than was asked for."""
    code, first, headers = exchange.rest(content)
    span = f"bytes {first + 1}-{len(content) - 1}/{len(content)}"
    exchange.head(code, len(content) - first - 1, **headers | {"Content_Range": span})
    exchange.wfile.write(content[first + 1 :])


def page(exchange: Exchange, content: bytes) -> None:
    """A page that asks to sign in, as a success."""
    text = b"<html><title>Sign in</title></html>"
    exchange.head(200, len(text), Content_Type="text/html; charset=utf-8")
    exchange.wfile.write(text)


def typed(kind: str, **headers: str) -> Fault:
    """The file under a content type."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.head(200, len(content), Content_Type=kind, **headers)
        exchange.wfile.write(content)

    return answer


def status(code: int, **headers: str) -> Fault:
    """No file, but a status."""

    def answer(exchange: Exchange, content: bytes) -> None:
        exchange.head(code, 0, **headers)

    return answer


def redirect(to: str) -> Fault:
    """Another address."""
    return status(302, Location=to)


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)
