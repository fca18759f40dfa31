"""The caption where terms look through other features than the paper's, and where rows start."""

from dataclasses import replace

import pytest
import quick
import tiny
from torch import nn

from benchmarks.declare.runs import Released, Run, network
from benchmarks.engine.facts import facts
from benchmarks.profiles.profile import WarmUp
from losses.adversarial import Adversarial
from losses.features import Features
from losses.l1 import L1
from losses.normalised_vgg import NormalisedVGG19
from losses.perceptual import Perceptual
from losses.wasserstein import Wasserstein

((NORMALISED, _),) = NormalisedVGG19(("conv1_1",)).weight_files()
THEIRS = Features("vgg16", ("relu4_3",))
PROFILE = replace(quick.PROFILE, features="imagenet if present")
ROW = replace(quick.ROWS[0], label="+ L_P", objective=L1() + 0.5 * Perceptual(THEIRS))


def table(*rows, **changes):
    groups = {"Tiny": list(rows), "Plain": quick.PLAIN}
    return replace(quick.TABLE, groups=groups, **changes)


def work(out, declared, monkeypatch, profile=PROFILE, seeds=1, there=(NORMALISED,)):
    """A table where only these files are there."""
    made = quick.quick_work(out, declared, profile=profile, seeds=seeds)
    resolver = replace(made.plan.status.resolver, has_file=lambda name: name in there)
    monkeypatch.setattr(made.engine.status, "resolver", resolver)
    return tiny.tiny_work(made.engine, declared, seeds=seeds)


def told(work, name):
    return [text for known, text in facts(work.plan) if known == name]


def log(work, run, *lines):
    folder = work.engine.status.folder(run)
    for line in lines:
        folder.append_line("log.jsonl", line)


def test_features_that_stand_in_are_named_with_the_declared_ones(tmp_path, monkeypatch):
    found = work(tmp_path, table(quick.ROWS[0], ROW), monkeypatch)
    assert told(found, "features") == [
        "L_Perceptual: relu3_1 of the normalised VGG-19, with ImageNet weights, for vgg16's relu4_3"
    ]
    assert told(found, "random weights") == []


@pytest.mark.parametrize("there", ["vgg16-397923af.pth", ""])
def test_declared_and_random_features_are_not(tmp_path, monkeypatch, there):
    found = work(tmp_path, table(ROW), monkeypatch, there=(there,))
    assert told(found, "features") == told(found, "weights of terms") == []
    assert [text.split()[0] for text in told(found, "random weights")] == ["vgg16"] * (not there)


def test_rule_and_the_weights_that_each_seed_measured(tmp_path, monkeypatch):
    found = work(tmp_path, table(quick.ROWS[0], ROW), monkeypatch, seeds=2)
    (before,) = told(found, "weights of terms")
    assert "is as large as that of the pixel terms, measured over the first 16 steps" in before
    assert "Tiny" not in before
    plain, row = (r.providers for r in found.plan.rows[:2])
    log(found, plain[0], {"step": 20, "L_1": 0.5})
    log(found, row[0], {"step": 1, "L_Perceptual weight": 9.0})
    log(
        found, row[0], {"step": 20, "L_1": 0.5, "L_Perceptual": 1.0, "L_Perceptual weight": 0.01234}
    )
    log(found, row[1], {"step": 20, "L_Perceptual weight": 12.0})
    (after,) = told(found, "weights of terms")
    assert after == before + "; Tiny / + L_P 0.0123, 12"


def test_a_term_that_nothing_is_weighed_against_is_told(tmp_path, monkeypatch):
    alone = replace(ROW, label="alone", objective=0.5 * Perceptual(THEIRS))
    for name, rows in (("a", [ROW]), ("b", [ROW, alone])):
        (rule,) = told(work(tmp_path / name, table(*rows), monkeypatch), "weights of terms")
        assert ("a term beside no pixel term keeps its weight" in rule) == (len(rows) == 2)
    assert told(work(tmp_path / "c", table(alone), monkeypatch), "weights of terms") == []


def test_unit_of_the_table_is_in_the_rule(tmp_path, monkeypatch):
    found = work(tmp_path, table(ROW, unit=0.01), monkeypatch)
    assert "is the printed weight / 0.01 times that of" in told(found, "weights of terms")[0]


