"""Sourced values compute, compare, hash and print as the plain value."""

import copy
import json
import pickle
from dataclasses import replace

import pytest

from benchmarks.declare.sources import (
    Choice,
    Source,
    assumed,
    choices,
    cited,
    ledger,
    ledger_entries,
    paper,
    plain,
)
from benchmarks.declare.training import Adam, MultiStep
from benchmarks.grid.choice import LedgerEntry
from benchmarks.papers.d2sm.denoising import TABLE1
from losses.asymmetric import Asymmetric
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


def test_kind_and_note_are_those_of_the_function():
    sources = [paper(1, "4.1").source, cited(1, "README").source, assumed(1, "a guess").source]
    assert sources == [
        Source("paper", "4.1"),
        Source("cited", "README"),
        Source("assumed", "a guess"),
    ]


@pytest.mark.parametrize("value", [True, None, [1]])
def test_refusal_names_the_type(value):
    with pytest.raises(TypeError, match=f"not {type(value).__name__}$"):
        assumed(value, "why")


def test_plain_leaves_what_has_no_source():
    objective = L1()
    assert plain(objective) is objective
    assert plain(2.5) == 2.5


def test_a_choice_stands_where_its_field_is_declared():
    pair = (Adam(lr=cited(1e-4, "a")), {"x": [Adam(1, betas=paper((0.5, 0.9), "b"))]})
    assert list(choices(pair)) == [
        Choice("Adam.lr", "0.0001", Source("cited", "a")),
        Choice("Adam.betas", "(0.5, 0.9)", Source("paper", "b")),
    ]


def test_a_choice_in_a_container_stands_where_the_container_does():
    schedule = MultiStep(milestones=(paper(10, "a"), 20))
    assert [c.where for c in choices(schedule)] == ["MultiStep.milestones"]
    assert [c.where for c in choices([assumed("x", "b")], "Table.assumptions")] == [
        "Table.assumptions"
    ]
    assert [c.where for c in choices(assumed("x", "b"))] == [""]


def test_a_weight_bears_the_name_of_its_term():
    objective = L1() + paper(0.5, "4") * Asymmetric(alpha=cited(0.3, "CBDNet"))
    assert list(choices(objective, "nowhere")) == [
        Choice("weight of L_Asymmetric", "0.5", Source("paper", "4")),
        Choice("Asymmetric.alpha", "0.3", Source("cited", "CBDNet")),
    ]


def test_choices_tell_what_is_held_twice_and_the_ledger_does_not():
    adam = Adam(lr=cited(1e-4, "a"))
    assert len(list(choices((adam, adam)))) == 2
    assert ledger((adam, adam), adam) == list(choices(adam))


def test_ledger_keeps_the_declared_order_within_a_kind():
    made = [assumed(str(i), f"why {i}") for i in (2, 1, 3)]
    found = ledger([cited("x", "work"), *made, paper("y", "4"), cited("z", "work")])
    assert [c.value for c in found] == ["'2'", "'1'", "'3'", "'x'", "'z'", "'y'"]


def test_reports_get_the_ledger_in_words():
    (entry,) = ledger_entries(Adam(lr=cited(1e-4, "README")))
    assert entry == LedgerEntry("cited", "Adam.lr", "0.0001", "README")
