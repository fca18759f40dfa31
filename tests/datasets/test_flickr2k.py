import pytest

from datasets.flickr2k import Flickr2K
from datasets.images import DataError, DataPaths


@pytest.fixture(params=["flickr2k/Flickr2K_HR", "flickr2k"])
def folder(request, data_paths):
    """Both places in which the images may lie."""
    path = data_paths.root / request.param
    path.mkdir(parents=True)
    return path


def message_of(spec, data_paths):
    with pytest.raises(DataError) as caught:
        spec.open(data_paths)
    return str(caught.value)


def test_part_of_the_set_opens_in_order_and_tells_its_full_size(
    folder, data_paths, picture, save_png
):
    for number in (7, 2650, 12):
        save_png(folder / f"{number:06}.png", picture(6, 9, seed=number))
    images = Flickr2K().open(data_paths)
    assert images.names == ["000007", "000012", "002650"]
    assert images.expected == 2650
    assert (images.image(1) == picture(6, 9, seed=12)).all()
    assert [name for name, _ in images.manifest()] == ["000007.png", "000012.png", "002650.png"]


def test_the_first_ones_are_those_of_the_lowest_numbers(folder, data_paths, picture, save_png):
    for number in (1, 2500, 2501):
        save_png(folder / f"{number:06}.png", picture(4, 4))
    images = Flickr2K(first=2500).open(data_paths)
    assert images.names == ["000001", "002500"]
    assert images.expected == 2500
    assert Flickr2K(first=1).open(data_paths).names == ["000001"]
    (folder / "000001.png").unlink()
    assert f"none of 000001.png to 000001.png in {folder}" in message_of(Flickr2K(1), data_paths)


@pytest.mark.parametrize("stranger", ["000000.png", "002651.png", "0001.png", "000001x4.png"])
def test_strangers_are_refused(folder, data_paths, picture, save_png, stranger):
    save_png(folder / "000001.png", picture(4, 4))
    (folder / stranger).touch()
    message = message_of(Flickr2K(), data_paths)
    assert f"{folder / stranger} is none of the 2650 images of Flickr2K" in message
    assert "Remove" in message


def test_what_else_the_archive_holds_is_passed_over(data_paths, picture, save_png):
    root = data_paths.root / "flickr2k"
    save_png(root / "Flickr2K_HR" / "000001.png", picture(4, 4))
    save_png(root / "Flickr2K_LR_bicubic" / "X2" / "000001x2.png", picture(2, 2))
    assert Flickr2K().open(data_paths).names == ["000001"]


def test_what_is_missing_or_damaged_is_named(folder, data_paths, tmp_path):
    for part in ("--data-root", "000001.png to 002650.png"):
        assert part in message_of(Flickr2K(), DataPaths(None, tmp_path))
    assert f"no image of Flickr2K in {folder}" in message_of(Flickr2K(), data_paths)
    path = folder / "000003.png"
    path.write_bytes(b"<html>moved</html>")
    assert f"{path} is a web page" in message_of(Flickr2K(), data_paths)


@pytest.mark.parametrize("first", [0, -1, 2651])
def test_impossible_numbers_are_refused(first):
    with pytest.raises(ValueError, match=r"within 1\.\.2650"):
        Flickr2K(first=first)
