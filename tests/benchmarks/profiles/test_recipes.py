"""A profile's line for a network: what it replaces, and that there is one for every network."""

from __future__ import annotations

import inspect
from dataclasses import replace

import pytest
import tiny
from declared import DECLARED, SHORT, SHORTENED, row, table, trained, training_of

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.runs import Released, Run, network
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Row, Table, row_run
from benchmarks.declare.training import Adam, MultiStep, Training
from benchmarks.papers.registry import TABLES
from benchmarks.profiles import lite, smoke
from benchmarks.profiles.profile import Begin, Profile, recipe_for
from benchmarks.profiles.registry import PROFILES
from benchmarks.profiles.resolve import Resolver
from losses.l1 import L1

RUNNABLE = {n: t for n, t in TABLES.items() if t.runnable and not t.released}
SHORT_PROFILES = [profile for profile in PROFILES.values() if profile.substitutes]


def made(profile: Profile, exhibit: Table | Speed) -> list[Run]:
    """All trainings of an exhibit in a profile."""
    resolver = Resolver(profile, lambda name: False)
    if isinstance(exhibit, Speed):
        return [resolver.shortened(run) for run in exhibit.runs().values()]
    runs = [resolver.run(exhibit, row, 0) for row in trained(exhibit)]
    assert all(isinstance(run, Run) for run in runs)
    return runs  # type: ignore[return-value]


def test_a_short_training_replaces_steps_batch_crop_and_rate_alone() -> None:
    assert SHORT.of(DECLARED) == SHORTENED
    assert SHORT.of(replace(DECLARED, steps=100)).schedule == DECLARED.schedule


def test_a_recipe_is_found_by_class_whatever_the_arguments() -> None:
    wide = network(tiny.TinyDenoiser, width=99)
    recipes = {tiny.TinyCritic: "no", tiny.TinyDenoiser: "yes"}
    assert recipe_for(wide, recipes, "lite.py") == "yes"


def test_a_missing_recipe_is_named_with_the_file_that_wants_it() -> None:
    with pytest.raises(DeclarationError) as raised:
        recipe_for(network(tiny.TinyDenoiser), {tiny.TinyCritic: "no"}, "/src/lite.py")
    wanted = "/src/lite.py has no line for TinyDenoiser: add `TinyDenoiser: ...` to its RECIPES"
    assert str(raised.value).startswith(wanted)


@pytest.mark.parametrize("name", ["smoke", "lite"])
def test_a_network_without_a_line_stops_its_profile(name: str) -> None:
    rows = [row("x", L1())]
    resolver = Resolver(PROFILES[name], lambda file: False)
    with pytest.raises(DeclarationError, match=rf"profiles/{name}\.py has no line for TinyD"):
        resolver.run(table(rows), rows[0], 0)


def test_a_network_without_a_line_has_no_warm_up() -> None:
    with pytest.raises(DeclarationError, match=r"profiles/smoke\.py has no line for TinyD"):
        smoke.warm_up(training_of(network(tiny.TinyDenoiser)))


def test_smoke_trains_by_its_line_from_a_warm_up_with_two_falls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = Begin(200, 4, 16, 0.125, (("width", 6),))
    monkeypatch.setitem(smoke.RECIPES, tiny.TinyDenoiser, (begin, SHORT))
    declared = network(tiny.TinyDenoiser, width=4)
    rows = [row("x", L1(), declared)]
    run = Resolver(smoke.SMOKE, lambda file: False).run(table(rows), rows[0], 5)
    assert isinstance(run, Run)
    assert (run.network, run.training, run.seed) == (
        declared,
        replace(SHORTENED, threads=2),
        5,
    )
    start = run.start
    assert isinstance(start, Run)
    assert start.network == network(tiny.TinyDenoiser, width=6)
    assert start.training == Training(
        steps=200,
        batch=4,
        crop=16,
        optimizer=Adam(0.125),
        schedule=MultiStep((140, 180), 0.3),
        augment="flips_transpose",
        threads=2,
    )
    assert (start.seed, start.start, start.objective) == (5, None, 1.0 * L1())


def test_warm_up_keeps_the_arguments_that_it_does_not_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(smoke.RECIPES, tiny.TinyDenoiser, (Begin(15, 1, 8, 1.0), SHORT))
    declared = network(tiny.TinyDenoiser, width=4)
    warm_up = smoke.warm_up(training_of(declared))
    assert warm_up.network == declared
    assert warm_up.training.schedule.milestones == (10, 13)


@pytest.mark.parametrize("architecture", smoke.RECIPES, ids=lambda kind: kind.__name__)
def test_a_warm_up_changes_arguments_that_the_network_has(architecture: type) -> None:
    begun = smoke.warm_up(training_of(network(architecture))).network
    assert begun.architecture is architecture
    assert {name for name, _ in begun.arguments} <= set(inspect.signature(architecture).parameters)


