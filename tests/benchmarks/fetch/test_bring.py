"""What is missing of a source is brought, file by file or as an archive, and failures are told."""

import hashlib
import json
import time
from dataclasses import replace

import pytest
from archives import png, zipped
from loopback import Loopback, status

from benchmarks.fetch import bring as module
from benchmarks.fetch.bring import bring
from benchmarks.fetch.records import recorded
from benchmarks.fetch.standing import State, standings
from datasets.sources import Archive, Member, RemoteFile, Source

PICTURES = {f"/{i}.png": png(i) for i in range(12)}


@pytest.fixture
def origin(tmp_path):
    archive = zipped(tmp_path / "made.zip", {f"in/{i}.png": png(i) for i in range(3)}).read_bytes()
    with Loopback({**PICTURES, "/a.zip": archive, "/b.zip": archive[:-7]}) as server:
        yield server


def brought(source, root):
    """What failed, and whether all of it is there then."""
    failures = bring(source.name, standings(source, root), root)
    return failures, all(s.state is State.THERE for s in standings(source, root))


def pictures(origin, **changes):
    """Small files with all that is known of them."""
    return Source(
        "set",
        tuple(
            RemoteFile(
                f"set{path}",
                (origin.url(path),),
                **{"size": len(c), "sha256": hashlib.sha256(c).hexdigest()} | changes,
            )
            for path, c in PICTURES.items()
        ),
        "free",
    )


def archive(origin, path="/a.zip", **changes):
    given = {"urls": (origin.url(path),), "members": (Member(r"in/(\d)\.png", r"set/\1.png", 3),)}
    return Source("set", (Archive("set/a.zip", **given | changes),), "free")


def files(root):
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())


def test_small_files_are_fetched_once_each(origin, tmp_path):
    root = tmp_path / "data"
    assert brought(pictures(origin), root) == ([], True)
    assert files(root) == sorted(f"set{path}" for path in PICTURES)
    assert brought(pictures(origin), root) == ([], True)
    assert sorted(asked.path for asked in origin.log) == sorted(PICTURES)


def test_one_file_that_fails_stops_no_other(origin, tmp_path):
    root = tmp_path / "data"
    origin.fail("/7.png", status(404), always=True)
    assert brought(pictures(origin), root)[0] != []
    assert files(root) == sorted(f"set{path}" for path in PICTURES if path != "/7.png")
    ((failure,), complete) = brought(pictures(origin), root)
    assert "/7.png" in failure
    assert not complete


def test_where_no_file_can_be_had_the_rest_is_not_tried(origin, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "THREADS", 1)
    for path in PICTURES:
        origin.fail(path, status(404), always=True)
    failures, complete = brought(pictures(origin), tmp_path / "data")
    assert not complete
    assert len(origin.log) < len(PICTURES)
    assert failures[-1].endswith("more files of set were not tried.")
    assert int(failures[-1].split()[0]) + len(origin.log) == len(PICTURES)
    assert len(failures) - 1 == len(origin.log)  # each that was tried is told


def test_ctrl_c_waits_for_no_file(origin, tmp_path, monkeypatch):
    """The origin asks for minutes before it gives what is left."""
    for path in list(PICTURES)[1:]:
        origin.fail(path, status(503, Retry_After="60"), always=True)

    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.Progress, "__call__", pressed)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        brought(pictures(origin), tmp_path / "data")
    assert time.monotonic() - began < 20
    assert files(tmp_path / "data") == ["set/0.png"]


def test_archive_is_unpacked_and_not_kept(origin, tmp_path):
    root = tmp_path / "data"
    assert brought(archive(origin), root) == ([], True)
    assert [name for name in files(root) if name.startswith("set")] == [
        "set/0.png", "set/1.png", "set/2.png",
    ]  # fmt: skip
    assert brought(archive(origin), root) == ([], True)
    assert len(origin.log) == 1


