"""What is run of a row: its own training, what it starts from, sizes that follow the crop."""

from __future__ import annotations

from dataclasses import replace

import tiny
from declared import (
    DECLARED,
    SHORTENED,
    WARMING,
    Sized,
    profile,
    resolver,
    row,
    run_of,
    scaled_once,
    table,
)

from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, LastStep, Released, Run, network
from benchmarks.declare.table import NOT_TRAINED, Row
from benchmarks.declare.training import Best
from benchmarks.metrics.psnr import PSNR
from benchmarks.papers.d2sm.denoising import WITH_INTERNAL, WITHOUT_INTERNAL
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.profile import WarmUp
from benchmarks.profiles.registry import PROFILES
from benchmarks.profiles.resolve import Resolver
from losses.adversarial import Adversarial
from losses.d2sm import D2SM
from losses.feature_distillation import FeatureDistillation
from losses.l1 import L1
from losses.objective import Objective

WIDE = network(tiny.TinyDenoiser, width=12)
ROWS = [
    row("a", 1.0 * Sized("a")),
    row("b", L1() + 0.5 * Sized("b")),
    row("w", 3.0 * Sized("w"), WIDE),
    row("x", 1.0 * Sized("x"), WIDE),
]


def test_a_run_is_the_declared_one_in_the_profiles_training() -> None:
    run = run_of(resolver(), ROWS, 1, seed=7)
    assert run == Run(
        network=network(tiny.TinyDenoiser),
        objective=L1() + 0.5 * scaled_once("b", 8, 8),
        data=tiny.tiny_table().train,
        training=SHORTENED,
        seed=7,
    )


def test_every_term_is_scaled_once_by_crop_and_batch() -> None:
    """... of the training that is declared."""
    objective = 0.25 * Sized("a") + L1() + 3.0 * Sized("b")
    rows = [row("a", objective, recipe=replace(DECLARED, batch=16))]
    run = run_of(resolver(), rows, 0)
    once = (scaled_once("a", 8, 2), scaled_once("b", 8, 2))
    assert run.objective == 0.25 * once[0] + L1() + 3.0 * once[1]
    assert rows[0].objective == objective


def test_a_rows_own_recipe_is_what_is_shortened() -> None:
    own = replace(DECLARED, crop=128, augment="none")
    run = run_of(resolver(), [replace(ROWS[0], recipe=own)], 0)
    assert run.training == replace(SHORTENED, augment="none")
    assert run.objective == 1.0 * scaled_once("a", 2, 8)


def test_d2sm_has_its_windows_and_queues_for_the_smaller_crops() -> None:
    """A crop of 64 holds two cells of conv5 of the window's 224/512: 32, and 25 of them."""
    rows = [row("w/", WITH_INTERNAL), row("w/o", WITHOUT_INTERNAL)]
    ((_, inside),) = run_of(resolver(), rows, 0).objective.terms  # type: ignore[union-attr]
    ((_, whole),) = run_of(resolver(), rows, 1).objective.terms  # type: ignore[union-attr]
    assert isinstance(inside, D2SM)
    assert isinstance(whole, D2SM)
    assert (inside.window, inside.stride, inside.queue) == (32, 8, 100)  # four images of 25
    assert (whole.window, whole.stride, whole.queue) == (None, None, 32)  # of 256, four batches
    assert {(term.crop, term.batch) for term in (inside, whole)} == {(64, 8)}


def test_a_timed_training_is_shortened_as_a_row_is() -> None:
    declared = Run(WIDE, L1() + 2.0 * Sized("t"), tiny.tiny_table().train, DECLARED, 3)
    assert resolver(WARMING).shortened(declared) == replace(
        declared, objective=L1() + 2.0 * scaled_once("t", 8, 8), training=SHORTENED
    )