RELEASED = Released(network(tiny.TinyDenoiser), "tiny.pth", "")
BEGIN = Begin(200, 4, 16, 0.125, released=RELEASED)


def in_lite(there: str, rows: list[Row], monkeypatch: pytest.MonkeyPatch) -> list[Run]:
    """The rows in lite, where the network begins by BEGIN and one file is there."""
    monkeypatch.setitem(lite.RECIPES, tiny.TinyDenoiser, (BEGIN, SHORT))
    resolving = Resolver(lite.LITE, lambda file: file == there)
    return [resolving.run(table(rows), row, 5) for row in rows]  # type: ignore[misc]


def test_lite_starts_from_released_weights_where_they_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [row("x", L1()), row("y", 2.0 * L1())]
    for run, declared in zip(in_lite("tiny.pth", rows, monkeypatch), rows, strict=True):
        as_declared = row_run(table(rows), declared, 5)
        assert run == replace(as_declared, training=SHORTENED, start=RELEASED)


def test_lite_else_starts_from_a_training_that_rows_share(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("x", L1()), row("y", 2.0 * L1())]
    one, other = in_lite("other.pth", rows, monkeypatch)
    assert one.start == other.start
    assert isinstance(one.start, Run)
    assert (one.start.training.steps, one.start.objective) == (200, 1.0 * L1())
    assert one.start.start is None


def test_released_weights_start_only_the_network_that_they_are_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wide = row("x", L1(), network(tiny.TinyDenoiser, width=7))
    (run,) = in_lite("tiny.pth", [wide], monkeypatch)
    assert isinstance(run.start, Run)


def test_paper_trains_as_declared() -> None:
    rows = [row("x", L1())]
    declared = row_run(table(rows), rows[0], 5)
    assert Resolver(PROFILES["paper"], lambda file: False).run(table(rows), rows[0], 5) == declared


def test_profiles_are_found_by_their_names() -> None:
    assert list(PROFILES) == ["smoke", "lite", "paper"]
    assert [profile.name for profile in PROFILES.values()] == list(PROFILES)


@pytest.mark.parametrize("profile", SHORT_PROFILES, ids=lambda profile: profile.name)
@pytest.mark.parametrize("name", RUNNABLE)
def test_every_trained_network_has_a_line_that_shortens_it(name: str, profile: Profile) -> None:
    """... to less work than is declared, by an order of magnitude; it may begin otherwise.

    Its layers are as declared but for what the profile says that it narrows.
    """
    exhibit = RUNNABLE[name]
    assert isinstance(exhibit, Table | Speed)
    declared = made(PROFILES["paper"], exhibit)
    assert declared
    for short, full in zip(made(profile, exhibit), declared, strict=True):
        narrow = {"start": None, **profile.narrow.get(full.network.architecture, {})}
        layers = [dict(r.network.arguments) | narrow for r in (short, full)]
        assert layers[0] == layers[1]
        assert replace(short.network, arguments=()) == replace(full.network, arguments=())
        work = [r.training.steps * r.training.batch * r.training.crop**2 for r in (short, full)]
        assert work[0] * 10 < work[1]


def test_only_paper_trains_from_scratch() -> None:
    """... but for tables that ask for it in lite, and rows that name the row they start from."""
    for name, profile in PROFILES.items():
        for exhibit in RUNNABLE.values():
            if isinstance(exhibit, Table):
                for row, run in zip(trained(exhibit), made(profile, exhibit), strict=True):
                    shared = name == "smoke" or (name == "lite" and not exhibit.from_scratch)
                    begins = shared or row.start is not None
                    assert (run.start is not None) == begins, (name, exhibit.name, row.label)


@pytest.mark.parametrize("profile", SHORT_PROFILES, ids=lambda profile: profile.name)
def test_short_trainings_are_as_written_down(profile: Profile) -> None:
    recipes = {"smoke": smoke.RECIPES, "lite": lite.RECIPES}[profile.name]
    for architecture, line in recipes.items():
        begin, short = line
        declared = training_of(network(architecture))
        assert profile.training(declared) == short.of(DECLARED)
        assert profile.warm_up(declared) == begin.of(network(architecture))


def test_only_smoke_is_not_held_against_the_papers_and_redoes_what_is_stale() -> None:
    """Nobody wants three weeks retrained for a typo, and nobody compares embedded images."""
    assert {name: profile.comparable for name, profile in PROFILES.items()} == {
        "smoke": False, "lite": True, "paper": True,
    }  # fmt: skip
    assert {name: profile.redo_stale for name, profile in PROFILES.items()} == {
        "smoke": True, "lite": False, "paper": False,
    }  # fmt: skip
