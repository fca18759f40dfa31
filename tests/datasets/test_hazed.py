import math

import numpy as np
import pytest
import torch
from map_images import Maps, Pairs, equal, samples_of

from datasets.crops import RandomCrops
from datasets.degradations.hazed import Hazed, haze, transmission, uneven_field
from datasets.depth import check_depth, filled
from datasets.images import DataError
from datasets.relative_depth import RelativeDepth, is_relative
from datasets.sampling import test_sample as whole_sample
from datasets.together import Together

RELATIVE = RelativeDepth(Pairs())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def sampled(spec, seed=0, height=5, width=7):
    """A sample of a random image whose depth falls from 1 to nearly 0."""
    entries = {
        "image": torch.rand(3, height, width, generator=generator(99)),
        "depth": torch.linspace(1, 0.1, height * width).reshape(height, width),
    }
    return entries, spec.sample(entries, generator(seed))


def test_haze_and_transmission_are_those_of_the_model():
    """By hand, in Python's own numbers: half of the light is left at depth ln 2 / beta."""
    depth = torch.tensor([[0.0, math.log(2) / 0.4, math.log(4) / 0.4]])
    through = transmission(depth, 0.4)
    assert torch.allclose(through, torch.tensor([[1.0, 0.5, 0.25]]))
    clean = torch.tensor([0.2, 0.4, 0.8])[:, None, None].expand(3, 1, 3)
    airlight = torch.tensor([1.0, 0.6, 0.0])
    expected = torch.tensor([[0.2, 0.6, 0.8], [0.4, 0.5, 0.55], [0.8, 0.4, 0.2]])
    assert torch.allclose(haze(clean, through[None], airlight)[:, 0], expected)
    assert torch.allclose(haze(clean, through[None], 1.0)[0, 0], expected[0])
    batch = haze(clean[None].repeat(2, 1, 1, 1), through[None, None], torch.stack([airlight] * 2))
    assert torch.allclose(batch[1, :, 0], expected)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (33, 17)])
def test_sample_is_the_model_with_what_it_says_of_itself(size):
    spec = Hazed(RELATIVE, beta=0.7, airlight=(0.6, 1.0), per_channel=True)
    entries, sample = sampled(spec, 3, *size)
    assert tuple(sample) == spec.makes
    assert torch.allclose(sample["transmission"], torch.exp(-0.7 * entries["depth"])[None])
    assert sample["airlight"].shape == (3,)
    made = haze(entries["image"], sample["transmission"], sample["airlight"])
    assert torch.equal(sample["input"], made)
    assert torch.equal(sample["target"], entries["image"])
    assert {value.dtype for value in sample.values()} == {torch.float32}


@pytest.mark.parametrize("augment", ["none", "flips_transpose"])
def test_a_crop_has_the_haze_of_its_image_there(augment):
    """Depth is that of the whole image, wherever the crop lies and whichever way up it is."""
    whole = Pairs().open(None).entries(0)["depth"].max()
    for data in (RELATIVE, RandomCrops(RELATIVE, 20, 24)):
        samples = samples_of(Hazed(data, beta=1.5, airlight=0.8), crop=20, augment=augment)
        for p in range(10):
            rows, columns = (samples[p]["target"] * 255).round()[:2]
            depth = (rows + columns / 256) / whole
            assert torch.allclose(samples[p]["transmission"][0], torch.exp(-1.5 * depth))


def test_metres_are_taken_as_they_are():
    sample = whole_sample(Hazed(Pairs(), 0.1, 1.0, depth="metres"), Pairs().open(None), 2, seed=0)
    depth = torch.from_numpy(Pairs().open(None).entries(2)["depth"])
    assert torch.allclose(sample["transmission"][0], torch.exp(-0.1 * depth))


def drawn(spec, count=2000):
    """beta and airlight of many samples of one generator, (count,) and (count, 3)."""
    entries, g = {"image": torch.rand(3, 1, 1), "depth": torch.ones(1, 1)}, generator()
    samples = [spec.sample(entries, g) for _ in range(count)]
    betas = torch.stack([-torch.log(sample["transmission"]).reshape(()) for sample in samples])
    return betas.numpy(), torch.stack([sample["airlight"] for sample in samples]).numpy()


