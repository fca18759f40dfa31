"""One request to an origin, and its answer piece by piece, with every way to fail in two kinds.

`Interrupted` may go better in a moment, `Refused` will not. urllib raises neither for a body that
ends early: `read(n)` then returns what came, so lengths are compared by who reads.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

_PIECE = 2**20
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_WAIT = 60


class Refused(Exception):  # noqa: N818 - an answer, told to the caller
    """An address does not give the file, and asking again would not change that."""


class Interrupted(Exception):  # noqa: N818
    """An address gave an error or a part of the file; another attempt may give the rest.

    wait: seconds that the origin asks for before it, 0 where it asks for none.
    """

    def __init__(self, why: str, wait: int = 0):
        super().__init__(why)
        self.wait = wait


class _NoDowngrade(HTTPRedirectHandler):
    """Follows to https, and to http from http alone: what began encrypted stays so."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme != "https" and not (scheme == "http" and urlsplit(req.full_url).scheme == "http"):
            raise Refused(f"leads from {req.full_url} to {newurl}, which is not encrypted")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def request(url: str, timeout: float, offset: int = 0, version: str = "") -> HTTPResponse:
    """Ask for a file, or for what follows `offset` bytes if it is still of this version.

    Args:
        url: http or https.
        timeout: seconds without a byte after which the connection is given up.
        offset: bytes that are there already.
        version: ETag or Last-Modified of the answer that they came with; needed with an offset.
    Returns:
        an answer with status 2xx, or 416 if there was an offset; to be closed.
    Raises:
        Interrupted, Refused: see there.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise Refused("is neither http nor https")
    headers = {"User-Agent": "retable", "Accept-Encoding": "identity"}
    if offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": version}
    try:
        opener = build_opener(_NoDowngrade)
        return opener.open(Request(url, headers=headers), timeout=timeout)
    except HTTPError as error:
        if error.code == 416 and offset:
            return error  # type: ignore[return-value]
        raise _from_status(error) from error
    except (OSError, HTTPException, ValueError) as error:
        raise _from_failure(error, timeout) from error


def pieces(answer: HTTPResponse, timeout: float) -> Iterator[bytes]:
    """The bytes of an answer as they arrive; fewer than promised if the connection is cut.

    Raises:
        Interrupted: nothing came for `timeout` seconds, or the connection broke.
    """
    while True:
        try:
            piece = answer.read1(_PIECE)  # what one packet brought: nothing is lost with a timeout
        except (OSError, HTTPException, ValueError) as error:
            raise _from_failure(error, timeout) from error
        if not piece:
            return
        yield piece


def _from_status(error: HTTPError) -> Interrupted | Refused:
    """An answer with an error's status."""
    with error:
        if error.code in _BUSY:
            after = error.headers.get("Retry-After") or ""
            wait = min(int(after), _LONGEST_WAIT) if after.isdecimal() else 0
            return Interrupted(f"answers {error.code} {error.reason}", wait)
        if "infinite loop" in str(error.reason):  # urllib's words for ten redirects
            return Refused(f"answers {error.code}: it redirects for ever")
        return Refused(f"answers {error.code} {error.reason}")


def _from_failure(error: Exception, timeout: float) -> Interrupted | Refused:
    """A connection that could not be made, or broke."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Refused(f"shows a certificate that does not hold: {cause.verify_message}")
    if isinstance(cause, TimeoutError):
        return Interrupted(f"sent nothing for {timeout:g} s")
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return Refused(f"gives no readable answer: {error}")
    return Interrupted(f"broke off: {cause or type(cause).__name__}")