def test_rows_of_a_network_share_a_warm_up_with_the_first_rows_objective() -> None:
    first, second = (run_of(resolver(WARMING), ROWS, at, seed=4) for at in (0, 1))
    shared = Run(
        network=network(tiny.TinyDenoiser),
        objective=1.0 * scaled_once("a", 4, 4),
        data=tiny.tiny_table().train,
        training=WARMING,
        seed=4,
    )
    assert first.start == second.start == shared
    assert first.objective == 1.0 * scaled_once("a", 8, 8)


def test_another_network_warms_up_with_its_own_first_objective() -> None:
    """Even if only the arguments differ."""
    (w, x) = (run_of(resolver(WARMING), ROWS, at).start for at in (2, 3))
    assert isinstance(w, Run)
    assert w == x
    assert (w.network, w.objective) == (WIDE, 3.0 * scaled_once("w", 4, 4))


def test_rows_without_a_network_or_an_objective_lead_no_warm_up() -> None:
    rows = [
        Row("gap", None, L1(), "1 2"),
        row("noisy", None, role="input"),
        *ROWS[:2],
    ]
    start = run_of(resolver(WARMING), rows, 3).start
    assert isinstance(start, Run)
    assert start.objective == 1.0 * scaled_once("a", 4, 4)


def test_a_table_may_name_the_objective_of_its_warm_up() -> None:
    for warm_up in (Sized("table"), 1.0 * Sized("table")):
        start = run_of(resolver(WARMING), ROWS, 3, warm_up=warm_up).start
        assert isinstance(start, Run)
        assert start.objective == 1.0 * scaled_once("table", 4, 4)


def test_a_warm_up_may_change_the_networks_beginning() -> None:
    other = network(tiny.TinyDenoiser, width=3)
    warming = replace(profile(), warm_up=lambda run: WarmUp(other, WARMING))
    run = run_of(Resolver(warming, lambda name: False), ROWS, 2)
    assert isinstance(run.start, Run)
    assert (run.network, run.start.network) == (WIDE, other)


def test_a_row_starts_from_the_row_that_it_names() -> None:
    """... which starts from the warm-up, in its place."""
    rows = [ROWS[0], row("c", L1(), start=ROWS[0])]
    rows.append(row("d", L1(), start=rows[1]))
    last = run_of(resolver(WARMING), rows, 2, seed=6)
    middle = run_of(resolver(WARMING), rows, 1, seed=6)
    first = run_of(resolver(WARMING), rows, 0, seed=6)
    assert (last.start, middle.start) == (middle, first)
    assert (last.objective, last.training) == (1.0 * L1(), SHORTENED)
    assert isinstance(first.start, Run)
    assert first.start.training == WARMING
    assert run_of(resolver(), rows, 1).start == run_of(resolver(), rows, 0)


def test_a_teacher_is_the_training_of_its_row() -> None:
    """... under the profile and with the same seed, for every row that learns from it."""
    teacher = row("teacher", L1(), WIDE)
    students = [row(name, L1() + FeatureDistillation(teacher, ("body.1",))) for name in "st"]
    tapped = [replace(s, model=network(tiny.TinyDenoiser).tapped("body.1")) for s in students]
    rows = [teacher, *tapped]
    taught = run_of(resolver(WARMING), rows, 0, seed=5)
    for at in (1, 2):
        objective = run_of(resolver(WARMING), rows, at, seed=5).objective
        assert isinstance(objective, Objective)
        _, (_, term) = objective.terms
        assert isinstance(term, FeatureDistillation)
        assert term.teacher == taught
    assert taught.training == SHORTENED
    assert isinstance(taught.start, Run)


def test_rows_of_a_table_that_asks_for_it_start_from_scratch() -> None:
    """... for as long as the start would have taken, where the profile allows it."""
    long = run_of(resolver(WARMING, from_scratch=True), ROWS, 1, seed=4, from_scratch=True)
    assert (long.start, long.training) == (None, WARMING)
    assert long.objective == L1() + 0.5 * scaled_once("b", 4, 4)
    for profile_allows, table_asks in ((True, False), (False, True)):
        found = run_of(
            resolver(WARMING, from_scratch=profile_allows), ROWS, 1, from_scratch=table_asks
        )
        assert found.training == SHORTENED
        assert isinstance(found.start, Run)


