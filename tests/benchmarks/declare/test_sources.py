"""Sourced values compute, compare, hash and print as the plain value."""

import copy
import json
import pickle
from dataclasses import replace

import pytest

from benchmarks.declare.sources import assumed, choices, cited, ledger, paper, plain
from benchmarks.declare.training import Adam
from benchmarks.papers.d2sm.denoising import TABLE1
from losses.l1 import L1


@pytest.mark.parametrize("value", [3, 0.1, "RGB", (0, 75)])
def test_sourced_value_is_the_value(value):
    wrapped = paper(value, "4.1")
    assert wrapped == value
    assert hash(wrapped) == hash(value)
    assert repr(wrapped) == repr(value)
    assert str(wrapped) == str(value)
    assert json.dumps(wrapped) == json.dumps(value)
    assert type(plain(wrapped)) is type(value)
    assert copy.deepcopy(wrapped).source.kind == "paper"
    assert pickle.loads(pickle.dumps(wrapped)) == value


def test_arithmetic_gives_plain_numbers():
    assert type(paper(2, "1") * 3) is int
    assert 0.5 * assumed(0.5, "why") == 0.25


def test_values_that_cannot_carry_a_source_are_refused():
    with pytest.raises(TypeError, match="float, int, str, tuple"):
        paper([1], "4.1")


def test_ledger_puts_assumptions_first_and_names_the_place():
    adam = Adam(lr=cited(1e-4, "README"), betas=paper((0.9, 0.999), "4.1"))
    objective = L1() + assumed(0.3, "a guess") * L1()
    found = ledger(adam, objective, adam)
    assert [c.source.kind for c in found] == ["assumed", "cited", "paper"]
    assert found[0].value == "0.3"
    assert found[1].where == "Adam.lr"


def test_replaced_fields_keep_other_sources():
    adam = replace(Adam(lr=cited(1e-4, "README")), weight_decay=0.1)
    assert [c.where for c in choices(adam)] == ["Adam.lr"]


def test_every_number_of_table1s_recipe_has_a_source():
    """Steps, batch, crop, rate, schedule, augmentation, weights and sizes of the terms."""
    places = {c.where for c in ledger(TABLE1)}
    wanted = {
        "Training.steps", "Training.batch", "Training.crop", "Training.augment", "Adam.lr",
        "MultiStep.milestones", "MultiStep.gamma", "D2SM.window", "D2SM.stride", "D2SM.queue",
        "Features.layers", "Asymmetric.alpha", "Contextual.bandwidth", "LPIPS.net", "Noisy.sigma",
    }  # fmt: skip
    assert wanted <= places
