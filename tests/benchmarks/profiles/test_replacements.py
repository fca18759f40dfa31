"""Judges, feature networks and MIoU's classes, in each profile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
import tiny
from declared import DECLARED, profile, resolver, row, run_of, table

from benchmarks.declare.column import Column
from benchmarks.declare.runs import Fixed, Judge, Released, Run, network
from benchmarks.declare.table import Row, row_run
from benchmarks.metrics.fid import FID
from benchmarks.metrics.lpips import LPIPS
from benchmarks.metrics.miou import MIoU
from benchmarks.metrics.niqe import NIQE
from benchmarks.metrics.psnr import PSNR
from benchmarks.profiles.registry import PROFILES
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.stand_ins import stand_in
from datasets.cityscapes import Cityscapes
from losses.adversarial import Adversarial
from losses.balanced import Balanced
from losses.cross_entropy import CrossEntropy
from losses.features import Features
from losses.l1 import L1
from losses.l2 import L2
from losses.normalised_vgg import NormalisedVGG19
from losses.objective import Objective
from losses.perceptual import Perceptual

NETWORK = network(tiny.TinyDenoiser)
JUDGE = Judge(
    "judge",
    smoke=Run(NETWORK, 1.0 * L1(), Cityscapes("train"), DECLARED),
    lite=(Fixed(NETWORK),),
    paper=Released(NETWORK, "judge.pth", ""),
)
VGG = Features("vgg19", ("conv3_2",))


def in_profile(name: str, present: bool = False) -> Resolver:
    return Resolver(PROFILES[name], lambda file: present)


@pytest.mark.parametrize("name", PROFILES)
def test_a_judge_is_the_profiles_own_wherever_it_looks(name: str) -> None:
    resolving = in_profile(name)
    own = resolving.resolve(JUDGE)
    if name != "smoke":
        assert own is {"lite": JUDGE.lite[0], "paper": JUDGE.paper}[name]
    column = Column(MIoU(JUDGE), tiny.tiny_table().columns[0].data)
    assert resolving.column(tiny.tiny_table(), column).metric.segmenter == own  # type: ignore[union-attr]
    assert resolving.resolve(L1() + CrossEntropy(JUDGE)) == L1() + CrossEntropy(own)


SEVERAL = replace(
    JUDGE,
    lite=(
        Released(NETWORK, "best.pth", ""),
        Released(NETWORK, "good.pth", ""),
        Fixed(NETWORK),
        Released(NETWORK, "never.pth", ""),
    ),
)


@pytest.mark.parametrize(
    ("there", "chosen"),
    [("best.pth good.pth", 0), ("good.pth never.pth", 1), ("never.pth", 2), ("", 2)],
)
def test_lite_takes_the_first_judge_whose_weights_are_there(there: str, chosen: int) -> None:
    resolving = Resolver(PROFILES["lite"], lambda name: name in there.split())
    assert resolving.resolve(SEVERAL) is SEVERAL.lite[chosen]


def test_a_judge_without_any_weights_is_the_last_whose_file_is_asked_for() -> None:
    released = replace(SEVERAL, lite=SEVERAL.lite[:2])
    assert in_profile("lite").resolve(released) is released.lite[1]


def test_the_training_of_a_judge_is_its_own() -> None:
    """Its data are the profile's; nothing shortens a recipe that was written for the profile."""
    run = in_profile("smoke").resolve(JUDGE)
    pinned = replace(DECLARED, threads=2)  # like all of smoke
    assert run == replace(JUDGE.smoke, data=stand_in(Cityscapes("train")), training=pinned)


def test_a_run_holds_its_profiles_judge() -> None:
    rows = [row("x", L1() + 0.5 * CrossEntropy(JUDGE))]
    run = run_of(resolver(), rows, 0)
    assert run.objective == L1() + 0.5 * CrossEntropy(
        replace(JUDGE.smoke, data=stand_in(Cityscapes("train")))
    )


ABSENT = [("smoke", "skip"), ("lite", "skip"), ("paper", "zero")]


@pytest.mark.parametrize(("name", "absent"), ABSENT)
def test_absent_classes_count_as_the_profile_says(name: str, absent: str) -> None:
    for declared in ("zero", "skip"):
        metric = MIoU(JUDGE, absent=declared, classes=7)  # type: ignore[arg-type]
        found = in_profile(name).resolve(metric)
        assert (found.absent, found.classes) == (absent, 7)


@pytest.mark.parametrize("present", [True, False])
def test_smoke_looks_through_narrow_random_features(present: bool) -> None:
    found = in_profile("smoke", present).resolve(L1() + 0.5 * Perceptual(VGG))
    narrow = replace(VGG, weights="random", width=1 / 8)
    assert found == L1() + 0.5 * Perceptual(narrow)


@pytest.mark.parametrize("present", [True, False])
def test_paper_wants_imagenets_features(present: bool) -> None:
    """... and says which files are missing, rather than measure something else."""
    assert in_profile("paper", present).resolve(VGG) is VGG


def test_lite_takes_random_features_of_full_width_where_there_are_no_others() -> None:
    assert in_profile("lite", present=True).resolve(VGG) is VGG
    assert in_profile("lite", present=False).resolve(VGG) == replace(VGG, weights="random")


