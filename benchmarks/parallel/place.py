"""Where jobs run: what a driver asks of a place, and what it gets back from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

GRACE = 30.0  # seconds from the request to end with a checkpoint to the kill


class PlaceLost(Exception):  # noqa: N818 - a state of the place, told to the driver
    """A place is gone, and with it all that ran there; the message is one line."""


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    status: its exit status; negative: the signal that ended it, as subprocess has it.
    told: the end of its stderr, at most a few thousand characters.
    """

    status: int
    told: str


class Child(Protocol):
    """A job that was started."""

    @property
    def where(self) -> str:
        """Where it runs, for people: `here, GPU 3`, `node gpu07`."""

    def ended(self) -> Ended | None:
        """How it ended, None while it runs; returns within a moment.

        Whatever happened to the machine that it ran on is an end with a status that is not 0.

        Raises:
            PlaceLost: the whole place is gone.
        """

    def stop(self) -> None:
        """Ask it to end with a checkpoint, and return at once.

        What still runs after the grace of its place is killed when `ended` or `close` look.
        """


class Place(Protocol):
    """What jobs run in."""

    def room(self) -> int:
        """How many more jobs could start now."""

    def start(self, command: Sequence[str]) -> Child:
        """Start a job in a process of its own; it computes in the present working directory.

        Where another driver was quicker to take the room, the child has ended with status 75.

        Args:
            command: script and arguments; the script's path is relative to the repository's root.

        Raises:
            OSError: the process cannot be started.
        """

    def close(self) -> None:
        """End everything that was started; no process is left. It may be called again."""