def assert_uniform(values, low, high):
    values = np.sort(values)
    assert low - 1e-6 <= values[0] < values[-1] <= high + 1e-6
    uniform = low + (high - low) * (np.arange(len(values)) + 0.5) / len(values)
    # Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed by one in a thousand uniform samples.
    assert np.abs(values - uniform).max() / (high - low) < 1.95 / len(values) ** 0.5


def test_ranges_are_drawn_uniformly_and_channels_by_themselves():
    betas, airlights = drawn(Hazed(RELATIVE, (0.5, 1.5), (0.6, 1.0), per_channel=True))
    assert_uniform(betas, 0.5, 1.5)
    for channel in airlights.T:
        assert_uniform(channel, 0.6, 1.0)
    correlations = np.corrcoef(np.vstack((betas, airlights.T)))[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 5 / 2000**0.5


def test_choices_are_equally_likely_and_a_grey_airlight_is_grey():
    choices = (0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6)
    betas, airlights = drawn(Hazed(RELATIVE, choices, (0.6, 1.0)))
    values, counts = np.unique(betas.round(4), return_counts=True)
    assert values.tolist() == pytest.approx(choices)
    deviation = (2000 * 1 / 7 * 6 / 7) ** 0.5
    assert np.abs(counts - 2000 / 7).max() < 5 * deviation
    assert (airlights == airlights[:, :1]).all()
    assert_uniform(airlights[:, 0], 0.6, 1.0)


def test_sample_depends_on_its_generator_alone():
    spec = Hazed(RELATIVE, (0.5, 1.5), (0.6, 1.0), uneven=0.3, noise=2.0)
    _, first = sampled(spec, 1)
    torch.manual_seed(123)
    assert equal(first, sampled(spec, 1)[1])
    assert not torch.equal(first["input"], sampled(spec, 2)[1]["input"])


def test_uneven_haze_has_exactly_the_transmission_that_it_names():
    spec = Hazed(RELATIVE, 1.0, 0.8, uneven=0.4)
    entries, sample = sampled(spec, 5, 60, 80)
    betas = -torch.log(sample["transmission"][0]) / entries["depth"]
    assert 0.2 < torch.log(betas).std() < 0.6
    assert betas.diff(dim=1).abs().max() < 0.1  # swathes, not grain
    assert torch.equal(
        sample["input"], haze(entries["image"], sample["transmission"], sample["airlight"])
    )
    _, even = sampled(Hazed(RELATIVE, 1.0, 0.8), 5, 60, 80)
    assert torch.allclose(-torch.log(even["transmission"][0]) / entries["depth"], torch.ones(1))


def test_uneven_field_is_of_unit_deviation_at_its_corners():
    g = generator()
    corners = torch.stack(
        [uneven_field(9, 13, g)[[0, 0, -1, -1], [0, -1, 0, -1]] for _ in range(1000)]
    )
    assert abs(corners.mean()) < 5 / 4000**0.5
    assert abs(corners.std() - 1) < 5 / 8000**0.5


def test_noise_and_rounding_are_those_declared():
    plain, noisy, rounded = (
        sampled(Hazed(RELATIVE, 0.5, 1.0, **extra), 7, 120, 120)[1]["input"]
        for extra in ({}, {"noise": 20.0}, {"noise": 20.0, "eight_bit": True})
    )
    assert ((noisy - plain) * 255).std() == pytest.approx(20, rel=0.03)
    assert noisy.max() > 1
    assert torch.equal(rounded, (noisy * 255).round().clamp(0, 255) / 255)
    steps = plain * 255
    assert (steps - steps.round()).abs().mean() > 0.2  # 1/4 if uniform between the levels


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"beta": -0.1}, "beta must be"),
        ({"beta": (1.5, 0.5)}, "beta must be"),
        ({"beta": ()}, "beta must be"),
        ({"beta": float("nan")}, "beta must be"),
        ({"airlight": (0.6, 1.1)}, "airlight must be within"),
        ({"airlight": (0.6, 0.8, 1.0)}, "airlight must be a number or"),
        ({"depth": "feet"}, "depth must be 'relative' or 'metres'"),
        ({"uneven": -1.0}, "uneven must not be negative"),
        ({"noise": 300.0}, "noise within"),
    ],
)
def test_impossible_haze_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Hazed(RELATIVE, **({"beta": 1.0, "airlight": 0.8} | arguments))


