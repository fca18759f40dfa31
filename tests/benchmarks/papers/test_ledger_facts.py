"""What the ledgers say, held against the declarations and against what the papers print."""

import re

import pytest
import torch
from published import read

from benchmarks.declare.sources import choices, ledger
from benchmarks.papers.d2sm import denoising
from benchmarks.papers.registry import TABLES
from losses.d2sm import sliding_windows


def said(table, word):
    """The only entry of a table's ledger whose value has a word."""
    (choice,) = {choice for choice in ledger(TABLES[table]) if word in choice.value}
    return choice


def numbers(text):
    return {int(number) for number in re.findall(r"\d+", text)}


@pytest.mark.parametrize("table", ["d2sm_table1", "d2sm_table4"])
def test_d2sm_ledger_counts_the_windows_that_are_compared(table):
    term = denoising.WITH_INTERNAL
    crop = torch.zeros(1, 1, term.crop, term.crop)
    live = sliding_windows(crop, int(term.window), int(term.stride)).shape[1]
    choice = said(table, "D2SM compares")
    assert {live, int(term.queue) - live} <= numbers(choice.value)
    assert (term.queue - live) % live == 0  # whole images: "the three before it"
    assert "DeepSemanticTransfer" in choice.source.note


@pytest.mark.parametrize("trained", [denoising.SEGMENTER.smoke, denoising.SEGMENTER.lite[-1]])
def test_schedules_of_the_judges_bear_their_origin(trained):
    schedule = trained.training.schedule
    assert {choice.where for choice in choices(schedule)} == {
        "MultiStep.milestones",
        "MultiStep.gamma",
    }


def printed_weights(source):
    """The weights that a table of PDL prints, by its number in a note of the ledger."""
    file = f"pdl_v1_table{source[-1]}" if source[-1].isdigit() else f"pdl_v2_table{source[6:]}"
    found = [re.findall(r"0\.\d+", f"{r['label_printed']} {r['lambda']}") for r in read(file)]
    return {float(weight) for weights in found for weight in weights}


PDL_TABLES = [name for name in TABLES if name.startswith("pdl_")]


@pytest.mark.parametrize("name", PDL_TABLES)
def test_weights_that_a_table_is_said_to_print_are_printed_there(name):
    for choice in ledger(TABLES[name]):
        number = re.search(r"Table \w+", choice.source.note)
        if choice.source.kind == "paper" and choice.where.startswith("weight") and number:
            assert float(choice.value) in printed_weights(number.group()), choice