def test_released_start_is_named_and_that_the_paper_has_none(tmp_path, monkeypatch):
    released = Released(network(tiny.TinyDenoiser), "tiny.pth", "")
    profile = replace(
        quick.PROFILE, warm_up=lambda run: WarmUp(run.network, quick.TRAINING, released)
    )
    found = work(tmp_path, quick.TABLE, monkeypatch, profile=profile, there=("tiny.pth",))
    assert told(found, "start of every row") == [
        "TinyDenoiser(): the released weights tiny.pth; the paper trains from scratch"
    ]


def started(tmp_path, monkeypatch, losses):
    """What is told of the shared start after it logged these losses."""
    found = work(tmp_path, quick.TABLE, monkeypatch)
    (start,) = {run.start for row in found.plan.rows[:2] for run in row.providers}
    assert isinstance(start, Run)
    log(found, start, *({"step": n, "L_1": value} for n, value in enumerate(losses)))
    (text,) = told(found, "start of every row")
    return text


def test_how_flat_a_shared_start_has_become(tmp_path, monkeypatch):
    text = started(tmp_path, monkeypatch, [9.0] * 6 + [4.0, 4.0, 3.0, 3.2])
    assert (
        ", its loss -22.5% from its fourth fifth to its last, the fall of its rate included; "
        in text
    )


@pytest.mark.parametrize("losses", [[], [1.0] * 4, [0.0] * 10])
def test_nothing_is_said_of_a_start_that_logged_too_little(tmp_path, monkeypatch, losses):
    assert "fifth" not in started(tmp_path, monkeypatch, losses)


def test_batch_normalised_starts_are_named(tmp_path, monkeypatch):
    plain = work(tmp_path / "a", quick.TABLE, monkeypatch)
    assert "batch-normalised" not in told(plain, "start of every row")[0]

    class Normalised(tiny.TinyDenoiser):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm2d(3)

    rows = [replace(row, model=Normalised) for row in quick.ROWS]
    found = work(tmp_path / "b", table(*rows), monkeypatch)
    assert "batch-normalised, with the statistics of that" in told(found, "start of every row")[0]


@pytest.mark.parametrize("kind", [Adversarial, Wasserstein])
def test_discriminators_that_start_anew_are_named(tmp_path, monkeypatch, kind):
    critic = kind(network(tiny.TinyCritic), lr=0.1)
    row = replace(quick.ROWS[0], label="+ L_GAN", objective=L1() + 0.1 * critic)
    assert told(work(tmp_path / "a", quick.TABLE, monkeypatch), "discriminators") == []
    assert len(told(work(tmp_path / "b", table(row), monkeypatch), "discriminators")) == 1
    untouched = replace(PROFILE, warm_up=lambda run: None)
    from_scratch = work(tmp_path / "c", table(row), monkeypatch, profile=untouched)
    assert told(from_scratch, "discriminators") == []


def test_released_judge_is_named_with_its_file(tmp_path, monkeypatch):
    judge = Released(network(tiny.TinyDenoiser), "judge.pth", "")
    columns = tuple(
        replace(c, metric=quick.Judged(judge)) if isinstance(c.metric, quick.Judged) else c
        for c in quick.TABLE.columns
    )
    found = work(tmp_path, replace(quick.TABLE, columns=columns), monkeypatch)
    assert told(found, "judge") == ["TinyDenoiser(), released weights judge.pth"]


def test_start_that_the_table_declares_is_not_the_profiles(tmp_path, monkeypatch):
    first = quick.ROWS[0]
    later = replace(quick.ROWS[1], label="later", start=first)
    found = work(tmp_path, table(first, later), monkeypatch)
    assert told(found, "start of a row") == ["Tiny / later from the weights of Tiny / L_1"]
    scratch = replace(PROFILE, warm_up=lambda run: None)
    found = work(tmp_path, table(first, later), monkeypatch, profile=scratch)
    assert told(found, "start of every row") == []
    assert told(found, "start of a row") == ["Tiny / later from the weights of Tiny / L_1"]


def test_starts_of_several_seeds_are_told_once_with_each_change(tmp_path, monkeypatch):
    found = work(tmp_path, quick.TABLE, monkeypatch, seeds=2)
    starts = dict.fromkeys(run.start for row in found.plan.rows[:2] for run in row.providers)
    for start, last in zip(starts, (1.0, 0.5), strict=True):
        log(found, start, *({"step": n, "L_1": 1.0 if n < 4 else last} for n in range(5)))
    (text,) = told(found, "start of every row")
    assert text.count("TinyDenoiser()") == 1
    assert "a shared training for each seed, " in text
    assert "its loss +0.0%, -50.0% from" in text
