"""Archives in their official layouts become what the loaders open."""

import re
from dataclasses import replace

import pytest
from archives import image, png, tarred, zipped

from benchmarks.fetch.standing import State, standings
from benchmarks.fetch.unpack import unpack
from datasets.cityscapes import Cityscapes
from datasets.div2k import DIV2K
from datasets.faces import CelebA, Helen
from datasets.flickr2k import Flickr2K
from datasets.haze_pairs import IHaze, OHaze
from datasets.images import DataError, DataPaths
from datasets.nyu_haze import NYU2Haze
from datasets.reside import RESIDE


def unpacked(archive, names, root, folder):
    """Of an archive with these members, the files that its declaration takes."""
    declared = [m for m in archive.members if any(re.fullmatch(m.pattern, n) for n in names)]
    content = {name: image("JPEG") if name.endswith(".jpg") else png() for name in names}
    write = tarred if archive.path.endswith(".tar") else zipped
    path = write(folder / archive.path.rpartition("/")[2], content)
    few = replace(archive, members=tuple(replace(member, count=None) for member in declared))
    return unpack(few, path, root)


def scene(name, kind, ending):
    return f"{name}/{kind}/01_{ending}_{kind}.jpg"


CITY = "aachen/aachen_000000_000019"
OFFICIAL = [
    (DIV2K("train"), ["DIV2K_train_HR/0001.png"], 1),
    (DIV2K("valid"), ["DIV2K_valid_HR/0801.png"], 1),
    (Flickr2K(), ["Flickr2K/Flickr2K_HR/000001.png", "Flickr2K/Flickr2K_LR_bicubic/X2/1x2.png"], 1),
    (IHaze("train"), [scene("# I-HAZY NTIRE 2018", k, "indoor") for k in ("hazy", "GT")], 2),
    (OHaze("train"), [scene("# O-HAZY NTIRE 2018", k, "outdoor") for k in ("hazy", "GT")], 2),
    (
        Cityscapes("train"),
        [
            f"leftImg8bit/train/{CITY}_leftImg8bit.png",
            "leftImg8bit/test/berlin/berlin_000000_000019_leftImg8bit.png",
            f"gtFine/train/{CITY}_gtFine_labelIds.png",
            f"gtFine/train/{CITY}_gtFine_color.png",
        ],
        2,
    ),
]


@pytest.mark.parametrize(("spec", "members", "taken"), OFFICIAL, ids=repr)
def test_members_of_the_official_archives_go_where_the_loader_looks(tmp_path, spec, members, taken):
    root = tmp_path / "data"
    count = 0
    for archive in (file for source in spec.sources() for file in source.files):
        count += len(unpacked(archive, members, root, tmp_path))
    assert count == taken
    assert len(spec.open(DataPaths(root, tmp_path / "cache"))) == 1


@pytest.mark.parametrize("kind", ["png", "jpg", "JPG"])
@pytest.mark.parametrize("inner", ["", "# O-HAZY NTIRE 2018/"])
def test_whole_sets_in_other_places_that_the_loader_opens_are_there(tmp_path, kind, inner):
    place = tmp_path / f"o-haze/{inner}"
    for folder in ("hazy", "GT"):
        (place / folder).mkdir(parents=True)
        for number in range(1, 46):
            content = png() if kind == "png" else image("JPEG")
            (place / folder / f"{number:02}_outdoor_{folder}.{kind}").write_bytes(content)
    (source,) = OHaze("test").sources()
    assert len(OHaze("test").open(DataPaths(tmp_path, tmp_path / "cache"))) == 5
    assert standings(source, tmp_path)[0].state is State.THERE
    (place / "GT" / f"45_outdoor_GT.{kind}").unlink()
    found = standings(source, tmp_path)[0]
    assert (found.state, found.why) == (State.MISSING, "44 of 45 files are there")


def test_flickr2k_without_its_inner_folder_is_there(tmp_path):
    (tmp_path / "flickr2k").mkdir()
    for number in range(1, 2651):
        (tmp_path / f"flickr2k/{number:06}.png").write_bytes(png())
    (source,) = Flickr2K().sources()
    assert len(Flickr2K(first=1).open(DataPaths(tmp_path, tmp_path / "cache"))) == 1
    assert standings(source, tmp_path)[0].state is State.THERE


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (RESIDE("ITS"), ["its/hazy/1_1_0.9.png", "its/clear/1.png"]),
        (RESIDE("OTS"), ["ots/hazy/0001_0.8_0.2.jpg", "ots/clear/0001.jpg"]),
        (RESIDE("SOTS indoor"), ["sots/indoor/hazy/1400_1.png", "sots/indoor/gt/1400.png"]),
        (NYU2Haze("test"), ["images/NYU2_1.jpg", "data/NYU2_1_1_1.jpg", "data/NYU2_1_1_2.jpg"]),
    ],
    ids=repr,
)
def test_folders_that_are_filled_by_hand_are_those_that_the_loader_looks_into(
    tmp_path, spec, names
):
    (source,) = spec.sources()
    place = source.files[0].path.partition("/")[0]
    for name in names:
        path = tmp_path / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image("JPEG") if name.endswith(".jpg") else png())
    for file in source.files:
        assert any(re.fullmatch(file.names, p.name) for p in (tmp_path / file.path).iterdir())
    assert {s.state for s in standings(source, tmp_path)} <= {State.YOURS, State.THERE}
    assert all(s.why or s.state is State.THERE for s in standings(source, tmp_path))


@pytest.mark.parametrize(
    ("spec", "which"),
    [(CelebA("train"), 0), (CelebA("test"), 1), (Helen("train"), 0), (Helen("test"), 1)],
    ids=repr,
)
def test_declared_lists_of_faces_are_those_that_the_loader_reads(tmp_path, spec, which):
    photographs, lists = spec.sources()
    assert photographs.files[0].path == f"{spec.place}/{spec.photographs}"
    path = tmp_path / lists.files[which].path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no list")
    with pytest.raises(DataError) as caught:
        spec.open(DataPaths(tmp_path, tmp_path))
    assert str(caught.value).startswith(str(path))
