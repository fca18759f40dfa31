"""Profiles change what they say they change, and nothing else."""

import pytest
import torch

from benchmarks.declare.released import FFDNET_COLOUR
from benchmarks.declare.runs import Released, Run
from benchmarks.declare.table import Table
from benchmarks.papers.d2sm.denoising import ESPNET, HRNET, SEGMENTER, TABLE1
from benchmarks.papers.pdl import deblurring, denoising, super_resolution
from benchmarks.papers.pdl.paper import PAPER as PDL
from benchmarks.profiles.lite import LITE
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.div2k import DIV2K
from datasets.embedded.photographs import Photographs
from datasets.embedded.street_scenes import StreetScenes
from datasets.folders import PhotographFolders
from losses.d2sm import D2SM
from losses.features import Features
from losses.normalised_vgg import NormalisedVGG19
from losses.perceptual import Perceptual

ABSENT = {"has_file": lambda name: False}


def runs(profile, **there):
    resolver = Resolver(profile, **(there or ABSENT))
    return {f"{g} / {r.label}": resolver.run(TABLE1, r, 0) for g, r in TABLE1.rows()}


def pdl_runs(profile, table, **options):
    resolver = Resolver(profile, **(ABSENT | options))
    return {f"{g} / {r.label}": resolver.run(table, r, 0) for g, r in table.rows() if r.trained}


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
    ((file, _),) = NormalisedVGG19(("conv1_1",)).weight_files()
    found = repr(runs(LITE, has_file=lambda name: name == file)[row])
    assert "NormalisedVGG19(layers=('conv3_1',))" in found


def test_lite_starts_ffdnet_from_its_release_and_judges_with_released_segmenters():
    there = {"FFDNet_color.mat", "espnet_p_2_q_8.pth"}
    resolver = Resolver(LITE, has_file=there.__contains__)
    found = runs(LITE, has_file=there.__contains__)
    starts = {name: run.start for name, run in found.items()}
    assert {s for n, s in starts.items() if n.startswith("FFDNet")} == {FFDNET_COLOUR}
    assert len({s for n, s in starts.items() if not n.startswith("FFDNet")}) == 2
    assert resolver.resolve(SEGMENTER) == ESPNET
    assert Resolver(LITE, has_file=lambda name: True).resolve(SEGMENTER) == HRNET


@pytest.mark.parametrize(("profile", "kind"), [(SMOKE, Run), (LITE, Run), (PAPER, Released)])
def test_judge_has_one_provider_per_profile(profile, kind):
    assert isinstance(Resolver(profile, **ABSENT).resolve(SEGMENTER), kind)


def test_sizes_follow_the_crop():
    """224/56 at 512 keeps its proportion as far as VGG's pooling allows."""
    (paper,) = terms(runs(PAPER)["FFDNet / w/. Internal"], D2SM)
    (smoke,) = terms(runs(SMOKE)["FFDNet / w/. Internal"], D2SM)
    assert (paper.window, paper.stride) == (224, 56)
    assert (smoke.window, smoke.stride) == (16, 4)


def test_unchanged_declarations_keep_their_identity():
    features = Features("vgg19", ("conv5_4",))
    assert Resolver(PAPER, **ABSENT).resolve(features) is features
    assert Resolver(PAPER, **ABSENT).resolve(TABLE1.train) is TABLE1.train


def test_paper_profile_draws_its_crops_from_div2k():
    (run, *_) = pdl_runs(PAPER, denoising.TABLE2).values()
    assert run.data.data == RandomCrops(DIV2K("train"), count=200_000, size=256)
    assert (run.training.steps, run.training.batch, run.training.crop) == (1_000_000, 8, 256)
    assert run.start is None


def test_smoke_begins_slow_networks_as_the_identity():
    """... on embedded photographs, from a warm-up that all rows of a table share."""
    for table in (denoising.TABLE2, super_resolution.TABLE4, deblurring.TABLE6):
        made = pdl_runs(SMOKE, table)
        srgan = made.pop("SRGAN / ", None)
        assert len({run.start for run in made.values()}) == 1
        start = next(iter(made.values())).start
        assert dict(start.network.arguments)["start"] == "identity"
        assert isinstance(start.data.data, Photographs)
        if srgan is not None:
            assert srgan.start == made["no-perceptual / "]


def test_dsdeblur_starts_where_training_can_begin():
    """From its authors' initialisation it answers in values around 1e8, which lite never mends."""
    for profile in (LITE, PAPER):
        networks = {run.network for run in pdl_runs(profile, deblurring.TABLE6).values()}
        (spec,) = networks
        torch.manual_seed(0)
        image = torch.rand(1, 3, 32, 32)
        with torch.no_grad():
            for output in spec.build()(image):
                assert (output - torch.nn.functional.interpolate(
                    image, size=output.shape[-2:], mode="bilinear"
                )).abs().mean() < 0.05  # fmt: skip


def test_folders_stand_in_for_div2k_in_lite_only():
    folders = (("train", ("bsd100", "urban100")), ("valid", ("kodak24",)))
    (lite, *_) = pdl_runs(LITE, denoising.TABLE2, photographs=folders).values()
    assert lite.data.data == PhotographFolders(("bsd100", "urban100"))
    resolver = Resolver(LITE, **ABSENT, photographs=folders)
    assert resolver.resolve(denoising.TABLE2.columns[0]).data.data == PhotographFolders(
        ("kodak24",)
    )
    (paper, *_) = pdl_runs(PAPER, denoising.TABLE2, photographs=folders).values()
    assert paper.data.data.data == DIV2K("train")
    (plain, *_) = pdl_runs(LITE, denoising.TABLE2).values()
    assert plain.data.data == DIV2K("train")


def test_tables_of_both_versions_share_their_runs():
    """VIII's rows without projections are II's; version 1 names one weight more."""

    def of(*tables):
        return {run for table in tables for run in pdl_runs(PAPER, table).values()}

    identity = [
        run for name, run in pdl_runs(PAPER, denoising.TABLE8).items() if name.startswith("Id /")
    ]
    assert len(identity) == 4
    assert set(identity) <= of(denoising.TABLE2)
    tables = [t for t in PDL.tables if isinstance(t, Table)]
    first, second = ([t for t in tables if ("_v1_" in t.name) == old] for old in (True, False))
    new = of(*first) - of(*second)
    (odd,) = new
    (term,) = terms(odd, Perceptual)
    assert (term.distance, float(odd.objective.terms[1][0])) == ("l2", 0.005)
