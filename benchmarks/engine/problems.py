"""Why a number could not be made; what is absent is a `DataError`."""

from __future__ import annotations

import traceback

import torch

from benchmarks.engine.progress import say
from benchmarks.engine.store import RunFolder


class Failed(Exception):  # noqa: N818
    """A run or a score could not be made; the traceback lies in its folder."""


def first_line(error: BaseException) -> str:
    """Returns the first line of the error's message, "" where it has no message."""
    return (str(error).splitlines() or [""])[0]


def recorded(error: Exception, folder: RunFolder, name: str, label: str) -> Failed:
    """Write an error with its traceback into a run's folder, say so, and give it as `Failed`."""
    short = f"{type(error).__name__}: {first_line(error)}"
    lines = traceback.format_exception(error)
    # The frames hold network, optimiser and batch: let go of them, or what comes after an
    # out-of-memory error meets the same.
    traceback.clear_frames(error.__traceback__)
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    folder.write_json(name, {"error": short, "traceback": lines})
    say(f"{label}: failed: {short}; traceback in {folder.path / name}")
    return Failed(short)


def drop_frames(error: Exception) -> None:
    """Let an error that is kept hold no frames, and with them no loader and no images."""
    error.__cause__ = error.__context__ = error.__traceback__ = None
