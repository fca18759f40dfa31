"""What comes through the data door: every entry, with the image, in every sample."""

import numpy as np
import pytest
import torch
from map_images import MapImages, Maps, PairImages, Pairs, equal, integers, samples_of

import datasets.sampling as sampling
from datasets.crops import RandomCrops
from datasets.degradations.bicubic import Downscaled
from datasets.degradations.blind_downscaled import BlindDownscaled
from datasets.degradations.camera_shake import CameraShake
from datasets.degradations.clean import Clean, Labelled
from datasets.degradations.clipped_noise import ClippedNoise
from datasets.degradations.hazed import Hazed
from datasets.degradations.jpeg import JPEGCompressed
from datasets.degradations.luma_jpeg import LumaJPEGCompressed
from datasets.degradations.mosaic import BayerMosaic
from datasets.degradations.noise import Noisy
from datasets.degradations.photographed import Photographed
from datasets.degradations.pil_bicubic import PILBicubic
from datasets.embedded.depth_scenes import DepthScenes
from datasets.embedded.photographs import Photographs
from datasets.embedded.street_scenes import StreetScenes
from datasets.images import KINDS, DataError
from datasets.sampling import TrainingSamples, as_tensors, batches

DEGRADATIONS = {
    "Clean": Clean,
    "Labelled": Labelled,
    "Noisy": lambda data: Noisy(data, (0, 75)),
    "ClippedNoise": lambda data: ClippedNoise(data, 100),
    "Downscaled": Downscaled,
    "BlindDownscaled": lambda data: BlindDownscaled(data, blur=(0.2, 3)),
    "CameraShake": CameraShake,
    "JPEGCompressed": JPEGCompressed,
    "LumaJPEGCompressed": lambda data: LumaJPEGCompressed(data, 10),
    "BayerMosaic": BayerMosaic,
    "Photographed": Photographed,
    "PILBicubic": PILBicubic,
    "Hazed": lambda data: Hazed(data, (0.1, 0.2), (0.7, 1), depth="metres"),
}
SETS = {
    "photographs": Photographs("val"),
    "scenes": StreetScenes("train", 2, 32, 64),
    "depth scenes": DepthScenes("indoor", "train", 2, 32, 64),
    "pairs": Pairs(),
    "crops of scenes": RandomCrops(StreetScenes("train", 2, 32, 64), 20, 24),
    "crops of pairs": RandomCrops(Pairs(), 20, 24),
}
NEEDS = {"Labelled": "labels", "Photographed": "hazy", "Hazed": "depth"}


@pytest.mark.parametrize("data", SETS)
@pytest.mark.parametrize("degradation", DEGRADATIONS)
def test_provides_is_what_a_sample_has(data, degradation, data_paths):
    if NEEDS.get(degradation, "image") not in SETS[data].provides:
        pytest.skip("refused when declared; see below")
    spec = DEGRADATIONS[degradation](SETS[data])
    images = spec.data.open(data_paths)
    samples = TrainingSamples(spec, images, 20, "flips_transpose", seed=0)
    tested = sampling.test_sample(spec, images, 0, seed=0)
    assert tuple(samples[0]) == tuple(tested) == spec.provides
    assert len(set(spec.provides)) == len(spec.provides)
    again = TrainingSamples(spec, images, 20, "flips_transpose", seed=0)
    later = {p: again[p] for p in (5, 3, 0)}
    assert all(equal(samples[p], later[p]) for p in later)
    assert equal(tested, sampling.test_sample(spec, images, 0, seed=0))
    (batch,) = batches(samples, 3, 0, 1, workers=0)
    assert all(len(value) == 3 for value in batch.values())


def test_what_an_image_has_is_handed_on():
    rest = ("labels", "hazy", "depth", "points")
    assert Noisy(Pairs(), 25).provides == ("input", "target", "sigma", *rest)
    assert JPEGCompressed(Pairs()).provides == ("input", "target", *rest)
    assert Labelled(Pairs()).provides == ("input", "target", "hazy", "depth", "points")
    assert Photographed(Pairs()).provides == ("input", "target", "labels", "depth", "points")
    assert Noisy(Photographs("val"), 25).provides == ("input", "target", "sigma")


def test_entries_become_tensors_of_their_kind():
    tensors = as_tensors(Pairs().open(None).entries(1))
    assert {name: (value.dtype, tuple(value.shape)) for name, value in tensors.items()} == {
        "image": (torch.float32, (3, 40, 60)),
        "hazy": (torch.float32, (3, 40, 60)),
        "labels": (torch.int64, (40, 60)),
        "depth": (torch.float32, (40, 60)),
        "points": (torch.float32, (4, 2)),
    }
    assert tensors["hazy"].max() <= 1
    assert tensors["depth"][39, 59] == 39 + 59 / 256


def is_mirrored(rows, columns):
    """Whether an image of rows and columns is a mirror image: its axes' orientation is turned."""
    down, right = ((int(m[1, 0] - m[0, 0]), int(m[0, 1] - m[0, 0])) for m in (rows, columns))
    return down[0] * right[1] - down[1] * right[0] < 0


def assert_belongs(sample, image, original_points):
    """Everything in a sample of `Pairs` lies on the pixels that it lay on."""
    rows, columns, number = integers(image)
    assert torch.equal(sample["labels"], (rows + 2 * columns + number) % 19)
    assert torch.equal(sample["depth"], rows + columns / 256)
    if "hazy" in sample:
        assert torch.equal(integers(sample["hazy"])[2], number + 200)
        assert torch.equal(integers(sample["hazy"])[:2], integers(image)[:2])
    numbers = PairImages.mirrored if is_mirrored(rows, columns) else range(4)
    found = 0
    for (x, y), k in zip(sample["points"].long().tolist(), numbers, strict=True):
        if 0 <= x < rows.shape[1] and 0 <= y < rows.shape[0]:
            assert [int(columns[y, x]), int(rows[y, x])] == original_points[k].tolist()
            found += 1
    return found


