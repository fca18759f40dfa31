"""The caption: profile, data, trainings, seeds, evaluation, judges, device, random weights."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar

import quick
import tiny
import torch

from benchmarks.declare.column import Column
from benchmarks.declare.protocol import Evaluation
from benchmarks.declare.runs import Fixed, Run, network
from benchmarks.declare.table import Row
from benchmarks.declare.training import Adam
from benchmarks.engine.facts import facts
from benchmarks.engine.progress import clock
from benchmarks.metrics.psnr import PSNR
from benchmarks.profiles.profile import Short, WarmUp
from datasets.degradations.noise import Noisy
from losses.d2sm import D2SM
from losses.features import Features
from losses.l1 import L1

PSNR_NOTE = PSNR().note


def told(out, table=quick.TABLE, seeds=1, **options):
    return facts(quick.quick_work(out, table, seeds=seeds, **options).plan)


def values(found, name):
    return [text for known, text in found if known == name]


def test_facts_of_a_table_in_their_order(tmp_path):
    assert told(tmp_path) == [
        ("profile", "smoke: made in a second"),
        ("training data", f"{quick.TRAIN!r}, 3 images"),
        ("training", "3 steps of 2 crops of 8x8, Adam with lr 0.001"),
        ("start of every row", "TinyDenoiser(): a shared training, 1 steps of 2 crops of 8x8, Adam "
         "with lr 0.001; the paper trains from scratch"),
        ("test data", f"{quick.TEST.data!r}, 2 of 5 images"),
        ("seeds", "0 (one run: no ±)"),
        ("evaluation", str(Evaluation())),
        ("PSNR", PSNR_NOTE),
        ("Judged", "the mean of what the judge sees"),
        ("judge", "TinyDenoiser(width=2), trained here: 2 steps of 2 crops of 8x8, Adam with lr "
         "0.001"),
        ("device", "cpu"),
    ]  # fmt: skip


def test_seeds_are_listed(tmp_path):
    assert values(told(tmp_path, seeds=3), "seeds") == ["0, 1, 2"]


def test_another_initialisation_than_the_declared_one_is_told(tmp_path):
    begun = WarmUp(network(tiny.TinyDenoiser, width=7), quick.TRAINING)
    profile = replace(quick.PROFILE, warm_up=lambda run: begun, from_scratch=True)
    found = told(tmp_path, replace(quick.TABLE, from_scratch=True), profile=profile)
    assert values(found, "other networks") == ["TinyDenoiser(width=7) instead of TinyDenoiser()"]
    assert values(told(tmp_path), "other networks") == []


def test_table_of_released_weights_names_no_profile(tmp_path):
    table = replace(quick.TABLE, groups={"Plain": quick.PLAIN}, released=True)
    found = told(tmp_path, table)
    assert values(found, "profile") == []
    assert found[0][0] == "test data"


def test_table_without_training_names_none(tmp_path):
    found = told(tmp_path, replace(quick.TABLE, groups={"Plain": quick.PLAIN}))
    assert values(found, "training data") == values(found, "training") == []
    assert values(found, "seeds")


def test_without_a_warm_up_there_is_no_start(tmp_path):
    found = told(tmp_path, profile=replace(quick.PROFILE, warm_up=lambda run: None))
    assert values(found, "start of every row") == []
    assert values(found, "training")


def test_every_distinct_recipe_and_test_set_is_told_once(tmp_path):
    own = replace(quick.TRAINING, steps=9, batch=4, crop=6, optimizer=Adam(lr=2e-5))
    rows = [quick.ROWS[0], replace(quick.ROWS[1], recipe=own), replace(quick.ROWS[1], label="x")]
    other = quick.Cards((9,))
    columns = (*quick.TABLE.columns[:2], Column(PSNR(), Noisy(other, sigma=5)))
    found = told(tmp_path, replace(quick.TABLE, groups={"Tiny": rows}, columns=columns))
    assert values(found, "training") == [
        "3 steps of 2 crops of 8x8, Adam with lr 0.001; 9 steps of 4 crops of 6x6, Adam with lr "
        "2e-05"
    ]
    assert values(found, "test data") == [
        f"{quick.TEST.data!r}, 2 of 5 images; {other!r}, 1 images"
    ]
    assert len(values(found, "PSNR")) == 1


def test_complete_official_set_is_just_counted(tmp_path):
    cards = quick.Cards((1, 2), official=2)
    columns = tuple(replace(c, data=c.data and Noisy(cards, sigma=5)) for c in quick.TABLE.columns)
    found = told(tmp_path, replace(quick.TABLE, columns=columns))
    assert values(found, "test data") == [f"{cards!r}, 2 images"]


def test_absent_data_is_told_so(tmp_path):
    gone = Noisy(quick.Cards((7,), present=False), sigma=5)
    found = told(tmp_path, replace(quick.TABLE, train=gone))
    assert values(found, "training data") == [f"{gone!r}, not there"]


def test_judge_that_was_not_trained_here_is_named(tmp_path):
    judged = Column(quick.Judged(Fixed(network(quick.Copy))), quick.TEST)
    columns = (quick.TABLE.columns[0], judged, judged)
    assert values(told(tmp_path, replace(quick.TABLE, columns=columns)), "judge") == ["Copy()"]


FEATURES = Features("vgg19", ("conv2_1",))
SHRINKING = D2SM(FEATURES, window=4, stride=2, queue=24)


def shrunk(tmp_path, term, label="L_1", **options):
    """Facts under a profile that halves the crop and quarters the batch, of 8 pixels and 8."""
    short = Short(steps=3, batch=2, crop=4, lr=1e-3)
    profile = replace(quick.PROFILE, training=lambda run: short.of(run.training))
    protocol = replace(quick.TABLE.protocol, training=replace(quick.TRAINING, batch=8))
    row = replace(quick.ROWS[0], objective=L1() + 0.1 * term, label=label)
    table = replace(quick.TABLE, protocol=protocol, groups={"Tiny": [row], "P": quick.PLAIN})
    return told(tmp_path, table, profile=profile, **options)


@dataclass(frozen=True)
class Sized(L1):
    """A term with sizes that follow crop and batch."""

    window: int = 8
    queue: int = 16
    share: float = 0.5
    crop: int = 8
    symbol: ClassVar[str] = "L_Sized"

    def scaled(self, crop: Fraction, batch: Fraction, steps: Fraction = Fraction(1)) -> Any:
        return replace(
            self, window=int(self.window * crop), queue=int(self.queue * batch),
            share=self.share * float(crop), crop=int(self.crop * crop),
        )  # fmt: skip


def test_sizes_that_became_smaller_are_told_with_the_declared_ones(tmp_path):
    name = "sizes that follow crop and batch"
    assert values(shrunk(tmp_path, Sized()), name) == [
        "L_Sized: window 4 for the declared 8, queue 4 for the declared 16"
    ]
    assert values(shrunk(tmp_path, L1()), name) == []
    assert values(told(tmp_path), name) == []


def test_random_networks_are_named_with_their_share(tmp_path):
    profile = replace(quick.PROFILE, feature_width=1 / 8)
    row = replace(quick.ROWS[0], objective=L1() + 0.1 * SHRINKING)
    table = replace(quick.TABLE, groups={"Tiny": [row]})
    found = told(tmp_path, table, profile=profile)
    assert found[-1] == ("random weights", "vgg19 with 0.125 of its channels")
    whole = told(tmp_path, table, profile=replace(profile, feature_width=1.0))
    assert whole[-1] == ("random weights", "vgg19")


@dataclass(frozen=True)
class Weighted(PSNR):
    """A metric with a network of its own."""

    weights: str = "random"
    net: str = "alex"


@dataclass(frozen=True)
class Nameless(PSNR):
    weights: str = "random"


def test_random_networks_of_metrics_are_named_by_the_metric(tmp_path):
    columns = (Column(Weighted(), quick.TEST), Column(Nameless(), quick.TEST),
               Column(Weighted(weights="imagenet", net="vgg"), quick.TEST))  # fmt: skip
    found = told(tmp_path, replace(quick.TABLE, columns=columns))
    assert found[-1] == ("random weights", "Nameless's Inception, Weighted's alex")


def test_untrained_and_absent_rows_have_no_sizes(tmp_path):
    row = Row("x", tiny.TinyDenoiser, L1(), "1 2 3")
    table = replace(quick.TABLE, groups={"Tiny": [row], "Plain": quick.PLAIN})
    names = [name for name, _ in told(tmp_path, table)]
    assert "sizes that follow crop and batch" not in names


def test_time_of_everything_behind_a_table_is_counted_once(made_folder, monkeypatch):
    """... in profiles whose tables are passed on; two runs of smoke make the same file."""
    made = quick.quick_work(made_folder, profile=replace(quick.PROFILE, comparable=False), seeds=2)
    assert values(facts(made.plan), "time") == []
    status = made.plan.status
    judged = replace(quick.PROFILE, comparable=True)
    monkeypatch.setattr(status, "resolver", replace(status.resolver, profile=judged))
    runs = {p for row in made.plan.rows for p in row.providers if isinstance(p, Run)}
    runs |= {run.start for run in runs} | {quick.JUDGE}
    read_run, read_score = status.run_record, status.record
    monkeypatch.setattr(status, "run_record", lambda run: read_run(run) | {"seconds": 60.0})
    monkeypatch.setattr(status, "record", lambda score: read_score(score) | {"seconds": 7.0})
    scored = [s for row in made.plan.references + made.plan.rows for c in row.scores for s in c]
    passes = {score.network_pass for score in scored}
    (time,) = values(facts(made.plan), "time")
    assert time.startswith(
        f"{clock(60 * len(runs))} of training and {clock(7 * len(passes))} of measuring, on "
    )
    assert f"with {torch.get_num_threads()} thread" in time
