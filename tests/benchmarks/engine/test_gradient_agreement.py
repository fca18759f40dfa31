"""The table of docs/precision.md: every kind of row is in it, and agrees as well as it says."""

from pathlib import Path

import pytest
from gradients import Agreement, agreement, gradient, rows

PAGE = Path(__file__).resolve().parents[3] / "docs" / "precision.md"
ROWS = rows()

# Kernels for bfloat16 differ from processor to processor.
SLACK = 0.02


def printed():
    """The page's numbers by row."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if ": " in line]
    cells = [line.strip("| ").rsplit(" | ", 3) for line in lines if line.startswith("| ")]
    return {name: Agreement(*map(float, numbers)) for name, *numbers in cells if numbers}


def test_page_has_every_kind_of_row():
    assert list(printed()) == list(ROWS)


@pytest.mark.parametrize(
    "name",
    [
        "d2sm_table1: FFDNet / L_1",
        "d2sm_table1: FFDNet / + L_Contextual",
        "d2sm_table1: FFDNet / w/o. Internal",
        "d2sm_table1: SADNet / -",
        "pdl_table4: PDL / 0.003",
        "stft_table1a: EDSR / + L_feat",
    ],
)
def test_gradient_in_bfloat16_agrees_as_the_page_says(tmp_path, name):
    found = agreement(ROWS[name], "bf16", tmp_path)
    said = printed()[name]
    assert said.cosine >= 0.98
    assert found.cosine >= said.cosine - SLACK
    assert 0 < found.error < said.error + 0.05


def test_a_gradient_in_float32_is_the_same_twice(tmp_path):
    """So what differs in another precision differs by it."""
    run = ROWS["d2sm_table1: FFDNet / + L_Contextual"]
    assert gradient(run, "float32", tmp_path).equal(gradient(run, "tf32", tmp_path))
