import pytest

from datasets.folders import CBSD68, Kodak24
from datasets.images import DataError, DataPaths


def message_of(spec, data_paths):
    with pytest.raises(DataError) as caught:
        spec.open(data_paths)
    return str(caught.value)


def test_part_of_a_set_opens_in_order_of_names(data_paths, picture, save_png):
    for name in ("kodim07", "kodim01", "kodim02"):
        save_png(data_paths.root / "kodak24" / f"{name}.png", picture(500, 500))
    images = Kodak24().open(data_paths)
    assert images.names == ["kodim01", "kodim02", "kodim07"]
    assert images.expected == 24
    assert Kodak24.provides == ("image",)


def test_berkeley_images_may_stand_or_lie(data_paths, picture, save_png):
    save_png(data_paths.root / "cbsd68" / "a.png", picture(321, 481))
    save_png(data_paths.root / "cbsd68" / "b.png", picture(481, 321))
    images = CBSD68().open(data_paths)
    assert [images.image(i).shape for i in range(2)] == [(321, 481, 3), (481, 321, 3)]
    assert images.expected == 68


def test_kodak_originals_are_refused(data_paths, picture, save_png):
    path = save_png(data_paths.root / "kodak24" / "kodim01.png", picture(512, 768))
    message = message_of(Kodak24(), data_paths)
    assert f"{path} is 768x512, not 500x500" in message
    assert "centre crop" in message
    assert "cszn/FFDNet" in message


def test_too_many_images_are_refused(data_paths, picture, save_png):
    for i in range(69):
        save_png(data_paths.root / "cbsd68" / f"{i}.png", picture(1, 1))
    message = message_of(CBSD68(), data_paths)
    assert "69 PNG files, but the set has 68" in message
    assert "Remove" in message


@pytest.mark.parametrize(("spec", "folder"), [(CBSD68(), "cbsd68"), (Kodak24(), "kodak24")])
def test_missing_and_empty_folder_say_what_goes_where(data_paths, tmp_path, spec, folder):
    for part in ("--data-root", "cszn/FFDNet"):
        assert part in message_of(spec, DataPaths(None, tmp_path))
        assert part in message_of(spec, data_paths)
    (data_paths.root / folder).mkdir()
    message = message_of(spec, data_paths)
    assert str(data_paths.root / folder) in message
    assert "cszn/FFDNet" in message


def test_damaged_image_is_found_when_the_set_is_opened(data_paths):
    path = data_paths.root / "kodak24" / "kodim01.png"
    path.parent.mkdir()
    path.write_bytes(b"<html>404</html>")
    assert f"{path} is a web page" in message_of(Kodak24(), data_paths)


@pytest.mark.parametrize(("spec", "first"), [(CBSD68(), "101085"), (Kodak24(), "kodim01")])
def test_real_images_open(data_root, tmp_path, spec, first):
    images = spec.open(DataPaths(data_root, tmp_path))
    assert images.names[0] == first
    assert images.image(0).std() > 10