def test_archive_that_is_to_be_kept_or_that_the_user_brought_stays(origin, tmp_path):
    assert brought(archive(origin, keep=True), tmp_path / "kept") == ([], True)
    assert files(tmp_path / "kept" / "set") == ["0.png", "1.png", "2.png", "a.zip"]
    for place in ("a.zip", "set/a.zip"):
        path = tmp_path / place.replace("/", "-") / place
        path.parent.mkdir(parents=True)
        path.write_bytes(origin.files["/a.zip"])
        assert brought(archive(origin, urls=()), tmp_path / place.replace("/", "-")) == ([], True)
        assert path.is_file()
        assert list(recorded(tmp_path / place.replace("/", "-"))) == ["set/a.zip"]


@pytest.mark.parametrize("killed_in", ["unpack", "discard"])
def test_archive_of_a_command_that_was_killed_is_not_kept(origin, tmp_path, monkeypatch, killed_in):
    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            brought(archive(origin), tmp_path)
    assert (tmp_path / "set" / "a.zip").is_file()
    assert brought(archive(origin), tmp_path) == ([], True)
    assert files(tmp_path / "set") == ["0.png", "1.png", "2.png"]
    known = json.loads((tmp_path / "sources.json").read_text())["set/a.zip"]
    assert (known["url"], len(origin.log)) == (origin.url("/a.zip"), 1)


def test_archive_that_the_user_put_in_the_place_of_a_broken_one_stays(origin, tmp_path):
    path = tmp_path / "set" / "a.zip"
    assert brought(archive(origin, "/b.zip"), tmp_path)[1] is False
    path.unlink()
    path.write_bytes(origin.files["/a.zip"])
    assert brought(archive(origin, "/b.zip"), tmp_path) == ([], True)
    assert files(tmp_path / "set") == ["0.png", "1.png", "2.png", "a.zip"]


def test_what_the_user_brought_is_verified_before_it_is_unpacked(origin, tmp_path):
    source = archive(origin, urls=(), md5=hashlib.md5(origin.files["/a.zip"]).hexdigest())
    path = tmp_path / "set" / "a.zip"
    path.parent.mkdir()
    path.write_bytes(origin.files["/b.zip"])
    assert brought(source, tmp_path) == ([], False)
    assert standings(source, tmp_path)[0].state is State.WRONG
    assert not (tmp_path / "set" / "0.png").exists()
    path.write_bytes(origin.files["/a.zip"])
    assert brought(source, tmp_path) == ([], True)


def test_file_is_fetched_in_place_of_a_broken_one_in_torchs_cache(origin, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    cached = tmp_path / "hub" / "checkpoints" / "0.png"
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"cut")
    file = replace(pictures(origin).files[0], path="weights/0.png")
    assert brought(Source("0.png", (file,), "free"), tmp_path / "data") == ([], True)
    assert cached.read_bytes() == b"cut"


def test_archive_that_cannot_be_unpacked_is_told(origin, tmp_path):
    failures, complete = brought(archive(origin, "/b.zip"), tmp_path / "data")
    assert not complete
    assert "damaged or cut short" in failures[0]


def test_digest_of_an_archive_that_is_not_whole_is_not_held_against_the_right_one(origin, tmp_path):
    right, origin.files["/a.zip"] = origin.files["/a.zip"], origin.files["/b.zip"]
    assert brought(archive(origin), tmp_path)[1] is False
    assert not (tmp_path / "sources.json").exists()
    (tmp_path / "set" / "a.zip").unlink()
    origin.files["/a.zip"] = right
    assert brought(archive(origin), tmp_path) == ([], True)
    known = json.loads((tmp_path / "sources.json").read_text())["set/a.zip"]
    assert (known["sha256"], known["url"]) == (
        hashlib.sha256(right).hexdigest(),
        origin.url("/a.zip"),
    )


def test_digest_that_no_source_prints_is_recorded_also_of_what_the_user_brought(origin, tmp_path):
    path = tmp_path / "weights" / "a.pth"
    path.parent.mkdir()
    path.write_bytes(b"weights")
    source = Source("a.pth", (RemoteFile("weights/a.pth"),), "free", ("Ask.",))
    assert brought(source, tmp_path) == ([], True)
    known = json.loads((tmp_path / "sources.json").read_text())
    assert known["weights/a.pth"]["sha256"] == hashlib.sha256(b"weights").hexdigest()
    path.write_bytes(b"Weights")
    assert standings(source, tmp_path)[0].state is State.WRONG
