"""What data sets and weights files declare is complete, and is what errors and loaders read."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.cli.request import Request
from benchmarks.cli.session import Session
from benchmarks.declare.tree import walk
from benchmarks.declare.weight_sources import WEIGHT_SOURCES
from benchmarks.engine.steps import weight_files
from benchmarks.fetch import needed
from benchmarks.papers.registry import FIGURES, TABLES
from datasets.folders import CBSD68
from datasets.images import DataError, DataPaths
from datasets.listed import Manifest
from datasets.source_words import in_words
from datasets.sources import Folder, RemoteFile, Source

EXHIBITS = {**TABLES, **FIGURES}


@pytest.fixture(scope="module")
def status():
    return Session(Request("fetch", profile="paper", device="cpu")).engine.status


@pytest.fixture(scope="module")
def held(status):
    """Every declared object behind the exhibits under the paper profile, each once."""
    wanted = [needed._wanted(exhibit, status, "") for exhibit in EXHIBITS.values()]
    found = {id(part): part for part in walk(wanted) if not isinstance(part, type)}
    return list(found.values())


@pytest.fixture(scope="module")
def sets(held):
    """Every data set that holds no other."""
    found = {part for part in held if hasattr(part, "open")}
    return [part for part in found if not any(hasattr(x, "open") for x in list(walk(part))[1:])]


@pytest.fixture(scope="module")
def every(sets):
    """Every source of the paper profile and of a weights file."""
    return {*WEIGHT_SOURCES.values(), *(source for spec in sets for source in spec.sources())}


def test_every_data_set_of_the_paper_profile_says_where_it_comes_from(sets):
    assert {"Cityscapes", "DIV2K", "CelebA", "RGBDFolder"} <= {type(spec).__name__ for spec in sets}
    for spec in sets:
        sources = spec.sources()
        assert sources, spec
        assert all(source.files for source in sources), spec


def test_errors_of_a_data_set_name_the_files_that_a_fetch_brings(sets, tmp_path):
    for spec in sets:
        with pytest.raises(DataError) as caught:
            spec.open(DataPaths(None, tmp_path))
        for source in spec.sources():
            assert in_words(source) in str(caught.value), spec


def test_every_weights_file_is_declared_with_the_digest_that_is_asked_for(held):
    files = {file for part in held for file in weight_files(part)}
    assert len(files) > 10
    for name, sha256 in files:
        (file,) = WEIGHT_SOURCES[name].files
        assert file.path == f"weights/{name}"
        assert file.sha256.startswith(sha256), name


def test_declarations_are_well_formed(every):
    names = [source.name for source in every]
    assert len(set(names)) == len(names)
    for source in every:
        assert re.fullmatch(r"[\w.-]+", source.name)
        assert source.terms
        for file in source.files:
            assert not {"", "..", "."} & set(file.path.split("/"))
            assert file.urls or source.steps, f"{file.path} can be had by nobody"
            assert all(urlsplit(url).scheme == "https" for url in file.urls[:1])
            assert file.size is None or file.size > 0
            for name, digits in (("sha256", 64), ("md5", 32), ("sha1", 40)):
                assert re.fullmatch(rf"([0-9a-f]{{{digits}}})?", getattr(file, name)), file.path


def test_steps_name_the_folders_that_are_then_looked_into(every):
    for source in every:
        if source.steps and not source.files[0].urls:
            for file in source.files:
                place = file.path if isinstance(file, Folder) else file.path.rpartition("/")[0]
                assert f"DIR/{place}" in " ".join(source.steps), source.name


def test_the_page_on_data_names_the_place_of_every_file(every):
    page = Path(__file__).parents[3] / "docs" / "data.md"
    listing = page.read_text(encoding="utf-8").split("## The layout")[1].split("```")[1]
    places = re.findall(r"[\w.-]+", listing)
    for file in (file for source in every for file in source.files):
        folder, _, name = file.path.partition("/")
        assert folder in places
        assert folder != "weights" or name in places


def test_words_name_address_or_steps_and_the_command():
    file = RemoteFile("set/a.png", ("https://example.org/x/a.png",))
    one = Source("set", (file,), "free")
    assert in_words(one) == "It comes from https://example.org/x/a.png; --fetch set fetches a.png."
    many = Source("set", tuple(RemoteFile(f"set/{n}.png", (f"https://e.org/x/{n}.png",))
                               for n in "abc"), "free")  # fmt: skip
    assert in_words(many) == "It comes from https://e.org/x; --fetch set fetches a.png to c.png."
    yours = Source("set", (Folder("set/b"), Folder("set/c")), "asked for", ("Ask.", "Copy."))
    said = "Ask. --fetch set tells every step, and checks set/b and set/c."
    assert in_words(yours) == said


def test_listed_files_lie_at_a_commit_and_names_are_quoted():
    (source,) = CBSD68().sources()
    assert len(source.files) == 68
    assert source.files[0].path == "cbsd68/101085.png"
    assert re.fullmatch(
        r"https://raw\.githubusercontent\.com/cszn/FFDNet/[0-9a-f]{40}/testsets/CBSD68/101085\.png",
        source.files[0].urls[0],
    )
    listed = CBSD68().listed.files[0]
    assert (source.files[0].size, source.files[0].sha256) == (listed.size, listed.sha256)
    odd = Manifest("a/b", "c" * 40, "d e", (listed._replace(name="f#1=2.png"),))
    (url,) = odd.urls
    assert url.endswith(f"/a/b/{'c' * 40}/d%20e/f%231%3D2.png")
