"""The wanted members of an archive come to lie where the data set wants them."""

import errno
import os
import shutil
import tarfile

import pytest
from archives import image, png, tarred, zipped

from benchmarks.fetch.signatures import begins_as_named
from benchmarks.fetch.unpack import unpack
from datasets.images import DataError
from datasets.sources import Archive, Member

IMAGES = Member(r"SET_HR/(\d{4}\.png)", r"set/SET_HR/\1", count=2)
SET = Archive("set/SET_HR.zip", members=(IMAGES,))
GOOD = {"SET_HR/0001.png": png(1), "SET_HR/0002.png": png(2), "SET_HR/readme.txt": b"hello"}


def files(root):
    """All that lies below a folder, as it is."""
    return {
        p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if not p.is_dir()
    }


MAKERS = {
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda path, members: tarred(path, members, "w:gz"),
    "tar.bz2": lambda path, members: tarred(path, members, "w:bz2"),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("before", ["", "./"])
def test_wanted_members_are_put_in_their_places(tmp_path, kind, before):
    path = MAKERS[kind](tmp_path / f"a.{kind}", {before + k: v for k, v in GOOD.items()})
    root = tmp_path / "root"
    assert unpack(SET, path, root) == [root / "set" / name for name in list(GOOD)[:2]]
    assert files(root) == {f"set/{name}": GOOD[name] for name in list(GOOD)[:2]}
    assert path.exists()


def test_nothing_is_put_beside_the_same_in_another_format(tmp_path):
    path = zipped(tmp_path / "a.zip", GOOD)
    other = tmp_path / "root" / "set" / "SET_HR" / "0002.jpg"
    other.parent.mkdir(parents=True)
    other.write_bytes(image("JPEG"))
    with pytest.raises(DataError, match=r"0002.jpg is there already.* 0002.png to put beside it"):
        unpack(SET, path, tmp_path / "root")
    assert list(files(tmp_path / "root")) == ["set/SET_HR/0002.jpg"]
    other.unlink()
    for _ in range(2):  # its own files are replaced
        assert len(unpack(SET, path, tmp_path / "root")) == 2


def test_o_and_i_haze_lie_in_folders_with_spaces(tmp_path):
    inside = "# I-HAZY NTIRE 2018"
    members = {
        f"{inside}/hazy/01_indoor_hazy.jpg": image("JPEG", 1),
        f"{inside}/GT/01_indoor_GT.jpg": image("JPEG", 2),
        "__MACOSX/._GT": b"",
    }
    wanted = Member(r"# I-HAZY NTIRE 2018/(hazy|GT)/(\d\d)_indoor_\1\.jpg", r"ihaze/\1/\2.jpg", 2)
    path = zipped(tmp_path / "I-HAZE.zip", members)
    unpack(Archive("ihaze/I-HAZE.zip", members=(wanted,)), path, tmp_path / "root")
    assert sorted(files(tmp_path / "root")) == ["ihaze/GT/01.jpg", "ihaze/hazy/01.jpg"]


def test_names_of_windows_have_the_same_folders(tmp_path):
    path = zipped(tmp_path / "a.zip", {k.replace("/", "\\"): v for k, v in GOOD.items()})
    assert len(unpack(SET, path, tmp_path / "root")) == 2


def test_first_declaration_that_fits_takes_a_member(tmp_path):
    first = Member(r"SET_HR/0001\.png", "one/a.png")
    rest = Member(r"SET_HR/(\d+)\.png", r"rest/\1.png")
    unpack(
        Archive("a.zip", members=(first, rest)), zipped(tmp_path / "a.zip", GOOD), tmp_path / "root"
    )
    assert sorted(files(tmp_path / "root")) == ["one/a.png", "rest/0002.png"]


def test_files_of_an_earlier_time_are_replaced_and_others_left(tmp_path):
    folder = tmp_path / "root" / "set" / "SET_HR"
    folder.mkdir(parents=True)
    (folder / "0001.png").write_bytes(b"half")
    (folder / "0003.png").write_bytes(b"other")
    unpack(SET, zipped(tmp_path / "a.zip", GOOD), tmp_path / "root")
    assert files(folder) == {
        "0001.png": png(1),
        "0002.png": png(2),
        "0003.png": b"other",
    }


def test_folder_may_lie_on_another_disk(tmp_path, monkeypatch):
    """What is staged lies below the link, or the last rename would cross disks."""
    disk, root = tmp_path / "disk", tmp_path / "root"
    disk.mkdir()
    root.mkdir()
    (root / "set").symlink_to(disk)
    replace = os.replace

    def within(old, new):
        assert os.path.realpath(old).startswith(str(disk))
        replace(old, new)

    monkeypatch.setattr(os, "replace", within)
    unpack(SET, zipped(tmp_path / "a.zip", GOOD), root)
    assert sorted(files(disk)) == ["SET_HR/0001.png", "SET_HR/0002.png"]


@pytest.mark.parametrize("made", [".", "set/SET_HR"])
def test_leftovers_of_a_killed_process_go(tmp_path, made):
    root = tmp_path / "root"
    (root / "set" / "SET_HR").mkdir(parents=True)
    leftover = root / made / ".a.zip.unpacking" / "set"
    leftover.mkdir(parents=True)
    (leftover / "0001.png").write_bytes(b"half")
    unpack(SET, zipped(tmp_path / "a.zip", GOOD), root)
    assert sorted(files(root)) == ["set/SET_HR/0001.png", "set/SET_HR/0002.png"]


@pytest.mark.parametrize("name", ["a.7z", "a.7z.001", "a.rar", "split.zip"])
def test_other_archives_name_the_command(tmp_path, name):
    path = tmp_path / "my data" / name
    path.parent.mkdir()
    path.write_bytes(b"PK\x03\x04 the last of some")
    if name == "split.zip":
        path.with_suffix(".z01").write_bytes(b"")
    with pytest.raises(DataError, match=r"needs another program: 7z x -o'.*my data' '.*'"):
        unpack(SET, path, tmp_path / "root")


@pytest.mark.parametrize("head", [b"7z\xbc\xaf\x27\x1c\0\4", b"Rar!\x1a\x07\x01\0"])
def test_other_archives_are_known_by_their_first_bytes(tmp_path, head):
    (tmp_path / "a.zip").write_bytes(head)
    with pytest.raises(DataError, match="7z x"):
        unpack(SET, tmp_path / "a.zip", tmp_path / "root")


def test_missing_archive_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"a.zip cannot be unpacked.*No such file"):
        unpack(SET, tmp_path / "a.zip", tmp_path / "root")


