import hashlib

import numpy as np
import pytest
from PIL import Image

from datasets.haze_pairs import IHaze, OHaze
from datasets.images import DataError, DataPaths

SCENES = {IHaze: "indoor", OHaze: "outdoor"}


@pytest.fixture
def pair(data_paths, picture, save_png):
    """Writes pair `number` under its official names, and returns the hazy and the clear path."""

    def write(number, spec=IHaze, inner="", suffix=".png", size=(6, 9)):
        folder = data_paths.root / spec.place / inner
        paths = [
            folder / kind / f"{number:02}_{SCENES[spec]}_{kind}{suffix}" for kind in ("hazy", "GT")
        ]
        for k, path in enumerate(paths):
            save_png(path, picture(*size, seed=2 * number + k))
        return paths

    return write


def message_of(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize(
    ("spec", "numbers", "expected"),
    [
        (IHaze, {"train": (1, 25), "val": (26, 30), "test": (31, 35)}, (25, 5, 5)),
        (OHaze, {"train": (1, 35), "val": (36, 40), "test": (41, 45)}, (35, 5, 5)),
    ],
)
def test_each_split_has_the_challenges_numbers(pair, data_paths, spec, numbers, expected):
    for first, last in numbers.values():
        pair(last, spec)
        pair(first, spec)
    for (split, (first, last)), size in zip(numbers.items(), expected, strict=True):
        images = spec(split).open(data_paths)
        assert images.names == [f"{n:02}_{SCENES[spec]}" for n in (first, last)]
        assert images.expected == size


def test_image_is_the_clear_photograph_and_hazy_the_other(pair, data_paths, picture):
    pair(2, size=(6, 9))
    pair(11, size=(1, 1))
    images = IHaze("train").open(data_paths)
    for i, number, size in ((0, 2, (6, 9)), (1, 11, (1, 1))):
        entries = images.entries(i)
        assert tuple(entries) == IHaze.provides
        assert np.array_equal(entries["hazy"], picture(*size, seed=2 * number))
        assert np.array_equal(entries["image"], picture(*size, seed=2 * number + 1))
        assert images.size(i) == size


@pytest.mark.parametrize("spec", SCENES)
def test_the_archives_own_folder_and_capital_suffixes_are_found(pair, data_paths, spec):
    inner = f"# {spec.place[0].upper()}-HAZY NTIRE 2018"
    hazy, clear = pair(3, spec, inner, ".JPG")
    images = spec("train").open(data_paths)
    assert images.where(0) == str(hazy)
    assert images.manifest() == [
        (
            path.relative_to(data_paths.root / spec.place).as_posix(),
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in (clear, hazy)
    ]


def test_a_pair_may_be_of_two_formats(pair, data_paths, picture):
    hazy, _ = pair(1)
    Image.fromarray(picture(6, 9)).save(hazy.with_suffix(".jpeg"))
    hazy.unlink()
    assert IHaze("train").open(data_paths).names == ["01_indoor"]


def test_validation_images_that_nobody_has_are_told(pair, data_paths):
    pair(25)
    pair(31)
    message = message_of(lambda: IHaze("val").open(data_paths))
    assert "none of 26 to 30" in message
    assert "public archive of I-HAZE does not hold them" in message
    assert "'test'" in message


def test_a_missing_partner_names_both_files(pair, data_paths):
    hazy, clear = pair(4)
    pair(5)
    pixels = clear.read_bytes()
    clear.unlink()
    message = message_of(lambda: IHaze("train").open(data_paths))
    assert "1 of 2 hazy photographs" in message
    assert str(hazy) in message
    assert f"{clear} is missing" in message
    clear.write_bytes(pixels)
    hazy.unlink()
    message = message_of(lambda: IHaze("train").open(data_paths))
    assert f"{clear} has no hazy photograph" in message
    assert f"{hazy} is missing" in message


def test_one_photograph_alone_is_told_and_not_passed_over(pair, data_paths):
    """Of the split nothing else is there; the folder has pairs of other splits."""
    hazy, clear = pair(4)
    pair(33)
    clear.unlink()
    assert f"{clear} is missing" in message_of(lambda: IHaze("train").open(data_paths))
    assert hazy.is_file()


def test_two_sizes_name_both_files(pair, data_paths, picture, save_png):
    hazy, clear = pair(4, size=(6, 9))
    save_png(clear, picture(9, 6))
    message = message_of(lambda: IHaze("train").open(data_paths))
    assert f"{hazy} is 9x6" in message
    assert f"{clear} is 6x9" in message
    assert "resize neither" in message


def test_a_photograph_twice_is_refused(pair, data_paths, picture):
    hazy, clear = pair(4)
    for path in (hazy, clear):
        other = path.with_suffix(".jpg")
        Image.fromarray(picture(6, 9)).save(other)
        message = message_of(lambda: IHaze("train").open(data_paths))
        assert str(path) in message
        assert str(other) in message
        other.unlink()


@pytest.mark.parametrize(
    "name", ["36_indoor_hazy.png", "00_indoor_hazy.png", "01_outdoor_hazy.png", "01_indoor_GT.png"]
)
def test_strangers_are_refused(pair, data_paths, picture, save_png, name):
    hazy, _ = pair(1)
    stranger = save_png(hazy.with_name(name), picture(6, 9))
    message = message_of(lambda: IHaze("train").open(data_paths))
    assert f"{stranger} is none of the 35 images of IHaze" in message
    assert "Remove" in message


def test_what_is_no_photograph_by_its_name_is_passed_over(pair, data_paths):
    hazy, _ = pair(1)
    (hazy.parent / "readme.txt").write_bytes(b"read me")
    (hazy.parent / "._01_indoor_hazy.png").write_bytes(b"of another system")
    assert IHaze("train").open(data_paths).names == ["01_indoor"]


def test_text_in_place_of_a_photograph_is_found_when_opened(pair, data_paths):
    _, clear = pair(1)
    pair(2)
    clear.write_bytes(b"not a photograph")
    assert f"{clear} is not an image" in message_of(lambda: IHaze("train").open(data_paths))


def test_what_is_missing_is_named_with_its_source(data_paths, tmp_path):
    source = "https://data.vision.ee.ethz.ch/cvl/ntire18/o-haze/"
    folder = data_paths.root / "o-haze"
    message = message_of(lambda: OHaze("test").open(DataPaths(None, tmp_path)))
    assert "--data-root" in message
    assert source in message
    assert str(folder) in message_of(lambda: OHaze("test").open(data_paths))
    folder.mkdir()
    message = message_of(lambda: OHaze("test").open(data_paths))
    assert f"no folder {folder / 'hazy'}" in message
    (folder / "hazy").mkdir()
    message = message_of(lambda: OHaze("test").open(data_paths))
    assert f"no PNG or JPEG file in {folder / 'hazy'}" in message
    assert source in message


def test_specs_are_values_and_other_splits_are_refused():
    assert repr(IHaze("train")) == "IHaze(split='train')"
    assert IHaze("train") != OHaze("train")
    with pytest.raises(ValueError, match="OHaze has the splits 'train', 'val', 'test', not 'all'"):
        OHaze("all")
