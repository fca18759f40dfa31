"""A table that contradicts itself is refused when it is declared."""

from dataclasses import replace

import pytest
import tiny

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.table import Row
from losses.cross_entropy import CrossEntropy
from losses.l1 import L1
from losses.total_variation import TotalVariation


def test_wrong_count_of_numbers_is_refused():
    with pytest.raises(DeclarationError, match="row 'x': 3 printed numbers for 2 columns"):
        tiny.tiny_table([Row("x", tiny.TinyDenoiser, L1(), "1 2 3")])


def test_objective_that_needs_what_nothing_gives_is_refused():
    with pytest.raises(DeclarationError, match=r"needs 'noise_level'.*input, labels, pred"):
        tiny.tiny_table([Row("x", tiny.TinyDenoiser, L1() + TotalVariation(), "1 2")])


def test_labels_are_there_if_the_data_has_them():
    table = tiny.tiny_table()
    row = Row("x", tiny.TinyDenoiser, L1() + CrossEntropy(None), "1 2")
    assert replace(table, groups={"Tiny": [row]}).rows()


def test_row_without_objective_or_weights_is_refused():
    with pytest.raises(DeclarationError, match="needs an objective or released weights"):
        tiny.tiny_table([Row("x", tiny.TinyDenoiser, None, "1 2")])


def test_row_without_a_network_needs_nothing_else():
    table = tiny.tiny_table([Row("x", None, None, "1 2"), *tiny.tiny_table().groups["Tiny"]])
    assert [row.implemented for _, row in table.rows()][:2] == [False, True]
    assert table.runnable == table.cells - len(table.columns)
    with pytest.raises(DeclarationError, match="not implemented"):
        _ = table.rows()[0][1].network