def test_a_row_from_scratch_begins_as_a_shared_start_would() -> None:
    """... with its initialisation, and hands out the same layers as declared."""
    declared = network(tiny.TinyDenoiser).tapped("body.1")
    begun = WarmUp(network(tiny.TinyDenoiser, width=7), WARMING)
    scratch = replace(profile(from_scratch=True), warm_up=lambda run: begun)
    run = run_of(
        Resolver(scratch, lambda name: False), [row("a", L1(), declared)], 0, from_scratch=True
    )
    assert run.network == begun.network.tapped("body.1")


def test_networks_that_are_too_large_for_a_profile_are_narrowed_wherever_they_are() -> None:
    """... as a row's network, as its start, and inside its objective; other arguments stay."""
    narrow = {tiny.TinyDenoiser: {"width": 3}}
    declared = network(tiny.TinyDenoiser, width=9).tapped("body.1")
    critic = Adversarial(network(tiny.TinyDenoiser), lr=1.0)
    run = run_of(resolver(WARMING, narrow=narrow), [row("a", L1() + critic, declared)], 0)
    assert run.network == network(tiny.TinyDenoiser, width=3).tapped("body.1")
    assert isinstance(run.start, Run)
    assert run.start.network.arguments == (("width", 3),)
    assert isinstance(run.objective, Objective)
    assert run.objective.terms[1][1] == replace(
        critic, discriminator=network(tiny.TinyDenoiser, width=3)
    )
    wide = run_of(resolver(WARMING), [row("a", L1(), declared)], 0)
    assert wide.network == declared


def test_a_long_training_chooses_its_weights_as_the_declared_one_does() -> None:
    best = Best(PSNR(), tiny.tiny_table().train, every=100, evaluation=Evaluation())
    rows = [row("b", L1(), recipe=replace(DECLARED, keep=best))]
    run = run_of(resolver(WARMING, from_scratch=True), rows, 0, from_scratch=True)
    assert run.training == replace(WARMING, keep=replace(best, every=6))


def test_a_row_of_the_last_step_is_the_same_training() -> None:
    best = Best(PSNR(), tiny.tiny_table().train, every=100, evaluation=Evaluation())
    kept = row("b", L1(), recipe=replace(DECLARED, keep=best))
    rows = [kept, replace(kept, label="b, last step", last_step=True)]
    found = [resolver().run(table(rows), each, 3) for each in rows]
    assert found[1] == LastStep(found[0])  # type: ignore[arg-type]


def test_released_weights_are_what_a_row_runs_on() -> None:
    released = Released(WIDE, "tiny.pth", "abc")
    rows = [row("r", L1(), released=released)]
    assert resolver(WARMING).run(table(rows), rows[0], 0) is released


def test_a_row_with_nothing_to_train_is_its_network() -> None:
    rows = [row("noisy", None, WIDE, role="input")]
    untrained = table(rows, protocol=NOT_TRAINED)
    assert resolver(WARMING).run(untrained, rows[0], 0) == Fixed(WIDE)


def test_no_profile_changes_a_table_of_released_weights() -> None:
    tables = [t for t in TABLES.values() if t.released]
    assert tables
    for name, found in PROFILES.items():
        resolving = Resolver(found, lambda file: False)
        for exhibit in tables:
            for column in exhibit.columns:  # type: ignore[attr-defined]
                assert resolving.column(exhibit, column) is column, name  # type: ignore[arg-type]
            for _, declared in exhibit.rows():  # type: ignore[attr-defined]
                provider = resolving.run(exhibit, declared, 0)  # type: ignore[arg-type]
                assert provider is declared.released