@pytest.mark.parametrize("augment", ["none", "hflip", "flips_transpose", "rotate"])
@pytest.mark.parametrize("data", [Pairs(3), RandomCrops(Pairs(3), 30, 34)])
@pytest.mark.parametrize(
    "degradation", [Clean, Downscaled, BlindDownscaled, PILBicubic, Photographed, JPEGCompressed]
)
def test_everything_stays_with_its_pixels(augment, data, degradation):
    samples = samples_of(degradation(data), crop=30, augment=augment)
    found = 0
    for p in range(40):
        sample = samples[p]
        number = int(integers(sample["target"])[2, 0, 0])
        points = Pairs(3).open(None).points(number)
        found += assert_belongs(sample, sample["target"], points)
    assert found > 20


def test_what_is_handed_on_beside_a_small_input_belongs_to_its_target():
    sample = samples_of(Downscaled(Pairs(), 4), crop=30)[2]
    assert sample["input"].shape == (3, 7, 7)
    assert sample["target"].shape == sample["hazy"].shape == (3, 28, 28)
    assert sample["labels"].shape == sample["depth"].shape == (28, 28)


def test_pair_is_its_two_photographs():
    sample = sampling.test_sample(Photographed(Pairs()), Pairs().open(None), 2, seed=0)
    entries = as_tensors(Pairs().open(None).entries(2))
    assert torch.equal(sample["input"], entries["hazy"])
    assert torch.equal(sample["target"], entries["image"])


@pytest.mark.parametrize("entry", ["hazy", "labels", "image", "blurred"])
def test_pair_needs_a_second_photograph(entry):
    with pytest.raises(ValueError, match=rf"Maps.* has no second photograph '{entry}'.*none"):
        Photographed(Maps(), entry)
    if entry != "hazy":
        with pytest.raises(ValueError, match="but 'hazy'; name another"):
            Photographed(Pairs(), entry)


def test_pairs_are_values():
    assert repr(Photographed(Pairs())).endswith("input='hazy')")
    assert Photographed(Pairs()) == Photographed(Pairs(), "hazy")
    assert Photographed(Pairs()).key != Clean(Pairs()).key


class Wrong(PairImages):
    """Pairs with one entry put in place of the right one."""

    def __init__(self, **wrong):
        super().__init__(Pairs())
        self.wrong = wrong

    def beside(self, i):
        return super().beside(i) | self.wrong


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"depth": np.zeros((20, 30), np.float32)}, "depth of map3 is 30x20, but .* is 60x40"),
        ({"hazy": np.zeros((60, 40, 3), np.uint8)}, "hazy of map3 is 40x60, but .* is 60x40"),
        ({"labels": np.zeros((40, 60))}, r"labels of map3 is float64 .* must be uint8 \(H, W\)"),
        ({"labels": np.zeros((40, 60, 3), np.uint8)}, r"labels of map3 .* must be uint8 \(H, W\)"),
        ({"points": np.zeros((4, 3), np.float32)}, r"points of map3 .* must be float32 \(N, 2\)"),
        ({"depth": np.zeros(40, np.float32)}, r"depth of map3 .* must be float32 \(H, W\)"),
        ({"depth": np.float32(1)}, r"depth of map3 .* must be float32 \(H, W\)"),
        ({"points": np.float32(1)}, r"points of map3 .* must be float32 \(N, 2\)"),
        ({"fog": np.zeros((40, 60), np.float32)}, "'fog' is no known entry"),
    ],
)
def test_entries_that_do_not_fit_are_refused_with_image_and_entry(wrong, message):
    with pytest.raises(DataError, match=message):
        Wrong(**wrong).entries(3)
    assert Wrong(**wrong).image(3).shape == (40, 60, 3)


def test_crops_of_entries_that_do_not_fit_are_refused():
    """Before they are cut: the crop of a smaller map might have the crop's size."""
    crops = RandomCrops(Pairs(), 5, 8).open(None)
    crops.images = Wrong(depth=np.zeros((39, 59), np.float32))
    with pytest.raises(DataError, match="59x39"):
        crops.entries(0)


def test_entries_that_are_not_declared_are_refused():
    spec = Clean(Maps())
    with pytest.raises(DataError, match=r"map0 of Maps.* declares image, labels. Correct"):
        sampling.test_sample(spec, Pairs().open(None), 0, seed=0)


def test_points_that_may_not_be_mirrored_are_refused_before_training():
    images = Pairs().open(None)
    images.mirrored = None
    with pytest.raises(DataError, match=r"Pairs.* has points.*`mirrored`.*'none'"):
        TrainingSamples(Clean(Pairs()), images, 8, "hflip", seed=0)
    for augment in ("none", "rotate"):
        samples = TrainingSamples(Clean(Pairs()), images, 8, augment, seed=0)
        assert all(len(samples[p]["points"]) == 4 for p in range(8))


def test_image_alone_reads_nothing_else():
    class Unreadable(MapImages):
        def beside(self, i):
            raise AssertionError("read")

    images = Unreadable(Maps())
    crops = RandomCrops(Maps(), 5, 8).open(None)
    crops.images = images
    assert images.image(0).shape == (40, 60, 3)
    assert crops.image(0).shape == (8, 8, 3)


def test_every_known_entry_is_in_the_tests_pairs():
    assert set(KINDS) == set(Pairs.provides)
