"""What is told while something is made, and when."""

import sys

import pytest

from benchmarks.engine import progress as module
from benchmarks.engine.progress import Progress, clock, say


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (7.4, "7 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (60, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (7500, "2 h 05 min"),
        (100 * 3600 + 59 * 60, "100 h 59 min"),
    ],
)
def test_time_in_words(seconds, text):
    assert clock(seconds) == text


class Clock:
    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def time(monkeypatch):
    found = Clock()
    monkeypatch.setattr(module, "time", found)
    return found


def test_plain_lines_come_rarely_and_tell_the_time_that_is_left(time, capsys):
    progress = Progress("L_1", "step")
    told = []
    for done in range(1, 101):
        time.now += 2.0
        progress(done, 100)
        told += [(done, line) for line in capsys.readouterr().err.splitlines()]
    assert told[:2] == [
        (15, "L_1: 15/100 steps, about 2 min 50 s left"),
        (30, "L_1: 30/100 steps, about 2 min 20 s left"),
    ]
    assert [done for done, _ in told] == [15, 30, 45, 60, 75, 90]


def test_time_that_is_left_counts_from_where_a_resumed_run_began(time, capsys):
    progress = Progress("L_1", "step", quiet_for=10.0)
    time.now += 5.0
    progress(51, 100)
    time.now += 5.0
    progress(52, 100)
    assert capsys.readouterr().err == "L_1: 52/100 steps, about 4 min 00 s left\n"


def test_the_end_needs_no_line(time, capsys):
    progress = Progress("L_1", "step")
    time.now += 100.0
    progress(100, 100)
    progress.close()
    assert capsys.readouterr().err == ""
    assert progress.seconds == 100.0


class Terminal:
    def __init__(self):
        self.written = ""

    def isatty(self):
        return True

    def write(self, text):
        self.written += text

    def flush(self):
        pass


def test_terminal_has_a_bar_that_goes_away(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    progress = Progress("L_1", "step")
    progress(3, 10)
    bar = progress.bar
    assert (bar.n, bar.total, bar.initial, bar.desc, bar.unit) == (3, 10, 2, "L_1", "step")
    progress(7, 10)
    assert bar.n == 7
    progress.close()
    assert bar.disable
    assert "L_1" in terminal.written
    assert not terminal.written.rpartition("\r")[2].strip()
    assert "left" not in terminal.written


def test_lines_go_to_stderr(capsys):
    say("a word")
    assert capsys.readouterr() == ("", "a word\n")
