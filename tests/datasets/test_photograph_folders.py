import numpy as np
import pytest
from PIL import Image

from datasets.folders import PhotographFolders
from datasets.images import DataError, DataPaths


def message_of(names, data_paths):
    with pytest.raises(DataError) as caught:
        PhotographFolders(names).open(data_paths)
    return str(caught.value)


def test_folders_open_in_their_order_and_files_by_name(data_paths, picture, save_png):
    save_png(data_paths.root / "b" / "2.png", picture(4, 5, 1))
    save_png(data_paths.root / "b" / "1.PNG", picture(4, 5, 2))
    (data_paths.root / "a").mkdir()
    Image.fromarray(picture(8, 8)).save(data_paths.root / "a" / "x.jpg")
    Image.fromarray(picture(8, 8)).save(data_paths.root / "a" / "x.jpeg")
    (data_paths.root / "a" / "README.md").touch()
    images = PhotographFolders(("b", "a")).open(data_paths)
    assert images.names == ["b/1.PNG", "b/2.png", "a/x.jpeg", "a/x.jpg"]
    assert images.expected is None
    assert np.array_equal(images.image(1), picture(4, 5, 1))
    assert [name for name, _ in images.manifest()] == images.names
    assert PhotographFolders.provides == ("image",)


def test_folder_below_a_folder_can_be_named(data_paths, picture, save_png):
    save_png(data_paths.root / "div2k" / "DIV2K_valid_HR" / "0801.png", picture(4, 5))
    images = PhotographFolders(("div2k/DIV2K_valid_HR",)).open(data_paths)
    assert images.names == ["div2k/DIV2K_valid_HR/0801.png"]


def test_missing_and_empty_folders_are_named(data_paths, tmp_path):
    assert "--data-root" in message_of(("a",), DataPaths(None, tmp_path))
    assert str(data_paths.root / "a") in message_of(("a",), data_paths)
    (data_paths.root / "a").mkdir()
    assert f"no PNG or JPEG file in {data_paths.root / 'a'}" in message_of(("a",), data_paths)


def test_damaged_file_is_named(data_paths, picture, save_png):
    save_png(data_paths.root / "a" / "1.png", picture(4, 4))
    path = data_paths.root / "a" / "2.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    assert f"{path} is not an image" in message_of(("a",), data_paths)


def test_grey_file_is_named(data_paths, save_png):
    path = save_png(data_paths.root / "a" / "1.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(DataError, match="grey image") as caught:
        PhotographFolders(("a",)).open(data_paths).image(0)
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
