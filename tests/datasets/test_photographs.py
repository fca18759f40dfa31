import numpy as np
import pytest

import datasets.embedded.photographs as photographs
from datasets.embedded.photographs import Photographs
from datasets.images import DataError, DataPaths


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    data_paths = DataPaths(None, tmp_path_factory.mktemp("cache"))
    return {split: Photographs(split).open(data_paths) for split in ("train", "val")}


def test_every_photograph_is_installed_and_in_colour(splits):
    assert {split: len(images) for split, images in splits.items()} == {"train": 6, "val": 3}
    for images in splits.values():
        for i in range(len(images)):
            pixels = images.image(i).astype(float)
            assert min(pixels.shape[:2]) >= 300
            assert np.abs(pixels[..., 0] - pixels[..., 2]).mean() > 1


def test_splits_share_no_photograph(splits):
    names = [set(images.names) for images in splits.values()]
    digests = [{digest for _, digest in images.manifest()} for images in splits.values()]
    assert not names[0] & names[1]
    assert not digests[0] & digests[1]


def test_stereo_pair_is_in_one_split(splits):
    pair = {"motorcycle_left", "motorcycle_right"}
    assert pair <= set(splits["train"].names)


def test_pixels_are_those_of_scikit_image(splits):
    data = pytest.importorskip("skimage.data")
    val = splits["val"]
    assert np.array_equal(val.image(val.names.index("astronaut")), data.astronaut())
    assert np.array_equal(val.image(val.names.index("coffee")), data.coffee())


def test_other_split_is_refused():
    with pytest.raises(ValueError, match="'train' and 'val', not 'test'"):
        Photographs("test")


def test_incomplete_or_missing_package_says_what_to_install(tmp_path, monkeypatch):
    data_paths = DataPaths(None, tmp_path)
    monkeypatch.setattr(photographs, "_package_data", lambda: tmp_path)
    with pytest.raises(DataError, match=r"astronaut.png is missing.*pip install"):
        Photographs("val").open(data_paths)
    monkeypatch.undo()
    monkeypatch.setattr(photographs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DataError, match="pip install scikit-image"):
        Photographs("val").open(data_paths)
