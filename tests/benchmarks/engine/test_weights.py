"""Files with weights: where they are looked for, and what is refused."""

import hashlib
from pathlib import Path

import pytest

from benchmarks.declare.weight_sources import WEIGHT_SOURCES
from benchmarks.engine.weights import MissingFile, WeightFiles, WrongFile

DIGEST = hashlib.sha256(b"weights").hexdigest()


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "data"


def put(folder, content=b"weights"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.pth").write_bytes(content)
    return folder / "a.pth"


def test_folders_are_the_data_roots_and_then_torchs(root, monkeypatch):
    cache = root.parent / "torch" / "hub" / "checkpoints"
    assert WeightFiles(root).folders == [root / "weights", cache]
    assert WeightFiles(None).folders == [cache]
    monkeypatch.delenv("TORCH_HOME")
    assert WeightFiles(None).folders == [Path.home() / ".cache/torch/hub/checkpoints"]


def test_data_root_is_searched_first(root):
    files = WeightFiles(root)
    cached = put(root.parent / "torch" / "hub" / "checkpoints")
    assert files.find("a.pth", DIGEST) == cached
    own = put(root / "weights")
    assert files.find("a.pth", DIGEST) == own


@pytest.mark.parametrize("known", ["", DIGEST[:8], DIGEST])
def test_digest_is_compared_as_far_as_it_is_known(root, known):
    path = put(root / "weights")
    files = WeightFiles(root)
    assert files.find("a.pth", known) == path
    assert files.digest(path) == DIGEST
    assert files.has("a.pth")


@pytest.mark.parametrize(("known", "shown"), [("0123", 8), ("0" * 12, 12)])
def test_file_with_another_digest_is_refused(root, known, shown):
    path = put(root / "weights")
    with pytest.raises(WrongFile) as caught:
        WeightFiles(root).find("a.pth", known)
    assert str(caught.value) == (
        f"{path} is not the released file: its sha256 starts with {DIGEST[:shown]}, expected "
        f"{known}. Fetch it again."
    )
    assert caught.value.what == "the released file"


def test_digest_must_match_from_its_beginning(root):
    put(root / "weights")
    with pytest.raises(WrongFile):
        WeightFiles(root).find("a.pth", DIGEST[1:9])


def test_absent_file_says_where_to_put_it(root):
    files = WeightFiles(root)
    assert not files.has("a.pth")
    with pytest.raises(MissingFile) as caught:
        files.find("a.pth", DIGEST)
    one, two = files.folders
    assert str(caught.value) == f"a.pth is not there. Put it into {one} or {two}."
    assert caught.value.what == "a.pth"


def test_absent_file_without_a_data_root(root):
    with pytest.raises(MissingFile) as caught:
        WeightFiles(None).find("a.pth", DIGEST)
    (folder,) = WeightFiles(None).folders
    assert str(caught.value) == (
        f"a.pth is not there. Put it into {folder}. --data-root DIR names a folder with weights/ "
        "in it."
    )


@pytest.mark.parametrize("name", WEIGHT_SOURCES)
def test_declared_files_say_where_they_come_from_and_how_to_fetch_them(root, name):
    with pytest.raises(MissingFile) as caught:
        WeightFiles(root).find(name, DIGEST)
    source = WEIGHT_SOURCES[name]
    (file,) = source.files
    assert (file.urls or source.steps)[0] in str(caught.value)
    assert f"--fetch {name} " in str(caught.value)


def test_a_file_is_hashed_once(root):
    path = put(root / "weights")
    files = WeightFiles(root)
    files.find("a.pth", DIGEST)
    path.write_bytes(b"other")
    assert files.digest(path) == DIGEST  # large files are not read twice in a process
    assert WeightFiles(root).digest(path) != DIGEST