def test_depth_of_another_unit_is_refused_when_declared():
    with pytest.raises(ValueError, match="no depth"):
        Hazed(Maps(), 1.0, 0.8)
    for data in (Pairs(), RandomCrops(Pairs(), 3, 8), Together((RELATIVE, Pairs()))):
        with pytest.raises(ValueError, match=r"not relative.*RelativeDepth"):
            Hazed(data, 1.0, 0.8)
    for data in (RELATIVE, RandomCrops(RELATIVE, 3, 8), Together((RELATIVE, RELATIVE))):
        assert is_relative(data)
        with pytest.raises(ValueError, match="has relative depth, not metres"):
            Hazed(data, 1.0, 0.8, depth="metres")
    with pytest.raises(ValueError, match=r"declare RandomCrops\(RelativeDepth\(Pairs"):
        RelativeDepth(RandomCrops(Pairs(), 3, 8))
    with pytest.raises(ValueError, match="has no depth"):
        RelativeDepth(Maps())


def test_relative_depth_is_all_that_changes():
    plain, relative = Pairs().open(None), RELATIVE.open(None)
    assert (relative.names, relative.mirrored) == (plain.names, plain.mirrored)
    assert relative.size(1) == plain.size(1)
    one, other = plain.entries(1), relative.entries(1)
    assert tuple(one) == tuple(other) == RELATIVE.provides
    assert np.allclose(other.pop("depth"), one["depth"] / one.pop("depth").max())
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert np.array_equal(relative.image(1), plain.image(1))


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.nan, "not finite in 1 of 12"), (np.inf, "not finite"), (-1.0, "negative in 1 of 12")],
)
def test_depth_that_is_no_distance_names_its_image(value, message, monkeypatch):
    depth = np.ones((3, 4), np.float32)
    depth[1, 2] = value
    with pytest.raises(DataError, match=rf"depth of the image is {message}"):
        check_depth(depth, "the image")
    entries = {"image": torch.rand(3, 3, 4), "depth": torch.from_numpy(depth)}
    with pytest.raises(DataError, match=r"an image of RelativeDepth\(data=Pairs"):
        Hazed(RELATIVE, 1.0, 0.8).sample(entries, generator())
    images = RELATIVE.open(None)
    monkeypatch.setattr(images.images, "entries", lambda i: {"depth": depth})
    with pytest.raises(DataError, match=rf"depth of map2 is {message}"):
        images.entries(2)


def test_depth_of_nothing_has_no_largest_one(monkeypatch):
    images = RELATIVE.open(None)
    monkeypatch.setattr(images.images, "entries", lambda i: {"depth": np.zeros((3, 4))})
    with pytest.raises(DataError, match="depth of map1 is 0 everywhere"):
        images.entries(1)


def test_holes_have_the_depth_of_the_nearest_measured_pixel():
    rng = np.random.default_rng(0)
    depth, measured = rng.uniform(1, 9, (12, 17)), rng.random((12, 17)) < 0.2
    whole = filled(np.where(measured, depth, np.nan), measured, "it")
    assert whole.dtype == np.float32
    rows, columns = np.nonzero(measured)
    for y in range(12):
        for x in range(17):
            distances = (rows - y) ** 2 + (columns - x) ** 2
            nearest = distances == distances.min()
            assert whole[y, x] in depth[rows[nearest], columns[nearest]].astype(np.float32)
    with pytest.raises(DataError, match="depth of it has nothing but holes"):
        filled(depth, np.zeros_like(measured), "it")
    with pytest.raises(DataError, match="negative"):
        filled(-depth, measured, "it")


def test_haze_is_a_value():
    spec = Hazed(RELATIVE, (0.4, 1.6), (0.6, 1))
    assert spec == Hazed(RELATIVE, (0.4, 1.6), (0.6, 1))
    assert spec.provides == (*spec.makes, "labels", "hazy", "points")
    keys = {
        Hazed(RELATIVE, 0.4, 0.8, **extra).key
        for extra in (
            {}, {"per_channel": True}, {"uneven": 0.1}, {"noise": 1.0}, {"eight_bit": True}
        )
    }  # fmt: skip
    assert len(keys | {spec.key, Hazed(Pairs(), 0.4, 0.8, depth="metres").key}) == 7
    assert Hazed(RELATIVE, 1, 1).key == Hazed(RELATIVE, 1.0, 1.0).key
