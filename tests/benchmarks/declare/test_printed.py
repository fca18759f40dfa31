"""The notation in which printed numbers are declared."""

import pytest

from benchmarks.declare.printed import PrintedNumber, read_numbers


def test_number_carries_rank_bold_and_mark():
    assert read_numbers("**36.454**(1) .925(6) | - .3366(2)* **27.18** 1.0") == [
        PrintedNumber("36.454", 1, bold=True),
        PrintedNumber("0.925", 6),
        PrintedNumber("-"),
        PrintedNumber("0.3366", 2, mark="*"),
        PrintedNumber("27.18", bold=True),
        PrintedNumber("1.0"),
    ]


@pytest.mark.parametrize("word", ["**1.5", "1.5**", "1.5(", "1.5(a)", "(1)", "1.5*(1)"])
def test_what_is_no_printed_number_is_refused(word):
    with pytest.raises(ValueError, match="is not a printed number"):
        read_numbers(f"1.0 {word}")