def only_normalised(profile: str = "lite") -> Resolver:
    """Where the normalised VGG-19 is there, and no other file."""
    ((file, _),) = NormalisedVGG19(("conv1_1",)).weight_files()
    return Resolver(PROFILES[profile], lambda name: name == file)


def test_lite_takes_real_features_before_random_ones() -> None:
    assert only_normalised().resolve(VGG) == NormalisedVGG19(("conv3_1",))
    deep = Features("vgg16", ("relu4_3",))
    assert only_normalised().resolve(Perceptual(deep)) == Perceptual(NormalisedVGG19(("relu3_1",)))
    assert only_normalised("paper").resolve(VGG) is VGG
    assert only_normalised("smoke").resolve(VGG).weights == "random"


def in_lite(objective: Objective, **changes: Any) -> Objective:
    """What lite trains with where only the normalised VGG-19 is there."""
    resolving = Resolver(profile(features="imagenet if present"), only_normalised().has_file)
    found = run_of(resolving, [row("x", objective)], 0, **changes).objective
    assert isinstance(found, Objective)
    return found


def test_terms_on_other_features_are_weighed_against_the_pixel_terms() -> None:
    ours, theirs = Perceptual(NormalisedVGG19(("conv3_1",))), Perceptual(VGG)
    pixels = 2.0 * L1() + 0.5 * L2()
    assert in_lite(pixels + 3.0 * theirs) == pixels + Balanced(ours, pixels, share=3.0)
    critic = 0.1 * Adversarial(network(tiny.TinyCritic), lr=0.1)
    assert in_lite(L1() + critic + theirs) == L1() + critic + Balanced(ours, 1.0 * L1())


def test_unit_of_a_table_is_the_weight_of_equal_pull() -> None:
    found = in_lite(L1() + 0.01 * Perceptual(VGG), unit=0.005)
    assert found.terms[1][1].share == 2.0  # type: ignore[attr-defined]


def test_weights_stay_where_nothing_can_be_weighed_or_must_be() -> None:
    theirs = 0.006 * Perceptual(VGG)
    alone = in_lite(1.0 * theirs)
    assert alone == 0.006 * Perceptual(NormalisedVGG19(("conv3_1",)))
    assert in_lite(L1() + 0.5 * CrossEntropy(SEVERAL.lite[2])) == (
        L1() + 0.5 * CrossEntropy(SEVERAL.lite[2])
    )
    random = L1() + 0.5 * Perceptual(replace(VGG, weights="random"))
    assert in_lite(random) == random
    declared = L1() + theirs
    assert in_profile("paper", True).run(table([row("x", declared)]), row("x", declared), 0) == (
        row_run(table([row("x", declared)]), row("x", declared), 0)
    )


def test_lite_asks_for_the_file_by_its_name() -> None:
    asked = []

    def has(name: str) -> bool:
        asked.append(name)
        return True

    assert Resolver(PROFILES["lite"], has).resolve(VGG) is VGG
    assert asked == [name for name, _ in VGG.weight_files()]


@dataclass(frozen=True)
class TwoFiles:
    """A network of two released parts."""

    weights: str = "imagenet"

    def weight_files(self) -> tuple[tuple[str, str], ...]:
        return (("a.pth", ""), ("b.pth", "")) if self.weights == "imagenet" else ()


@pytest.mark.parametrize(
    ("there", "weights"), [("a.pth b.pth", "imagenet"), ("b.pth", "random"), ("", "random")]
)
def test_features_are_present_if_all_their_files_are(there: str, weights: str) -> None:
    found = Resolver(PROFILES["lite"], lambda name: name in there.split()).resolve(TwoFiles())
    assert found == TwoFiles(weights)


def test_features_that_are_declared_random_stay_as_they_are() -> None:
    random = replace(VGG, weights="random", width=0.5, seed=3)
    for name in PROFILES:
        assert in_profile(name).resolve(random) is random


@pytest.mark.parametrize("name", ["smoke", "lite"])
def test_metrics_have_their_own_stand_in_weights(name: str) -> None:
    resolving = in_profile(name)
    assert resolving.resolve(FID()) == FID("random")
    assert resolving.resolve(LPIPS("alex")) == LPIPS("alex", weights="random")
    assert resolving.resolve(NIQE()) == NIQE("photographs")
    for metric in (FID(), LPIPS("alex"), NIQE()):
        assert in_profile("paper").resolve(metric) is metric


def test_a_metric_without_a_network_stays_as_it_is() -> None:
    metric = PSNR()
    for name in PROFILES:
        assert in_profile(name).resolve(metric) is metric


def test_a_table_keeps_its_columns_only_if_it_evaluates_released_weights() -> None:
    rows = [Row("", tiny.TinyDenoiser, None, "- -", role="input")]
    table = tiny.tiny_table(rows)
    column = Column(FID(), Cityscapes("val"))
    for name in ("smoke", "lite"):
        released = in_profile(name).column(replace(table, released=True), column)
        assert released is column
        assert in_profile(name).column(table, column).metric == FID("random")
