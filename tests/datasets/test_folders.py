import re
from pathlib import PurePath

import pytest

from datasets.folders import (
    BSD100,
    CBSD68,
    LIVE1,
    BSDS500Val,
    Classic5,
    Kodak24,
    McMaster,
    Set5,
    Set14,
    Urban100,
)
from datasets.images import DataError, DataPaths

SETS = {
    CBSD68(): 68,
    Kodak24(): 24,
    McMaster(): 18,
    Set5(): 5,
    Set14(): 14,
    BSD100(): 100,
    Urban100(): 100,
    LIVE1(): 29,
    Classic5(): 5,
    BSDS500Val(): 100,
}


def message_of(spec, data_paths):
    with pytest.raises(DataError) as caught:
        spec.open(data_paths)
    return str(caught.value)


@pytest.mark.parametrize("spec", SETS, ids=repr)
def test_every_file_of_a_set_is_listed_once_with_its_origin(spec):
    files = spec.listed.files
    assert len(files) == SETS[spec]
    assert len({PurePath(file.name).stem for file in files}) == len(files)
    assert len({file.sha256 for file in files}) == len(files)
    assert all(re.fullmatch(r"[0-9a-f]{64}", file.sha256) and file.size > 0 for file in files)
    assert re.fullmatch(r"[\w-]+/[\w-]+", spec.listed.repository)
    assert re.fullmatch(r"[0-9a-f]{40}", spec.listed.commit)
    assert spec.what.startswith(f"{SETS[spec]} ")
    assert set(spec.grey) <= {PurePath(file.name).stem for file in files}


@pytest.mark.parametrize("spec", SETS, ids=repr)
def test_missing_and_empty_folder_say_what_goes_where(data_paths, tmp_path, spec):
    wanted = (spec.listed.repository, spec.listed.folder, spec.what)
    for part in ("--data-root", spec.place, *wanted):
        assert part in message_of(spec, DataPaths(None, tmp_path))
        assert part in message_of(spec, data_paths)
    folder = data_paths.root / spec.place
    folder.mkdir(parents=True)
    for part in (f"no image of {repr(spec)[:-2]} in {folder}", *wanted):
        assert part in message_of(spec, data_paths)


def test_a_set_is_known_by_its_name_alone():
    assert [repr(spec) for spec in (CBSD68(), Kodak24())] == ["CBSD68()", "Kodak24()"]
    assert len({*SETS, *(type(spec)() for spec in SETS)}) == len(SETS)
    assert {(spec.revision, spec.provides) for spec in SETS} == {(1, ("image",))}


def test_part_of_a_set_opens_in_its_order(data_paths, picture, save_png):
    for name in ("kodim07", "kodim01", "kodim02"):
        save_png(data_paths.root / "kodak24" / f"{name}.png", picture(500, 500))
    images = Kodak24().open(data_paths)
    assert images.names == ["kodim01", "kodim02", "kodim07"]
    assert images.expected == 24


def test_berkeley_images_may_stand_or_lie(data_paths, picture, save_png):
    save_png(data_paths.root / "cbsd68" / "101085.png", picture(321, 481))
    save_png(data_paths.root / "cbsd68" / "101087.png", picture(481, 321))
    images = CBSD68().open(data_paths)
    assert [images.image(i).shape for i in range(2)] == [(321, 481, 3), (481, 321, 3)]
    assert images.expected == 68


def test_kodak_originals_are_refused(data_paths, picture, save_png):
    path = save_png(data_paths.root / "kodak24" / "kodim01.png", picture(512, 768))
    message = message_of(Kodak24(), data_paths)
    assert f"{path} is 768x512, not 500x500" in message
    assert "centre crop" in message
    assert "cszn/FFDNet" in message


def test_damaged_image_is_found_when_the_set_is_opened(data_paths):
    path = data_paths.root / "kodak24" / "kodim01.png"
    path.parent.mkdir()
    path.write_bytes(b"<html>404</html>")
    assert f"{path} is a web page" in message_of(Kodak24(), data_paths)


@pytest.mark.parametrize("spec", SETS, ids=repr)
def test_real_images_open(data_root, tmp_path, spec):
    if not (data_root / spec.place).is_dir():
        pytest.skip(f"no {data_root / spec.place}")
    images = spec.open(DataPaths(data_root, tmp_path))
    listed = {PurePath(file.name).stem: file for file in spec.listed.files}
    assert images.names == [name for name in listed if name in set(images.names)]
    copies = [path for path in images.paths if path.name != listed[path.stem].name]
    unknown = [path.name for path in copies if not listed[path.stem].pixels]
    assert images.unofficial.startswith(f"{len(unknown)} of " if unknown else "")
    assert images.unofficial.endswith(", ".join(unknown))
    for i, name in enumerate(images.names):
        planes = images.image(i)
        assert planes.std() > 10
        assert (planes == planes[..., :1]).all() == (name in spec.grey)
