"""A table that contradicts itself is refused when it is declared."""

from dataclasses import replace
from typing import ClassVar

import pytest
import tiny
from torch import nn

from baselines.pass_through import PassThrough
from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.runs import Released, network
from benchmarks.declare.table import NOT_TRAINED, Row, Table, row_run
from losses.cross_entropy import CrossEntropy
from losses.l1 import L1
from losses.l2 import L2
from losses.total_variation import TotalVariation

DENOISER = network(tiny.TinyDenoiser)


class Estimator(nn.Module):
    """Takes what only noisy data have, and gives what total variation needs."""

    inputs: ClassVar[tuple[str, ...]] = ("input", "sigma", "mask", "depth")
    outputs: ClassVar[tuple[str, ...]] = ("pred", "noise_level")


class Careful(Estimator):
    inputs: ClassVar[tuple[str, ...]] = ("input", "sigma")


class Unlabelled:
    provides = ("image",)


UNLABELLED = replace(tiny.tiny_table().train, data=Unlabelled())


def refused(row, **changes):
    """What is said of a tiny table with this row."""
    with pytest.raises(DeclarationError) as raised:
        replace(tiny.tiny_table(), groups={"Tiny": [row]}, **changes)
    return str(raised.value)


def test_wrong_count_of_numbers_is_refused():
    for numbers, count in (("1 2 3", 3), ("1", 1), ("", 0)):
        said = refused(Row("x", tiny.TinyDenoiser, L1(), numbers))
        assert said == f"tiny, Tiny, row 'x': {count} printed numbers for 2 columns"


def test_a_group_without_the_base_row_is_refused():
    said = refused(Row("x", tiny.TinyDenoiser, L1(), "1 2"), base="as declared")
    assert said == "tiny, Tiny: has no row 'as declared'"


def test_what_is_no_number_is_refused_with_its_place():
    said = refused(Row("x", None, None, "1.5( 2"))
    assert said.startswith("tiny, Tiny, row 'x': '1.5(' is not a printed number")


def test_an_objective_without_data_to_train_on_is_refused():
    said = refused(Row("x", tiny.TinyDenoiser, L1(), "1 2"), train=None)
    assert said == "tiny, Tiny, row 'x': has an objective, but the table no training data"


def test_every_row_of_every_group_is_checked():
    rows = tiny.tiny_table().groups["Tiny"]
    with pytest.raises(DeclarationError, match="tiny, Last, row 'odd'"):
        replace(
            tiny.tiny_table(),
            groups={"Tiny": rows, "Last": [rows[0], Row("odd", None, None, "1")]},
        )


def test_objective_that_needs_what_nothing_gives_is_refused():
    said = refused(Row("x", tiny.TinyDenoiser, L1() + TotalVariation(), "1 2"))
    assert said == (
        "tiny, Tiny, row 'x': the objective needs 'noise_level'; the data and the network give "
        "input, labels, pred, sigma, target"
    )


def test_all_that_an_objective_lacks_is_named():
    row = Row("x", tiny.TinyDenoiser, TotalVariation() + CrossEntropy(None), "1 2")
    assert "needs 'noise_level', 'labels'; the data" in refused(row, train=UNLABELLED)


def test_labels_are_there_if_the_data_has_them():
    row = Row("x", tiny.TinyDenoiser, L1() + CrossEntropy(None), "1 2")
    assert replace(tiny.tiny_table(), groups={"Tiny": [row]}).rows() == [("Tiny", row)]
    assert "needs 'labels'" in refused(row, train=UNLABELLED)


def test_outputs_of_the_network_serve_its_objective():
    row = Row("x", Careful, L1() + TotalVariation(), "1 2")
    assert replace(tiny.tiny_table(), groups={"Tiny": [row]}).rows() == [("Tiny", row)]


def test_network_that_takes_what_nothing_gives_is_refused():
    said = refused(Row("x", Estimator, L1(), "1 2"))
    assert said == "tiny, Tiny, row 'x': the network takes 'mask', 'depth'"


def test_row_without_objective_or_weights_is_refused():
    said = refused(Row("x", tiny.TinyDenoiser, None, "1 2"))
    assert said == "tiny, Tiny, row 'x': needs an objective or released weights"


def test_method_that_has_nothing_to_learn_needs_no_objective():
    row = Row("x", PassThrough, None, "1 2")
    assert not replace(tiny.tiny_table(), groups={"Tiny": [row]}).rows()[0][1].trained


@pytest.mark.parametrize("role", ["input", "reference", "best"])
def test_rows_that_are_no_method_need_no_objective(role):
    row = Row("x", tiny.TinyDenoiser, None, "1 2", role=role)
    assert not replace(tiny.tiny_table(), groups={"Tiny": [row]}).rows()[0][1].trained


def test_released_weights_need_no_objective():
    released = Released(DENOISER, "tiny.pth", "")
    row = Row("x", tiny.TinyDenoiser, None, "1 2", released=released)
    table = replace(tiny.tiny_table(), groups={"Tiny": [row]}, train=None, protocol=NOT_TRAINED)
    assert not table.rows()[0][1].trained


def test_row_without_a_network_needs_nothing_else():
    table = tiny.tiny_table([Row("x", None, None, "1 2"), *tiny.tiny_table().groups["Tiny"]])
    assert [row.implemented for _, row in table.rows()] == [False, True, True, True]
    with pytest.raises(DeclarationError, match="row 'x': its network is not implemented"):
        _ = table.rows()[0][1].network


def test_network_of_a_row_is_its_class_or_as_it_is_declared():
    wide = network(tiny.TinyDenoiser, width=4)
    assert Row("x", tiny.TinyDenoiser, L1(), "").network == DENOISER
    assert Row("x", wide, L1(), "").network is wide


def test_training_of_a_row_is_its_own_or_the_tables():
    table = tiny.tiny_table()
    own = replace(tiny.TRAINING, steps=7)
    plain = table.groups["Tiny"][0]
    assert table.training(plain) is tiny.TRAINING
    assert table.training(replace(plain, recipe=own)) is own
    untrained = replace(table, protocol=NOT_TRAINED)
    assert untrained.training(replace(plain, recipe=own)) is own
    with pytest.raises(DeclarationError, match="tiny, row 'L_1': no training is declared"):
        untrained.training(plain)


def test_run_of_a_row_is_what_it_declares():
    table = tiny.tiny_table()
    own = replace(tiny.TRAINING, steps=7)
    run = row_run(table, replace(table.groups["Tiny"][0], recipe=own), 3)
    assert (run.network, run.objective, run.seed) == (DENOISER, 1.0 * L1(), 3)
    assert (run.data, run.training, run.start) == (table.train, own, None)


def test_sum_and_single_term_are_both_objectives():
    table = tiny.tiny_table()
    row = replace(table.groups["Tiny"][0], objective=L1() + 0.5 * L2())
    assert row_run(table, row, 0).objective is row.objective


def test_a_row_with_nothing_to_train_has_no_run():
    row = Row("x", tiny.TinyDenoiser, None, "1 2", role="input")
    with pytest.raises(DeclarationError, match="tiny, row 'x': nothing to train"):
        row_run(tiny.tiny_table(), row, 0)


def test_a_table_is_not_trained_and_not_ranked_unless_it_says_so():
    table = Table(name="t", source="s", caption="c", columns=(), groups={})
    assert (table.protocol.training, table.rank_within, table.released) == (None, None, False)
    assert table.headers == ("Method (backbone)", "Objective")
