"""Progress with the time that is left: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time

from tqdm import tqdm


def clock(seconds: float) -> str:
    """A time in words, such as `7 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


class Progress:
    """One piece of work of known length.

    quiet_for: seconds between two plain lines where there is no terminal.
    """

    def __init__(self, label: str, unit: str, quiet_for: float = 30.0):
        self.label = label
        self.unit = unit
        self.quiet_for = quiet_for
        self.bar: tqdm | None = None
        self.begun = self.told = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, total: int) -> None:
        """Tell that `done` of `total` are done."""
        if self.first is None:
            self.first = done - 1
            if sys.stderr.isatty():
                self.bar = tqdm(
                    total=total, initial=self.first, desc=self.label, unit=self.unit, leave=False
                )
        if self.bar is not None:
            self.bar.update(done - self.bar.n)
            return
        now = time.monotonic()
        if now - self.told >= self.quiet_for and done < total:
            left = (now - self.begun) / (done - self.first) * (total - done)
            say(f"{self.label}: {done}/{total} {self.unit}s, about {clock(left)} left")
            self.told = now

    @property
    def seconds(self) -> float:
        """Seconds since the beginning of the work."""
        return time.monotonic() - self.begun

    def close(self) -> None:
        """Remove the progress bar."""
        if self.bar is not None:
            self.bar.close()


def say(message: str) -> None:
    """Print a line on stderr that does not tear a progress bar."""
    tqdm.write(message, file=sys.stderr)
    sys.stderr.flush()
