import pickle
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from map_images import MapImages, Maps, PairImages, Pairs, equal, samples_of

from datasets.degradations.clean import Clean
from datasets.div2k import DIV2K
from datasets.flickr2k import Flickr2K
from datasets.images import DataError
from datasets.together import Together

MAPS = (Maps(3), Maps(1, 30, 20, first=3), Maps(4, first=4))


@dataclass(frozen=True)
class Official(Maps):
    """Maps of a set that has an official size, and of which something is known."""

    size: int = 9
    said: str = ""

    def open(self, data_paths):
        images = MapImages(self)
        images.expected, images.unofficial = self.size, self.said
        return images


@dataclass(frozen=True)
class Unknown(Pairs):
    """Pairs that do not say which points change places."""

    provides: ClassVar[tuple[str, ...]] = Pairs.provides

    def open(self, data_paths):
        images = PairImages(self)
        images.mirrored = None
        return images


def test_images_stand_one_set_after_the_other():
    images = Together(MAPS).open(None)
    assert len(images) == 8
    assert images.names == [
        "1/map0", "1/map1", "1/map2", "2/map3", "3/map4", "3/map5", "3/map6", "3/map7",
    ]  # fmt: skip
    for i in range(8):
        assert (images.image(i)[..., 2] == i).all()
        assert images.size(i) == images.image(i).shape[:2] == ((30, 20) if i == 3 else (40, 60))
        assert images.where(i) == f"map{i}"
        rows, columns, number = images.image(i).astype(int).transpose(2, 0, 1)
        assert np.array_equal(images.entries(i)["labels"], (rows + 2 * columns + number) % 19)
    with pytest.raises(IndexError):
        images.image(8)


def test_a_set_without_images_is_stepped_over():
    images = Together((Maps(0), Maps(2), Maps(0), Maps(1, first=2))).open(None)
    assert [images.image(i)[0, 0, 2] for i in range(3)] == [0, 1, 2]


def test_equal_names_of_two_sets_stay_apart():
    images = Together((Maps(2), Maps(2, 30, 20))).open(None)
    assert len(set(images.names)) == 4


def test_training_takes_every_image_once_per_epoch():
    spec = Clean(Together(MAPS))
    assert spec.provides == ("input", "target", "labels")
    samples = samples_of(spec)
    seen = [int((samples[p]["input"][2, 0, 0] * 255).round()) for p in range(8)]
    assert sorted(seen) == list(range(8))
    again = pickle.loads(pickle.dumps(samples))
    assert all(equal(samples[p], again[p]) for p in range(8))


def test_files_are_those_of_the_sets_in_their_order(data_paths, picture, save_png):
    div2k, flickr2k = DIV2K("train"), Flickr2K(first=3)
    for seed, name in enumerate(("DIV2K_train_HR/0800", "DIV2K_train_HR/0002")):
        save_png(data_paths.root / "div2k" / f"{name}.png", picture(4, 5, seed))
    save_png(data_paths.root / "flickr2k" / "000002.png", picture(6, 5, 9))
    images = Together((div2k, flickr2k)).open(data_paths)
    assert images.names == ["1/0002", "1/0800", "2/000002"]
    assert images.expected == 803
    both = [*div2k.open(data_paths).manifest(), *flickr2k.open(data_paths).manifest()]
    assert images.manifest() == both
    assert Together((flickr2k, div2k)).open(data_paths).manifest() == both[2:] + both[:2]
    assert images.where(2) == str(data_paths.root / "flickr2k" / "000002.png")


def test_what_is_known_of_a_part_is_known_of_all():
    whole = Together((Official(2), Official(3, size=5))).open(None)
    assert (whole.expected, whole.unofficial) == (14, "")
    assert Together((Official(2), Maps(1))).open(None).expected is None
    said = Together((Official(said="a"), Maps(1), Official(said="b"))).open(None).unofficial
    assert said == "a; b"


def test_points_must_change_places_alike():
    assert Together((Pairs(2), Pairs(1))).open(None).mirrored == PairImages.mirrored
    with pytest.raises(DataError, match="differ in which points change places"):
        Together((Pairs(2), Unknown(1))).open(None)


def test_only_sets_with_the_same_entries_go_together():
    with pytest.raises(ValueError, match=r"Pairs.* has the entries image, labels, hazy.* and Maps"):
        Together((Maps(1), Pairs(1)))
    for nothing in ((), [Maps(1)], Maps(1)):
        with pytest.raises(ValueError, match="must be a tuple of data sets"):
            Together(nothing)


def test_identity_is_that_of_the_parts():
    spec = Together((DIV2K("train"), Flickr2K(first=2500)))
    assert repr(spec) == "Together(sets=(DIV2K(split='train'), Flickr2K(first=2500)))"
    assert spec == Together((DIV2K("train"), Flickr2K(2500))) != Together((DIV2K("train"),))
