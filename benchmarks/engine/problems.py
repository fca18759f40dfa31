"""Why a number could not be made."""

from __future__ import annotations

from benchmarks.engine.weights import MissingFile, WrongFile


class Failed(Exception):  # noqa: N818
    """A run or a score could not be made; the traceback lies in its folder."""


class Needs(Exception):  # noqa: N818
    """A file or data set is absent; `what` is short enough for a cell."""

    def __init__(self, what: str, message: str):
        super().__init__(message)
        self.what = what


def needs(error: Exception) -> Needs:
    """The error of an absent file or data set as what a cell says."""
    what = error.name if isinstance(error, MissingFile) else "data"
    if isinstance(error, WrongFile):
        what = "the released file"
    # A loader process hands its error on with a traceback in the text.
    return Needs(what, str(error).rpartition("DataError: ")[2].strip())


def first_line(error: BaseException) -> str:
    """Of the message; "" if it has none."""
    return (str(error).splitlines() or [""])[0]
