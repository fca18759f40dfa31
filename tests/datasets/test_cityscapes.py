import hashlib

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

import datasets.cityscapes as cityscapes
import datasets.image_files as image_files
from datasets.cityscapes import CITYSCAPES_CLASSES, Cityscapes
from datasets.images import DataError, DataPaths

# (id, name, train id) of every label, as mcordts/cityscapesScripts lists them; -1 is stored as 255.
OFFICIAL_LABELS = (
    (0, "unlabeled", 255),
    (1, "ego vehicle", 255),
    (2, "rectification border", 255),
    (3, "out of roi", 255),
    (4, "static", 255),
    (5, "dynamic", 255),
    (6, "ground", 255),
    (7, "road", 0),
    (8, "sidewalk", 1),
    (9, "parking", 255),
    (10, "rail track", 255),
    (11, "building", 2),
    (12, "wall", 3),
    (13, "fence", 4),
    (14, "guard rail", 255),
    (15, "bridge", 255),
    (16, "tunnel", 255),
    (17, "pole", 5),
    (18, "polegroup", 255),
    (19, "traffic light", 6),
    (20, "traffic sign", 7),
    (21, "vegetation", 8),
    (22, "terrain", 9),
    (23, "sky", 10),
    (24, "person", 11),
    (25, "rider", 12),
    (26, "car", 13),
    (27, "truck", 14),
    (28, "bus", 15),
    (29, "caravan", 255),
    (30, "trailer", 255),
    (31, "train", 16),
    (32, "motorcycle", 17),
    (33, "bicycle", 18),
    (255, "license plate", 255),
)
ALL_IDS = np.array([[number for number, _, _ in OFFICIAL_LABELS]], np.uint8)  # (1, 35)


@pytest.fixture
def pair(data_paths, picture, save_png):
    """Writes an image and its label map in the official layout and returns both paths."""

    def write(split="train", city="aachen", frame="aachen_000000_000019", ids=ALL_IDS, size=None):
        root = data_paths.root / "cityscapes"
        image = root / "leftImg8bit" / split / city / f"{frame}_leftImg8bit.png"
        labels = root / "gtFine" / split / city / f"{frame}_gtFine_labelIds.png"
        return save_png(image, picture(*(size or ids.shape))), save_png(labels, ids)

    return write


