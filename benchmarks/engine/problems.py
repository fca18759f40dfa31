"""Why a number could not be made; what is absent is a `DataError`."""

from __future__ import annotations


class Failed(Exception):  # noqa: N818
    """A run or a score could not be made; the traceback lies in its folder."""


def first_line(error: BaseException) -> str:
    """Returns the first line of the error's message, "" where it has no message."""
    return (str(error).splitlines() or [""])[0]
