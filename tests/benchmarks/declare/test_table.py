"""A table that contradicts itself is refused when it is declared."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from benchmarks.declare.table import DeclarationError, Row
from benchmarks.papers.d2sm import TABLE1, TABLE4
from losses.cross_entropy import CrossEntropy
from losses.l1 import L1
from losses.total_variation import TotalVariation

GOLDEN = Path(__file__).parents[2] / "golden" / "published"


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


@pytest.mark.parametrize(("table", "shape"), [(TABLE1, (14, 9)), (TABLE4, (5, 3))])
def test_declared_numbers_are_the_published_ones(table, shape):
    """Cell by cell against the transcription, in order."""
    with open(GOLDEN / f"{table.name}.csv") as file:
        golden = [
            [v for k, v in line.items() if k.split("_")[0] in ("PSNR", "SSIM", "MIoU")
             and not k.endswith(("rank", "bold"))]
            for line in csv.DictReader(file)
        ]  # fmt: skip
    declared = [row.numbers for _, row in table.rows()]
    assert declared == golden
    assert (len(declared), len(declared[0])) == shape
