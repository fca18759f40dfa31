"""An archive that is not what is declared leads to one clear error, and to no file."""

import io
import os
import stat
import struct
import tarfile
import zipfile

import pytest
from archives import image, png, tarred, with_odd_member, zipped

from benchmarks.fetch import unpack as unpack_module
from benchmarks.fetch.members import Entry
from benchmarks.fetch.unpack import unpack
from datasets.images import DataError
from datasets.sources import Archive, Member

IMAGES = Member(r"(SET_HR/\d{4}\.png)", r"set/\1", largest=10_000)
SET = Archive("set/SET_HR.zip", members=(IMAGES,))
GOOD = {"SET_HR/0001.png": png(1), "SET_HR/0002.png": png(2)}


@pytest.fixture
def refused(tmp_path):
    """Unpacks what must not be, and returns why it was not; nothing may have been left behind."""

    def attempt(path, archive=SET):
        root = tmp_path / "inner" / "root"
        root.mkdir(parents=True)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(DataError) as error:
            unpack(archive, path, root)
        assert sorted(tmp_path.rglob("*")) == before
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)
        return str(error.value)

    return attempt


NAMES = ["../evil.png", "SET_HR/../../evil.png", "/evil.png", "..\\evil.png", "C:\\evil.png"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("make", [zipped, tarred])
def test_name_that_leads_out(tmp_path, refused, make, name):
    path = make(tmp_path / "a", GOOD | {name: png()})
    assert "leads out of it" in refused(path)


def test_name_that_becomes_one_that_leads_out(tmp_path, refused):
    path = zipped(tmp_path / "a.zip", {"a/./.": png(), "b/.": png()})
    archive = Archive("a.zip", members=(Member(r"a/(\.)/(\.)", r"\1\2/evil.png"),))
    assert "leads out of it" in refused(path, archive)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "a device or a pipe"),
        (tarfile.BLKTYPE, "a device or a pipe"),
        (tarfile.FIFOTYPE, "a device or a pipe"),
    ],
)
def test_tar_member_that_is_no_file(tmp_path, refused, kind, words):
    path = with_odd_member(tmp_path / "a.tar", GOOD, "SET_HR/0003.png", kind)
    assert f"'SET_HR/0003.png' is {words}, not a file" in refused(path)


@pytest.mark.parametrize(
    ("kind", "words"),
    [(stat.S_IFLNK, "a link"), (stat.S_IFCHR, "a device"), (stat.S_IFIFO, "a device")],
)
def test_zip_member_that_is_no_file(tmp_path, refused, kind, words):
    path = zipped(tmp_path / "a.zip", {"SET_HR/0001.png": b"/etc"}, external_attr=kind << 16)
    assert f"'SET_HR/0001.png' is {words}" in refused(path)


