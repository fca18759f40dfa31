"""How a data root stands to what is declared."""

import hashlib
from dataclasses import replace

import pytest
from archives import png, zipped

from benchmarks.fetch.records import record
from benchmarks.fetch.standing import State, standings
from datasets.sources import Archive, Folder, Member, RemoteFile, Source

CONTENT = b"weights"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = RemoteFile("weights/a.pth", ("https://example.org/a.pth",), len(CONTENT), SHA256)
ARCHIVE = Archive(
    "set/a.zip",
    ("https://example.org/a.zip",),
    members=(
        Member(r"in/(\d)\.png", r"set/HR/\1.png", 2),
        Member(r"in/([a-z])\.png", r"set/[x]/\1.png"),
    ),
)
FOLDER = Folder("set/hazy", names=r"\d+\.png", count=2)


def state(file, root):
    (found,) = standings(Source("set", (file,), "free"), root)
    return found.state, found.why


@pytest.fixture(autouse=True)
def no_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


def put(path, content=CONTENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("file", [FILE, ARCHIVE, FOLDER])
def test_what_is_not_there_is_missing_or_for_the_user_to_bring(file, tmp_path):
    for root in (None, tmp_path, tmp_path / "nowhere"):
        expected = State.MISSING if file.urls else State.YOURS
        assert state(file, root) == (expected, "")
        assert state(replace(file, urls=()), root) == (State.YOURS, "")


def test_file_with_its_digest_is_there_and_another_is_wrong(tmp_path):
    path = put(tmp_path / FILE.path)
    assert state(FILE, tmp_path) == (State.THERE, "")
    path.write_bytes(b"Weights")
    found, why = state(FILE, tmp_path)
    assert found is State.WRONG
    assert str(path) in why
    assert SHA256 in why


def test_weights_in_torchs_cache_are_there_if_they_are_the_right_ones(tmp_path):
    cached = put(tmp_path / "torch" / "hub" / "checkpoints" / "a.pth")
    assert state(FILE, tmp_path / "data") == (State.THERE, f"in {cached.parent}")
    assert state(replace(FILE, path="set/a.pth"), tmp_path / "data")[0] is State.MISSING


def test_another_file_in_torchs_cache_is_as_good_as_none(tmp_path):
    cached = put(tmp_path / "torch" / "hub" / "checkpoints" / "a.pth", b"Weights")
    expected = f"{cached} is another file, which does not count"
    assert state(FILE, tmp_path / "data") == (State.MISSING, expected)
    put(tmp_path / "data" / FILE.path)
    assert state(FILE, tmp_path / "data") == (State.THERE, "")


def test_weights_in_torchs_cache_are_held_against_what_the_data_root_recorded(tmp_path):
    cached = put(tmp_path / "torch" / "hub" / "checkpoints" / "a.pth")
    unknown = replace(FILE, sha256="")
    assert state(unknown, tmp_path / "data")[0] is State.THERE
    (tmp_path / "data").mkdir()
    record(tmp_path / "data", FILE.path, hashlib.sha256(b"Weights").hexdigest(), 7, "")
    assert state(unknown, tmp_path / "data")[0] is State.MISSING
    record(cached.parent, "a.pth", hashlib.sha256(b"Weights").hexdigest(), 7, "")
    (tmp_path / "data" / "sources.json").unlink()
    assert state(unknown, tmp_path / "data")[0] is State.THERE


def test_archive_is_there_once_all_its_members_are(tmp_path):
    put(tmp_path / "set/HR/1.png", png())
    assert state(ARCHIVE, tmp_path) == (State.MISSING, "1 of 2 files are there")
    put(tmp_path / "set/HR/._1.png", png())
    assert state(ARCHIVE, tmp_path) == (State.MISSING, "1 of 2 files are there")
    put(tmp_path / "set/HR/2.png", png())
    assert state(ARCHIVE, tmp_path) == (State.MISSING, "")  # of the other member nothing is
    put(tmp_path / "set/[x]/a.png", png())
    assert state(ARCHIVE, tmp_path) == (State.THERE, "")


@pytest.mark.parametrize("place", ["set/a.zip", "a.zip"])
def test_archive_that_the_user_brought_waits_to_be_unpacked(tmp_path, place):
    path = zipped(put(tmp_path / place), {"in/1.png": png()})
    known = replace(ARCHIVE, urls=(), md5=hashlib.md5(path.read_bytes()).hexdigest())
    (found,) = standings(Source("set", (known,), "free"), tmp_path)
    assert (found.state, found.place or tmp_path / known.path) == (State.PACKED, path)
    path.write_bytes(b"another")
    found_state, why = state(known, tmp_path)
    assert found_state is State.WRONG
    assert known.md5 in why


def test_files_of_a_folder_are_counted_by_their_names(tmp_path):
    put(tmp_path / "set/hazy/1.png", png())
    put(tmp_path / "set/hazy/notes.txt")
    assert state(FOLDER, tmp_path) == (State.YOURS, "1 of 2 files are there")
    put(tmp_path / "set/hazy/2.png", png())
    assert state(FOLDER, tmp_path) == (State.THERE, "")
    put(tmp_path / "set/hazy/.3.png", png())
    assert state(replace(FOLDER, names=".+png"), tmp_path) == (State.THERE, "")
    assert state(replace(FOLDER, count=None), tmp_path) == (State.THERE, "")
    put(tmp_path / "set/hazy/3.png", png())
    found, why = state(FOLDER, tmp_path)
    assert found is State.WRONG
    assert "holds 3 files of the set, which has 2" in why
    assert state(replace(FOLDER, count=None, names="x"), tmp_path) == (State.YOURS, "")
