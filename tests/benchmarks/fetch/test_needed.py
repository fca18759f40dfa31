"""What tables, figures and names need, under each profile."""

import pytest

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.declare.errors import UsageError
from benchmarks.declare.weight_sources import WEIGHT_SOURCES
from benchmarks.fetch.needed import asked, needs, sources_of
from benchmarks.papers.registry import FIGURES, TABLES
from datasets.cityscapes import Cityscapes
from datasets.crops import RandomCrops
from datasets.div2k import DIV2K
from datasets.flickr2k import Flickr2K
from datasets.together import Together

EXHIBITS = {**TABLES, **FIGURES}


def status(profile="paper"):
    return Session(Request("fetch", profile=profile, device="cpu")).engine.status


def named(*words, profile="paper", only=""):
    return {need.source.name: need for need in asked(words, EXHIBITS, status(profile), only)}


def test_table_needs_its_data_its_features_its_metrics_and_its_judge():
    found = named("d2sm_table1")
    assert set(found) == {
        "Cityscapes", "vgg19-dcbb9e9d.pth", "alexnet-owt-7be5be79.pth", "hrnet_cs_8090_torch11.pth",
    }  # fmt: skip
    assert {need.wanted_by for need in found.values()} == {("d2sm_table1",)}


def test_rows_that_are_asked_for_alone_need_less():
    assert set(named("d2sm_table1", only="FFDNet / L_1")) == {
        "Cityscapes",
        "hrnet_cs_8090_torch11.pth",
    }


def test_source_of_several_tables_is_told_once():
    found = named("stft_table1c", "pdl_table2")
    assert set(found["DIV2K_train"].wanted_by) == {"stft_table1c", "pdl_table2"}
    assert found["CBSD68"].wanted_by == ("stft_table1c",)


@pytest.mark.parametrize("name", EXHIBITS)
def test_every_table_and_figure_has_its_part_of_all(name):
    everything = set(named("all"))
    assert set(named(name)) <= everything


def test_figures_speeds_and_studies_need_what_they_are_made_of():
    assert {"DIV2K_train", "vgg16-397923af.pth"} <= set(named("pdl_table1"))
    study, table = named("pdl_table3"), named("pdl_table2")
    assert "DIV2K_valid" in study
    assert set(study) <= set(table)
    assert "DIV2K_train" in named("pdl_figure3")


def test_smoke_needs_what_released_weights_need_and_lite_asks_for_the_best_there_is():
    wanting = {
        name for need in needs(EXHIBITS.values(), status("smoke")) for name in need.wanted_by
    }
    assert wanting == {name for name, table in TABLES.items() if table.released}
    found = named("d2sm_table1", profile="lite")
    assert {"FFDNet_color.mat", "vgg19-dcbb9e9d.pth", "hrnet_cs_8090_torch11.pth"} <= set(found)


@pytest.mark.parametrize(
    ("word", "sources"),
    [
        ("DIV2K_train", {"DIV2K_train"}),
        ("div2k", {"DIV2K_train", "DIV2K_valid"}),
        ("i_haze", {"I-HAZE"}),
        ("celeba", {"CelebA", "CelebA_lists"}),
        ("Set5", {"Set5"}),
        ("ffdnet_color.mat", {"FFDNet_color.mat"}),
        ("squeezenet1_1-b8a52dc0.pth", {"squeezenet1_1-b8a52dc0.pth"}),
    ],
)
def test_sources_are_asked_for_by_name(word, sources):
    found = named(word)
    assert set(found) == sources
    assert {need.wanted_by for need in found.values()} == {()}


def test_name_beside_a_table_that_wants_it_is_told_as_the_tables():
    assert named("Cityscapes", "d2sm_table1")["Cityscapes"].wanted_by == ("d2sm_table1",)


@pytest.mark.parametrize(
    ("word", "meant"), [("cityscape", "Cityscapes"), ("d2sm_tabel1", "d2sm_table1"), ("", "all")]
)
def test_what_is_called_otherwise_is_refused_with_the_nearest(word, meant):
    with pytest.raises(UsageError, match=f"nothing is called '{word}'.*{meant}"):
        named(word)


def test_sets_within_others_are_found():
    data = RandomCrops(Together((DIV2K("train"), Flickr2K(2500))))
    assert [source.name for source in sources_of(data)] == ["DIV2K_train", "Flickr2K"]
    assert list(sources_of(Cityscapes)) == []  # a class needs nothing


def test_weights_of_a_declaration_are_found():
    (table,) = [t for t in TABLES.values() if t.name == "calibration"]
    wanted = {s.name for s in sources_of([row for _, row in table.rows()])}
    assert {"FFDNet_color.mat", "DnCNN3.mat", "aod_dehazer.pth"} <= wanted & set(WEIGHT_SOURCES)
