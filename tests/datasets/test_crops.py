import numpy as np
import pytest
import torch
from map_images import Maps, PairImages, Pairs, equal, integers, samples_of

import datasets.image_files as image_files
from datasets.crops import RandomCrops
from datasets.degradations.clean import Clean
from datasets.folders import PhotographFolders
from datasets.images import DataError


def opened(**arguments):
    return RandomCrops(Maps(), **{"count": 2000, "size": 8} | arguments).open(None)


def test_crop_is_cut_where_its_place_says():
    crops = opened()
    for i in range(20):
        source, top, left = crops.place(i)
        pixels = crops.image(i)
        assert pixels.shape == (8, 8, 3)
        rows, columns = np.mgrid[top : top + 8, left : left + 8]
        assert np.array_equal(pixels[..., 0], rows)
        assert np.array_equal(pixels[..., 1], columns)
        assert (pixels[..., 2] == source).all()


def test_images_and_places_are_uniform():
    crops = opened()
    places = np.array([crops.place(i) for i in range(2000)])
    for column, count in zip(places.T, (5, 40 - 8 + 1, 60 - 8 + 1), strict=True):
        drawn = np.bincount(column, minlength=count)
        assert len(drawn) == count
        expected = 2000 / count
        chi_square = ((drawn - expected) ** 2 / expected).sum()
        assert chi_square < count - 1 + 4 * (2 * (count - 1)) ** 0.5
    assert np.abs(np.corrcoef(places.T) - np.eye(3)).max() < 4 / 2000**0.5
    assert np.abs(np.corrcoef(places[1:, 1], places[:-1, 1])[0, 1]) < 4 / 2000**0.5


def test_crop_depends_on_seed_and_number_alone():
    few, many = opened(count=10), opened(count=5000)
    assert [few.place(i) for i in range(10)] == [many.place(i) for i in range(10)]
    assert many.place(3) == opened().place(3)
    assert [few.place(i) for i in range(10)] != [opened(seed=1).place(i) for i in range(10)]
    # Golden: a change here would change every trained run, and must raise the revision.
    assert [many.place(i) for i in (0, 1, 1999)] == [(1, 19, 25), (3, 0, 51), (0, 13, 37)]


def test_largest_crop_is_the_whole_image():
    assert {opened(size=40).place(i)[1] for i in range(50)} == {0}


def test_names_are_unique_and_no_official_size_is_claimed():
    crops = opened()
    assert crops.names[123] == "crop000123"
    assert len(set(crops.names)) == len(crops) == 2000
    assert crops.expected is None
    with pytest.raises(IndexError):
        crops.image(2000)


def test_manifest_is_that_of_the_images(data_paths, picture, save_png):
    for name in "ab":
        save_png(data_paths.root / "photos" / f"{name}.png", picture(20, 30, ord(name)))
    data = PhotographFolders(("photos",))
    crops = RandomCrops(data, 5, 16).open(data_paths)
    assert crops.manifest() == data.open(data_paths).manifest()
    assert len(crops.manifest()) == 2


def test_crop_is_a_view_of_the_memory_map(data_paths, picture, save_png):
    save_png(data_paths.root / "photos" / "a.png", picture(20, 30))
    crop = RandomCrops(PhotographFolders(("photos",)), 5, 16).open(data_paths).image(0)
    assert not crop.flags.owndata
    assert not crop.flags.writeable


@pytest.mark.filterwarnings("ignore:file hashes are not remembered")
def test_a_crop_decodes_its_image_once(data_paths, picture, save_png, monkeypatch):
    """Also where no decoded image can be kept."""
    decoded = []
    decode = image_files.decode_rgb
    monkeypatch.setattr(image_files, "decode_rgb", lambda path: decoded.append(1) or decode(path))
    save_png(data_paths.root / "photos" / "a.png", picture(20, 30))
    data_paths.cache.write_bytes(b"a file where the folder should be")
    crops = RandomCrops(PhotographFolders(("photos",)), 5, 16).open(data_paths)
    with pytest.warns(RuntimeWarning, match="cannot be kept"):
        crops.entries(0)
    crops.image(1)
    assert len(decoded) == 2


def test_crops_train_with_everything_that_the_images_have():
    spec = Clean(RandomCrops(Maps(), 50, 16))
    assert spec.provides == ("input", "target", "labels")
    sample = samples_of(spec, crop=8)[3]
    assert sample["input"].shape == (3, 8, 8)
    assert equal(sample, samples_of(spec, crop=8)[3])
    rows, columns, number = integers(sample["target"])
    assert torch.equal(sample["labels"], (rows + 2 * columns + number) % 19)


def test_every_entry_is_cut_at_the_same_place():
    crops = RandomCrops(Pairs(), 30, 16).open(None)
    assert crops.mirrored == PairImages.mirrored
    for i in range(30):
        source, top, left = crops.place(i)
        whole, cut = crops.images.entries(source), crops.entries(i)
        assert np.array_equal(cut["image"], crops.image(i))
        for name in ("image", "hazy", "labels", "depth"):
            assert np.array_equal(cut[name], whole[name][top : top + 16, left : left + 16])
        assert np.array_equal(cut["points"] + (left, top), whole["points"])


def test_small_images_and_no_images_are_refused():
    with pytest.raises(DataError, match=r"map\d of Maps.* is 60x40, smaller than the 41x41 crops"):
        opened(size=41).image(0)
    with pytest.raises(DataError, match="no image to cut crops from"):
        RandomCrops(Maps(count=0)).open(None)
    for arguments in ({"count": 0}, {"size": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            opened(**arguments)
    with pytest.raises(ValueError, match="seed must be"):
        opened(seed=-1)


def test_identity_tells_every_parameter():
    assert repr(RandomCrops(PhotographFolders(("a",)))) == (
        "RandomCrops(data=PhotographFolders(names=('a',)), count=200000, size=256, seed=0)"
    )
