"""Errors in one line."""

import pytest

from benchmarks.engine.problems import first_line


@pytest.mark.parametrize(
    ("message", "line"), [("one\ntwo", "one"), ("one", "one"), ("", ""), ("\ntwo", "")]
)
def test_first_line_of_an_error(message, line):
    assert first_line(RuntimeError(message)) == line


def test_error_without_a_message_has_an_empty_line():
    assert first_line(RuntimeError()) == ""
