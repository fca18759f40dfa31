"""What takes the place of data that must be downloaded, in each profile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from declared import trained

from benchmarks.declare.errors import DeclarationError
from benchmarks.declare.runs import Run
from benchmarks.declare.sources import assumed
from benchmarks.declare.speed import Speed
from benchmarks.declare.table import Table
from benchmarks.declare.tree import walk
from benchmarks.metrics.ms_ssim import MSSSIM
from benchmarks.metrics.niqe import NIQE
from benchmarks.metrics.ssim import SSIM
from benchmarks.papers.registry import TABLES
from benchmarks.profiles.lite import LITE
from benchmarks.profiles.paper import PAPER
from benchmarks.profiles.profile import Profile
from benchmarks.profiles.resolve import Resolver
from benchmarks.profiles.smoke import SMOKE
from benchmarks.profiles.stand_ins import EMBEDDED, STAND_INS, stand_in
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.degradations.noise import Noisy
from datasets.div2k import DIV2K
from datasets.embedded.photographs import Photographs
from datasets.embedded.street_scenes import StreetScenes
from datasets.flickr2k import Flickr2K
from datasets.folders import PhotographFolders
from datasets.images import DataPaths
from datasets.together import Together

RUNNABLE = [t for t in TABLES.values() if t.runnable and not t.released]
PHOTOGRAPHS = Photographs("train")
SCENES = StreetScenes("val", count=2, height=48, width=64)


def resolved(profile: Profile, data: Any, **options: Any) -> Any:
    return Resolver(profile, lambda name: False, **options).resolve(data)


def sets(node: Any) -> set[Any]:
    """The data sets under an object that are made of no other."""
    return {
        part
        for part in walk(node)
        if hasattr(part, "open")
        and not isinstance(part, type | Together)
        and not hasattr(part, "data")
    }


def trained_and_tested(profile: Profile, exhibit: Any) -> tuple[list[Run], list[Any]]:
    """The runs of an exhibit in a profile, and its columns that are measured."""
    resolver = Resolver(profile, lambda name: False)
    if isinstance(exhibit, Speed):
        return [resolver.shortened(run) for run in exhibit.runs().values()], []
    assert isinstance(exhibit, Table)
    runs = [resolver.run(exhibit, row, 0) for row in trained(exhibit)]
    columns = [resolver.column(exhibit, c) for c in exhibit.columns if c.measured]
    return runs, columns  # type: ignore[return-value]


@pytest.mark.parametrize("exhibit", RUNNABLE, ids=lambda exhibit: exhibit.name)
def test_everything_that_smoke_runs_is_embedded(exhibit: Any) -> None:
    declared = sets(trained_and_tested(PAPER, exhibit))
    runs, columns = trained_and_tested(SMOKE, exhibit)
    found = sets((runs, columns))
    assert found
    assert all(isinstance(data, EMBEDDED) for data in found)
    assert not all(isinstance(data, EMBEDDED) for data in declared)


@pytest.mark.parametrize("exhibit", RUNNABLE, ids=lambda exhibit: exhibit.name)
def test_smoke_never_tests_on_what_it_trained_on(exhibit: Any) -> None:
    runs, columns = trained_and_tested(SMOKE, exhibit)
    trained = sets([run.data for run in runs])
    tested = sets([column.data for column in columns])
    assert trained
    assert not trained & tested


@pytest.mark.parametrize("exhibit", RUNNABLE, ids=lambda exhibit: exhibit.name)
def test_lite_takes_declared_sets_where_nothing_else_is_said(exhibit: Any) -> None:
    runs, columns = trained_and_tested(LITE, exhibit)
    data = ([run.data for run in runs], [column.data for column in columns])
    full_runs, full_columns = trained_and_tested(PAPER, exhibit)
    full = ([run.data for run in full_runs], [column.data for column in full_columns])
    assert sets(data) == sets(full)


@pytest.mark.parametrize("declared", STAND_INS, ids=repr)
def test_a_stand_in_provides_what_the_set_does(declared: Any) -> None:
    assert set(STAND_INS[declared].provides) == set(declared.provides)


@pytest.mark.parametrize("declared", STAND_INS, ids=repr)
def test_a_stand_in_is_large_enough_for_the_metrics_on_it(declared: Any, tmp_path: Path) -> None:
    least = {SSIM: 11, MSSSIM: 161, NIQE: 192}
    wanted = [
        least.get(type(column.metric), 1)
        + 2 * exhibit.protocol.evaluation.border * column.metric.of_pixels
        for exhibit in RUNNABLE
        if isinstance(exhibit, Table)
        for column in exhibit.columns
        if column.measured and declared in sets(column.data)
    ]
    images = STAND_INS[declared].open(DataPaths(None, tmp_path))
    side = min(min(images.image(i).shape[:2]) for i in range(min(len(images), 3)))
    assert side >= max([1, *wanted])


@pytest.mark.parametrize("data", [PHOTOGRAPHS, SCENES])
def test_embedded_data_stands_for_itself(data: Any) -> None:
    assert stand_in(data) is data
    for profile in (SMOKE, LITE, PAPER):
        assert resolved(profile, data) is data


def test_a_stand_in_is_that_of_the_split() -> None:
    assert stand_in(DIV2K("train")) == Photographs("train")
    assert stand_in(DIV2K("valid")).data == Photographs("val")
    scenes = [stand_in(Cityscapes(split)) for split in ("train", "val")]  # type: ignore[arg-type]
    assert [data.split for data in scenes] == ["train", "val"]


@dataclass(frozen=True)
class Unheard:
    """A set that nothing stands in for."""

    provides: ClassVar[tuple[str, ...]] = ("image",)

    def open(self, data_paths: DataPaths) -> None:
        raise NotImplementedError


def test_a_missing_stand_in_is_named_with_the_file_that_wants_it() -> None:
    with pytest.raises(DeclarationError) as raised:
        resolved(SMOKE, Noisy(Unheard(), 25))  # type: ignore[arg-type]
    said = str(raised.value)
    assert said.startswith("nothing stands in for Unheard(): add `Unheard(): ...` to STAND_INS in ")
    assert said.endswith("benchmarks/profiles/stand_ins.py")


@pytest.mark.parametrize("profile", [LITE, PAPER])
def test_only_smoke_wants_stand_ins(profile: Profile) -> None:
    noisy = Noisy(Unheard(), 25)  # type: ignore[arg-type]
    assert resolved(profile, noisy) is noisy


def test_a_class_of_data_is_no_data() -> None:
    assert resolved(SMOKE, (Unheard, DIV2K)) == (Unheard, DIV2K)


CROPS = RandomCrops(DIV2K("train"), count=10, size=64)


def test_crops_of_the_paper_are_drawn_beforehand() -> None:
    noisy = Noisy(CROPS, 25)
    assert resolved(PAPER, noisy) is noisy


@pytest.mark.parametrize("profile", [SMOKE, LITE, PAPER])
def test_crops_of_embedded_images_stay(profile: Profile) -> None:
    crops = RandomCrops(PHOTOGRAPHS, count=3, size=64)
    assert resolved(profile, crops) is crops


@pytest.mark.parametrize("declared", STAND_INS, ids=repr)
def test_resolving_twice_changes_nothing_more(declared: Any) -> None:
    once = resolved(SMOKE, Noisy(declared, 25))
    assert resolved(SMOKE, once) is once


FOLDERS = (("train", ("bsd100", "urban100")), ("test", ("kodak24",)))


def test_folders_stand_in_for_their_split_of_div2k_in_lite() -> None:
    wanted = PhotographFolders(("bsd100", "urban100"))
    assert resolved(LITE, DIV2K("train"), photographs=FOLDERS) == wanted
    assert resolved(LITE, Noisy(DIV2K("train"), 25), photographs=FOLDERS) == Noisy(wanted, 25)
    assert resolved(LITE, DIV2K("valid"), photographs=FOLDERS) == DIV2K("valid")
    assert resolved(LITE, Cityscapes("train"), photographs=FOLDERS) == Cityscapes("train")


BOTH = Together((DIV2K("train"), Flickr2K(first=2500)))


def test_folders_stand_in_for_div2k_with_what_follows_it() -> None:
    wanted = PhotographFolders(("bsd100", "urban100"))
    assert resolved(LITE, Noisy(BOTH, 25), photographs=FOLDERS) == Noisy(wanted, 25)
    assert resolved(LITE, BOTH, photographs=FOLDERS[1:]) is BOTH
    turned = Together((Flickr2K(), DIV2K("train")))
    assert resolved(LITE, turned, photographs=FOLDERS) == Together((Flickr2K(), wanted))
    assert resolved(PAPER, BOTH, photographs=FOLDERS) is BOTH


def test_several_sets_have_one_stand_in() -> None:
    assert resolved(SMOKE, BOTH) == PHOTOGRAPHS
    assert resolved(SMOKE, Together((DIV2K("train"), Flickr2K(assumed(2500, "n"))))) == PHOTOGRAPHS


def test_stand_ins_of_test_sets_share_no_photograph_with_those_of_training_sets(
    tmp_path: Path,
) -> None:
    """And no two test sets have the same parts of photographs."""
    paths = DataPaths(None, tmp_path)
    crops = [data for data in STAND_INS.values() if isinstance(data, RandomCrops)]
    tested = {sha256 for data in crops for _, sha256 in data.open(paths).manifest()}
    assert tested.isdisjoint(sha256 for _, sha256 in PHOTOGRAPHS.open(paths).manifest())
    places = [tuple(map(images.place, range(3))) for images in (d.open(paths) for d in crops)]
    assert len(set(places)) == len(crops) > 8


def test_folders_stand_in_for_nothing_in_the_other_profiles() -> None:
    assert resolved(PAPER, DIV2K("train"), photographs=FOLDERS) == DIV2K("train")
    assert resolved(SMOKE, DIV2K("train"), photographs=FOLDERS) == PHOTOGRAPHS