def test_link_in_a_folders_place_leads_nowhere(tmp_path):
    """What is not wanted stays inside; a wanted file goes where the declaration says."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("SET_HR")
        link.type, link.linkname = tarfile.SYMTYPE, str(elsewhere)
        archive.addfile(link)
        member = tarfile.TarInfo("SET_HR/0001.png")
        member.size = len(png())
        archive.addfile(member, io.BytesIO(png()))
    (target,) = unpack(SET, path, tmp_path / "root")
    assert target.read_bytes() == png()
    assert not list(elsewhere.iterdir())
    assert not any(p.is_symlink() for p in (tmp_path / "root").rglob("*"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_for_one_file(tmp_path, refused):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for shade in (1, 2):
            archive.writestr("SET_HR/0001.png", png(shade))
    assert "two members for set/SET_HR/0001.png" in refused(tmp_path / "a.zip")


def test_two_names_for_one_file(tmp_path, refused):
    path = zipped(tmp_path / "a.zip", {"a/1.png": png(), "b/1.png": png()})
    archive = Archive("a.zip", members=(Member(r"./(1\.png)", r"set/\1"),))
    assert "'a/1.png' and 'b/1.png'" in refused(path, archive)


@pytest.mark.parametrize("make", [zipped, tarred])
def test_bomb_that_says_so(tmp_path, refused, make):
    path = make(tmp_path / "a", {"SET_HR/0001.png": png() + bytes(20_000)})
    assert "10000 at most are declared" in refused(path)


def test_bomb_that_says_less(tmp_path, refused):
    """The headers say 100 bytes; zipfile would inflate a megabyte."""
    path = zipped(tmp_path / "a.zip", {"SET_HR/0001.png": png() + bytes(2**20)})
    true, told = struct.pack("<L", len(png()) + 2**20), struct.pack("<L", 100)
    assert path.read_bytes().count(true) == 2
    path.write_bytes(path.read_bytes().replace(true, told))
    assert "damaged" in refused(path)


def test_no_more_bytes_are_written_than_a_header_says(tmp_path, monkeypatch, refused):
    """Whatever the library gives: a limit that rests on it alone would be none."""
    written = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda f: (written.append(os.fstat(f).st_size), fsync(f)))
    monkeypatch.setattr(unpack_module, "_PIECE", 1000)
    monkeypatch.setattr(
        unpack_module,
        "_wanted",
        lambda *_: [(Entry("a", 1500, "file", lambda: io.BytesIO(bytes(10**6))), "set/a")],
    )
    path = zipped(tmp_path / "a.zip", GOOD)
    assert "does not have the 1500 bytes" in refused(path)
    assert written == [1000]


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("mode", ["zip", "w", "w:gz"])
def test_truncated_archive(tmp_path, refused, mode, keep):
    path = tmp_path / "a"
    zipped(path, GOOD) if mode == "zip" else tarred(path, GOOD, mode)
    whole = path.read_bytes().rstrip(b"\0") if mode == "w" else path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    assert "damaged or cut short" in refused(path)


def test_tar_that_is_cut_between_two_members(tmp_path, refused):
    path = tarred(tmp_path / "a.tar", GOOD)
    with tarfile.open(path) as archive:
        second = archive.getmembers()[1].offset
    path.write_bytes(path.read_bytes()[:second])
    assert "it has no end" in refused(path)


def test_flipped_bit_is_seen_by_the_checksum(tmp_path, refused):
    path = zipped(tmp_path / "a.zip", {"SET_HR/0001.png": png() + bytes(range(256))})
    content = bytearray(path.read_bytes())
    content[len("SET_HR/0001.png") + 60] ^= 1
    path.write_bytes(content)
    assert "damaged" in refused(path)


@pytest.mark.parametrize("content", [b"", b"Entry not found", b"<html></html>"])
def test_no_archive_at_all(tmp_path, refused, content):
    (tmp_path / "a.zip").write_bytes(content)
    assert "damaged or cut short" in refused(tmp_path / "a.zip")


def test_wrong_inner_folder_says_what_is_there(tmp_path, refused):
    names = [f"DIV2K/SET_HR/{n:04}.png" for n in range(3)] + ["readme", "x/1", "y/1", "z/1", "w/1"]
    message = refused(zipped(tmp_path / "a.zip", dict.fromkeys(names, png())))
    assert "0 members" in message
    assert "3 in 'DIV2K/SET_HR'" in message
    assert "2 folders more" in message


def test_archive_without_a_file_says_so(tmp_path, refused):
    assert "no file at all" in refused(zipped(tmp_path / "a.zip", {"SET_HR/": b""}))


@pytest.mark.parametrize("count", [1, 3])
def test_missing_and_additional_images(tmp_path, refused, count):
    archive = Archive("a.zip", members=(Member(IMAGES.pattern, IMAGES.target, count),))
    message = refused(zipped(tmp_path / "a.zip", GOOD), archive)
    assert f"2 members '(SET_HR/\\\\d{{4}}\\\\.png)', but {count} are declared" in message


@pytest.mark.parametrize("content", [b"<html></html>", b"", image("JPEG")])
def test_image_that_is_none(tmp_path, refused, content):
    path = zipped(tmp_path / "a.zip", GOOD | {"SET_HR/0003.png": content})
    assert "'SET_HR/0003.png' is no .png file" in refused(path)


def test_encrypted_archive(tmp_path, refused):
    path = zipped(tmp_path / "a.zip", GOOD)
    content = path.read_bytes()
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        begin = content.index(mark) + at
        content = content[:begin] + b"\x01" + content[begin + 1 :]
    path.write_bytes(content)
    assert "password" in refused(path)


def test_folder_in_the_place_of_a_file(tmp_path):
    (tmp_path / "root" / "set" / "SET_HR" / "0001.png").mkdir(parents=True)
    with pytest.raises(DataError, match=r"0001.png is a folder"):
        unpack(SET, zipped(tmp_path / "a.zip", GOOD), tmp_path / "root")
