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


def test_rank_is_read_as_a_number_and_a_mark_needs_none():
    assert read_numbers("1.5(12) 1.5* **.5**(3)*") == [
        PrintedNumber("1.5", 12),
        PrintedNumber("1.5", mark="*"),
        PrintedNumber("0.5", 3, bold=True, mark="*"),
    ]


def test_a_bar_separates_as_a_space_does():
    assert read_numbers("1|2 |3") == [PrintedNumber("1"), PrintedNumber("2"), PrintedNumber("3")]
    assert read_numbers("") == read_numbers(" | ") == []


def test_only_a_missing_zero_is_added():
    assert [n.text for n in read_numbers(".5 0.5 10.5 5. -1.5 >30M")] == [
        "0.5", "0.5", "10.5", "5.", "-1.5", ">30M"
    ]  # fmt: skip


@pytest.mark.parametrize("word", ["**1.5", "1.5**", "1.5(", "1.5(a)", "(1)", "1.5*(1)", "***"])
def test_what_is_no_printed_number_is_refused(word):
    with pytest.raises(ValueError, match="is not a printed number") as raised:
        read_numbers(f"1.0 {word}")
    assert repr(word) in str(raised.value)
