import numpy as np
import pytest
from PIL import Image

import datasets.reside as reside
from datasets.images import DataError, DataPaths
from datasets.reside import RESIDE

PLACES = {
    "ITS": "its",
    "OTS": "ots",
    "SOTS indoor": "sots/indoor",
    "SOTS outdoor": "sots/outdoor",
}


@pytest.fixture
def part(data_paths, picture, save_png):
    """Writes two clear photographs and three hazy ones, of which two are of one scene."""

    def write(name="ITS", clear="clear", size=(6, 8), margin=0):
        folder = data_paths.root / "reside" / PLACES[name]
        for k, stem in enumerate(("1", "0025")):
            larger = [side + 2 * margin for side in size]
            save_png(folder / clear / f"{stem}.png", picture(*larger, seed=k))
        for k, stem in enumerate(("1_1_0.90179", "1_10_0.98842", "0025_0.85_0.04")):
            save_png(folder / "hazy" / f"{stem}.png", picture(*size, seed=10 + k))
        return folder

    return write


def message_of(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("clear", ["clear", "gt"])
@pytest.mark.parametrize("name", PLACES)
def test_every_hazy_photograph_is_an_item_with_its_clear_one(
    part, data_paths, picture, name, clear
):
    part(name, clear)
    images = RESIDE(name).open(data_paths)
    assert images.names == ["0025_0.85_0.04", "1_10_0.98842", "1_1_0.90179"]
    for i, (clear_seed, hazy_seed) in enumerate(((1, 12), (0, 11), (0, 10))):
        entries = images.entries(i)
        assert tuple(entries) == RESIDE.provides
        assert np.array_equal(entries["image"], picture(6, 8, seed=clear_seed))
        assert np.array_equal(entries["hazy"], picture(6, 8, seed=hazy_seed))
    assert len(images.manifest()) == 5  # a clear photograph that two share is one file


def test_expected_is_the_number_of_the_release(part, data_paths):
    for name in PLACES:
        part(name)
    numbers = [RESIDE(name).open(data_paths).expected for name in PLACES]
    assert numbers == [1399 * 10, 8970 * 35, 500, 500]
    assert RESIDE("ITS", "standard").open(data_paths).expected == 100_000


def test_another_release_is_refused(part, data_paths, monkeypatch):
    folder = part()
    monkeypatch.setitem(reside._INDOOR_TRAINING, "v0", (2, 3))
    message = message_of(lambda: RESIDE("ITS").open(data_paths))
    assert f"{folder / 'hazy'} holds 3 photographs, more than 2" in message
    assert "another release than 'v0'" in message
    assert len(RESIDE("ITS", "standard").open(data_paths)) == 3


def test_the_frame_of_sots_indoor_is_cut_off(part, data_paths, picture):
    part("SOTS indoor", "gt", margin=10)
    images = RESIDE("SOTS indoor").open(data_paths)
    assert images.size(0) == (6, 8)
    assert np.array_equal(images.image(0), picture(26, 28, seed=1)[10:16, 10:18])
    images.entries(0)


@pytest.mark.parametrize("margin", [1, 9, 11])
def test_other_sizes_name_both_files(part, data_paths, margin):
    folder = part("SOTS indoor", "gt", margin=margin)
    message = message_of(lambda: RESIDE("SOTS indoor").open(data_paths))
    assert f"{folder / 'hazy' / '0025_0.85_0.04.png'} is 8x6" in message
    wide, high = 8 + 2 * margin, 6 + 2 * margin
    assert f"{folder / 'gt' / '0025.png'} is {wide}x{high}" in message


def test_a_missing_clear_photograph_names_both_files(part, data_paths):
    folder = part()
    (folder / "clear" / "1.png").unlink()
    message = message_of(lambda: RESIDE("ITS").open(data_paths))
    assert "2 of 3 hazy photographs" in message
    assert str(folder / "hazy" / "1_10_0.98842.png") in message
    assert str(folder / "clear" / "1.png") in message


def test_clear_photographs_of_two_formats_are_refused(part, data_paths, picture):
    folder = part()
    Image.fromarray(picture(6, 8)).save(folder / "clear" / "1.jpg")
    message = message_of(lambda: RESIDE("ITS").open(data_paths))
    assert str(folder / "clear" / "1.jpg") in message
    assert str(folder / "clear" / "1.png") in message


def test_text_among_photographs_is_found_by_content_and_passed_over_by_name(part, data_paths):
    folder = part()
    (folder / "hazy" / "readme.txt").write_bytes(b"read me")
    assert len(RESIDE("ITS").open(data_paths)) == 3
    (folder / "hazy" / "1_1_0.90179.png").write_bytes(b"read me")
    assert "1_1_0.90179.png is not an image" in message_of(lambda: RESIDE("ITS").open(data_paths))


def test_what_is_missing_is_named_with_its_source(data_paths, tmp_path):
    assert "--data-root" in message_of(lambda: RESIDE("OTS").open(DataPaths(None, tmp_path)))
    folder = data_paths.root / "reside"
    assert str(folder) in message_of(lambda: RESIDE("OTS").open(data_paths))
    (folder / "sots" / "outdoor" / "hazy").mkdir(parents=True)
    message = message_of(lambda: RESIDE("OTS").open(data_paths))
    assert f"no folder {folder / 'ots' / 'hazy'}" in message
    message = message_of(lambda: RESIDE("SOTS outdoor").open(data_paths))
    assert "no PNG or JPEG file" in message
    assert "reside-dehaze-datasets" in message


def test_other_parts_and_versions_are_refused():
    assert repr(RESIDE("ITS")) == "RESIDE(part='ITS', version='v0')"
    with pytest.raises(ValueError, match="not 'SOTS'"):
        RESIDE("SOTS")
    with pytest.raises(ValueError, match="'v0', 'standard', not 'v1'"):
        RESIDE("ITS", "v1")
