"""Profiles change what they say they change, and nothing else."""

import pytest

from benchmarks.declare.profiles import LITE, PAPER, SMOKE, Setting
from benchmarks.declare.runs import Released, Run
from benchmarks.papers.d2sm import SEGMENTER, TABLE1
from datasets.cityscapes import Cityscapes
from datasets.embedded.street_scenes import StreetScenes
from losses.d2sm import D2SM
from losses.features import Features

ABSENT = {"has_file": lambda name: False}


def runs(profile, **there):
    setting = Setting(profile, **(there or ABSENT))
    return {f"{g} / {r.label}": setting.run(TABLE1, r, 0) for g, r in TABLE1.rows()}


def terms(run, kind):
    return [term for _, term in run.objective.terms if isinstance(term, kind)]


def test_smoke_runs_on_embedded_data_with_random_features():
    for run in runs(SMOKE).values():
        assert isinstance(run.data.data, StreetScenes)
        assert "imagenet" not in repr(run)


def test_smoke_rows_of_one_network_share_one_warm_up():
    starts = {name: run.start for name, run in runs(SMOKE).items()}
    assert len(set(starts.values())) == 3
    assert {s.network.name for s in starts.values()} == {"FFDNet", "CBDNet", "SADNet"}


@pytest.mark.parametrize("profile", [LITE, PAPER])
def test_other_profiles_take_real_data_only(profile):
    assert all(isinstance(run.data.data, Cityscapes) for run in runs(profile).values())
    assert "StreetScenes" not in repr(runs(profile))


def test_lite_takes_pretrained_features_where_there_are_any():
    row = "FFDNet / + L_Perceptual"
    assert "'imagenet'" in repr(runs(LITE, has_file=lambda name: True)[row])
    assert "'random'" in repr(runs(LITE, has_file=lambda name: False)[row])


@pytest.mark.parametrize(("profile", "kind"), [(SMOKE, Run), (LITE, Run), (PAPER, Released)])
def test_judge_has_one_provider_per_profile(profile, kind):
    assert isinstance(Setting(profile, **ABSENT).resolve(SEGMENTER), kind)


def test_sizes_follow_the_crop():
    """224/56 at 512 keeps its proportion as far as VGG's pooling allows."""
    (paper,) = terms(runs(PAPER)["FFDNet / w/. Internal"], D2SM)
    (smoke,) = terms(runs(SMOKE)["FFDNet / w/. Internal"], D2SM)
    assert (paper.window, paper.stride) == (224, 56)
    assert (smoke.window, smoke.stride) == (16, 4)


def test_unchanged_declarations_keep_their_identity():
    features = Features("vgg19", ("conv5_4",))
    assert Setting(PAPER, **ABSENT).resolve(features) is features
    assert Setting(PAPER, **ABSENT).resolve(TABLE1.train) is TABLE1.train