def message_of(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


def test_label_ids_become_the_official_train_ids(pair, data_paths):
    pair()
    labels = Cityscapes("train").open(data_paths).entries(0)["labels"]
    assert labels.dtype == np.uint8
    assert labels[0].tolist() == [train_id for _, _, train_id in OFFICIAL_LABELS]


def test_class_names_are_those_of_the_train_ids():
    named = {train_id: name for _, name, train_id in OFFICIAL_LABELS if train_id != 255}
    assert dict(enumerate(CITYSCAPES_CLASSES)) == named


@pytest.mark.parametrize(("split", "size"), [("train", 2975), ("val", 500)])
def test_split_finds_its_own_images_of_all_cities(pair, data_paths, split, size):
    pair("train", "zurich", "zurich_000001_000019")
    pair("train", "aachen", "aachen_000002_000019")
    pair("val", "lindau", "lindau_000003_000019")
    images = Cityscapes(split).open(data_paths)
    names = {
        "train": ["aachen_000002_000019", "zurich_000001_000019"],
        "val": ["lindau_000003_000019"],
    }
    assert images.names == names[split]
    assert images.expected == size


@pytest.mark.parametrize(
    ("split", "cities", "said"),
    [
        ("val", ["lindau", "munster", "frankfurt"], ""),
        ("train", ["aachen", "zurich"], ""),
        ("val", ["lindau", "aachen"], "aachen is a city of the official train split"),
        ("train", ["munster"], "munster is a city of the official val split"),
        ("val", ["ulm", "atlantis"], "atlantis is in no official split; ulm is a city of the "
         "official train split"),
    ],
)  # fmt: skip
def test_cities_of_another_split_are_told(pair, data_paths, split, cities, said):
    for city in cities:
        pair(split, city, f"{city}_000001_000019")
    assert Cityscapes(split).open(data_paths).unofficial == said


def test_declaring_touches_no_file_and_other_splits_are_refused():
    assert repr(Cityscapes("val")) == "Cityscapes(split='val', scale=1)"
    assert hash(Cityscapes("val")) == hash(Cityscapes("val"))
    assert Cityscapes.provides == ("image", "labels")
    with pytest.raises(ValueError, match="'train' and 'val', not 'test'"):
        Cityscapes("test")
    with pytest.raises(ValueError, match="halved, 2, not 4"):
        Cityscapes("val", scale=4)


def test_halved_is_bilinear_resizing_and_keeps_labels_that_are_there(pair, data_paths, picture):
    """As torchvision resizes a tensor to half its sides, which the released loader names."""
    ids = np.repeat(np.repeat([[7, 8, 11], [17, 255, 33]], 2, 0), 2, 1).astype(np.uint8)
    ids[1::2, 1::2] = 0  # what is not at the top left of its four
    pair(ids=np.pad(ids, ((0, 1), (0, 1))), size=(5, 7))
    whole = Cityscapes("train").open(data_paths).image(0)
    halved = Cityscapes("train", scale=2).open(data_paths)
    planes = torch.from_numpy(np.array(whole[:4, :6])).permute(2, 0, 1)[None].double()
    expected = F.interpolate(planes, scale_factor=0.5, mode="bilinear", align_corners=False)[0]
    error = np.abs(halved.image(0) - expected.permute(1, 2, 0).numpy())
    assert halved.image(0).dtype == np.uint8
    assert error.max() == 0.5  # halves are there, and nothing worse
    assert halved.size(0) == halved.image(0).shape[:2]
    labels = halved.entries(0)["labels"]
    assert labels.tolist() == [[0, 1, 2], [5, 255, 18]]
    assert halved.manifest() == Cityscapes("train").open(data_paths).manifest()


def test_missing_data_root_says_what_goes_where(tmp_path):
    message = message_of(lambda: Cityscapes("val").open(DataPaths(None, tmp_path)))
    for part in ("--data-root", "cityscapes-dataset.com", "registration", "gtFine_labelIds.png"):
        assert part in message


def test_missing_folder_is_named(data_paths):
    message = message_of(lambda: Cityscapes("val").open(data_paths))
    assert str(data_paths.root / "cityscapes") in message
    assert "--data-root" in message
    assert "cityscapes-dataset.com" in message


def test_empty_split_is_named(pair, data_paths):
    pair("train")
    message = message_of(lambda: Cityscapes("val").open(data_paths))
    assert str(data_paths.root / "cityscapes" / "leftImg8bit" / "val") in message
    assert "leftImg8bit_trainvaltest.zip" in message


def test_missing_label_map_is_found_before_training(pair, data_paths):
    pair(frame="aachen_000000_000019")
    _, labels = pair(frame="aachen_000001_000019")
    labels.unlink()
    message = message_of(lambda: Cityscapes("train").open(data_paths))
    assert "1 of 2" in message
    assert str(labels) in message
    assert "gtFine_trainvaltest.zip" in message


def test_equal_names_in_two_cities_are_refused(pair, data_paths):
    """As after copying files about: records of the two could not be told apart."""
    first, _ = pair(city="aachen", frame="aachen_000000_000019")
    second, _ = pair(city="bochum", frame="aachen_000000_000019")
    message = message_of(lambda: Cityscapes("train").open(data_paths))
    assert f"{first} and {second} are both named 'aachen_000000_000019'" in message
    assert "Remove one of them" in message


def test_an_image_without_any_label_is_one_of_the_set(pair, data_paths):
    pair(ids=np.zeros((3, 4), np.uint8))
    labels = Cityscapes("train").open(data_paths).entries(0)["labels"]
    assert (labels == 255).all()


def test_label_map_of_another_size_names_both_files(pair, data_paths):
    image, labels = pair(size=(2, 70))
    message = message_of(lambda: Cityscapes("train").open(data_paths).entries(0)["labels"])
    assert f"{labels} is 35x1" in message
    assert f"{image} is 70x2" in message
    assert "official archives" in message


def test_train_ids_in_place_of_label_ids_are_refused(pair, data_paths):
    _, labels = pair(ids=np.array([[0, 1, 34]], np.uint8))
    message = message_of(lambda: Cityscapes("train").open(data_paths).entries(0)["labels"])
    assert str(labels) in message
    assert "the value 34" in message


def test_damaged_label_map_is_named(pair, data_paths):
    _, labels = pair()
    labels.write_bytes(b"")
    assert f"{labels} is empty" in message_of(
        lambda: Cityscapes("train").open(data_paths).entries(0)["labels"]
    )


def test_manifest_has_images_and_label_maps(pair, data_paths):
    paths = pair()
    folder = data_paths.root / "cityscapes"
    assert Cityscapes("train").open(data_paths).manifest() == [
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in paths
    ]


def test_labels_are_decoded_once(pair, data_paths, monkeypatch):
    pair()
    expected = np.array(Cityscapes("train").open(data_paths).entries(0)["labels"])
    monkeypatch.setattr("datasets.cityscapes.decode_indices", None)
    monkeypatch.setattr(image_files, "decode_rgb", None)
    assert np.array_equal(Cityscapes("train").open(data_paths).entries(0)["labels"], expected)


@pytest.mark.filterwarnings("ignore:file hashes are not remembered")
def test_an_image_and_its_labels_are_decoded_once_each(pair, data_paths, monkeypatch):
    """Also where nothing decoded can be kept."""
    paths = pair()
    decoded = []
    image, labels = image_files.decode_rgb, cityscapes.decode_indices
    monkeypatch.setattr(image_files, "decode_rgb", lambda p: decoded.append(p) or image(p))
    monkeypatch.setattr(cityscapes, "decode_indices", lambda p: decoded.append(p) or labels(p))
    data_paths.cache.write_bytes(b"a file where the folder should be")
    images = Cityscapes("train").open(data_paths)
    with pytest.warns(RuntimeWarning, match="cannot be kept"):
        images.entries(0)
    assert decoded == list(paths)


@pytest.mark.parametrize("split", ["train", "val"])
def test_real_pairs_agree_with_the_files(data_root, tmp_path, split):
    images = Cityscapes(split).open(DataPaths(data_root, tmp_path))
    i = len(images) - 1
    city = images.names[i].split("_")[0]
    labels_file = f"{images.names[i]}_gtFine_labelIds.png"
    ids = np.asarray(Image.open(data_root / "cityscapes" / "gtFine" / split / city / labels_file))
    image, labels = images.image(i), images.entries(i)["labels"]
    assert image.shape == (1024, 2048, 3)
    for number, _, train_id in OFFICIAL_LABELS:
        if train_id != 255:
            assert np.array_equal(labels == train_id, ids == number)
    counted = np.isin(ids, [number for number, _, train_id in OFFICIAL_LABELS if train_id != 255])
    assert np.array_equal(labels == 255, ~counted)
    # The picture belongs to its labels: leaves are greener than the road, the sky is brighter.
    leaves, road, sky = (image[labels == k].mean(0, dtype=float) for k in (8, 0, 10))
    assert leaves[1] / leaves.mean() > road[1] / road.mean()
    assert sky.mean() > road.mean()
