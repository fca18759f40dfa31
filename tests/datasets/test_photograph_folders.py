import numpy as np
import pytest
from PIL import Image

from datasets.folders import PhotographFolders
from datasets.images import DataError, Places


def message_of(names, places):
    with pytest.raises(DataError) as caught:
        PhotographFolders(names).open(places)
    return str(caught.value)


def test_folders_open_in_their_order_and_files_by_name(places, picture, save_png):
    save_png(places.root / "b" / "2.png", picture(4, 5, 1))
    save_png(places.root / "b" / "1.PNG", picture(4, 5, 2))
    (places.root / "a").mkdir()
    Image.fromarray(picture(8, 8)).save(places.root / "a" / "x.jpg")
    Image.fromarray(picture(8, 8)).save(places.root / "a" / "x.jpeg")
    (places.root / "a" / "README.md").touch()
    images = PhotographFolders(("b", "a")).open(places)
    assert images.names == ["b/1.PNG", "b/2.png", "a/x.jpeg", "a/x.jpg"]
    assert images.expected is None
    assert np.array_equal(images.image(1), picture(4, 5, 1))
    assert [name for name, _ in images.manifest()] == images.names
    assert not PhotographFolders.provides_labels


def test_folder_below_a_folder_can_be_named(places, picture, save_png):
    save_png(places.root / "div2k" / "DIV2K_valid_HR" / "0801.png", picture(4, 5))
    images = PhotographFolders(("div2k/DIV2K_valid_HR",)).open(places)
    assert images.names == ["div2k/DIV2K_valid_HR/0801.png"]


def test_missing_and_empty_folders_are_named(places, tmp_path):
    assert "--data-root" in message_of(("a",), Places(None, tmp_path))
    assert str(places.root / "a") in message_of(("a",), places)
    (places.root / "a").mkdir()
    assert f"no PNG or JPEG file in {places.root / 'a'}" in message_of(("a",), places)


def test_damaged_file_is_named(places, picture, save_png):
    save_png(places.root / "a" / "1.png", picture(4, 4))
    path = places.root / "a" / "2.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    assert f"{path} is not an image" in message_of(("a",), places)


def test_grey_file_is_named(places, save_png):
    path = save_png(places.root / "a" / "1.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match="grey image") as caught:
        PhotographFolders(("a",)).open(places).image(0)
    assert str(path) in str(caught.value)


def test_names_that_are_no_folders_below_the_root_are_refused():
    for names in ("bsd100", ()):
        with pytest.raises(ValueError, match="tuple of folder names"):
            PhotographFolders(names)
    with pytest.raises(ValueError, match="named twice"):
        PhotographFolders(("a", "b", "a"))
    for name in ("", "/etc", "../x"):
        with pytest.raises(ValueError, match="no folder below the data root"):
            PhotographFolders((name,))