def test_full_disk_is_told_before_the_first_byte(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", GOOD)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(DataError, match="GB free"):
        unpack(SET, path, tmp_path / "root")
    assert not files(tmp_path / "root")


def test_disk_that_fills_up_leaves_nothing(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", GOOD)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DataError, match=r"a.zip cannot be unpacked into .*: No space left"):
        unpack(SET, path, tmp_path / "root")
    assert not files(tmp_path / "root")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.png", "PNG"), ("b.JPG", "JPEG"), ("c.jpeg", "JPEG"), ("d.bmp", "BMP"), ("e.tif", "TIFF")],
)
def test_images_begin_as_their_names_say(name, kind):
    assert begins_as_named(f"a/{name}", image(kind))
    assert not begins_as_named(f"a/{name}", b"<html>  ")
    assert not begins_as_named(f"a/{name}", b"")


def test_archives_begin_as_their_names_say(tmp_path):
    for kind in ("zip", "tar.gz"):
        head = MAKERS[kind](tmp_path / "a", GOOD).read_bytes()
        assert begins_as_named(f"a.{kind}", head)
        assert not begins_as_named(f"a.{kind}", head[1:])
    assert begins_as_named("weights.pth", b"anything")
    assert tarfile.is_tarfile(tmp_path / "a")
