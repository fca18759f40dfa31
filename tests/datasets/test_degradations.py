import numpy as np
import pytest
import torch

from datasets.degradations.clean import Clean, Labelled
from datasets.degradations.noise import Noisy, gaussian_noise
from datasets.embedded.street_scenes import StreetScenes
from datasets.folders import Kodak24

SCENES = StreetScenes("train", 1, 16, 16)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("sigma", [5.0, 25.0, 75.0])
def test_noise_is_normal_with_deviation_sigma(sigma):
    clean = torch.full((3, 256, 256), 0.5)
    noise = (gaussian_noise(clean, sigma, generator()) - clean).double() * 255 / sigma
    n = noise.numel()
    # Five standard errors of mean, variance, and fourth moment of n unit normals.
    assert abs(noise.mean()) < 5 / n**0.5
    assert abs(noise.var() - 1) < 5 * (2 / n) ** 0.5
    assert abs((noise**4).mean() - 3) < 5 * (96 / n) ** 0.5


def test_noise_is_the_generators_normals_times_sigma_over_255():
    normals = torch.randn(3, 16, 16, generator=generator(4))
    noise = gaussian_noise(torch.zeros(3, 16, 16), 25.0, generator(4))
    assert torch.allclose(noise, normals * (25 / 255), rtol=1e-6, atol=0)


def test_noise_is_independent_between_neighbours_and_channels():
    noise = gaussian_noise(torch.zeros(3, 200, 200), 255.0, generator())
    bound = 5 / 40_000**0.5
    assert abs((noise[:, :, 1:] * noise[:, :, :-1]).mean()) < bound
    assert abs((noise[:, 1:] * noise[:, :-1]).mean()) < bound
    assert abs((noise[0] * noise[1]).mean()) < bound


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_noise_is_neither_clipped_nor_quantised(level):
    noisy = gaussian_noise(torch.full((3, 64, 64), level), 50.0, generator())
    assert 0.45 < (noisy > level).float().mean() < 0.55
    assert (noisy < 0).any() if level == 0 else (noisy > 1).any()
    steps = noisy * 255
    assert (steps - steps.round()).abs().mean() > 0.2  # 1/4 if uniform between the levels


def test_noise_takes_one_sigma_per_image():
    clean = torch.zeros(3, 3, 128, 128)
    noisy = gaussian_noise(clean, torch.tensor([0.0, 10.0, 100.0]), generator())
    deviations = noisy.flatten(1).std(1) * 255
    assert deviations[0] == 0
    assert torch.allclose(deviations[1:], torch.tensor([10.0, 100.0]), rtol=0.02)


def test_noise_depends_on_its_generator_alone():
    clean = torch.rand(3, 8, 8, generator=generator(9))
    first = gaussian_noise(clean, 25.0, generator(1))
    torch.manual_seed(123)
    assert torch.equal(first, gaussian_noise(clean, 25.0, generator(1)))
    assert not torch.equal(first, gaussian_noise(clean, 25.0, generator(2)))


def test_sigma_range_is_drawn_uniformly():
    spec, clean, g = Noisy(SCENES, (15, 75)), torch.zeros(3, 1, 1), generator()
    drawn = np.sort([float(spec.sample({"image": clean}, g)["sigma"]) for _ in range(4000)])
    assert drawn[0] >= 15
    assert drawn[-1] <= 75
    uniform = 15 + 60 * (np.arange(4000) + 0.5) / 4000
    # Kolmogorov-Smirnov: 1.95 / sqrt(n) is passed by one in a thousand uniform samples.
    assert np.abs(drawn - uniform).max() / 60 < 1.95 / 4000**0.5


def test_noise_of_a_sample_has_the_sigma_that_it_names():
    clean = torch.full((3, 100, 100), 0.5)
    for seed in range(5):
        sample = Noisy(SCENES, (5, 75)).sample({"image": clean}, generator(seed))
        assert sample["sigma"].shape == ()
        assert sample["sigma"].dtype == torch.float32
        measured = (sample["input"] - sample["target"]).std() * 255
        assert measured == pytest.approx(float(sample["sigma"]), rel=0.03)
        assert torch.equal(sample["target"], clean)


def test_fixed_sigma_is_exact():
    sample = Noisy(SCENES, 25).sample({"image": torch.zeros(3, 4, 4)}, generator())
    assert sample["sigma"] == 25


@pytest.mark.parametrize("sigma", [-1, 256, (75, 0), (-5, 10), float("nan")])
def test_impossible_sigma_is_refused(sigma):
    with pytest.raises(ValueError, match=r"within 0..255"):
        Noisy(SCENES, sigma)


def test_clean_is_the_image_twice():
    clean = torch.rand(3, 4, 4)
    sample = Clean(Kodak24()).sample({"image": clean}, generator())
    assert torch.equal(sample["input"], clean)
    assert torch.equal(sample["target"], clean)


def test_labelled_has_labels_as_its_target():
    clean, labels = torch.rand(3, 4, 4), torch.randint(0, 19, (4, 4))
    sample = Labelled(SCENES).sample({"image": clean, "labels": labels}, generator())
    assert torch.equal(sample["input"], clean)
    assert torch.equal(sample["target"], labels)
    with pytest.raises(ValueError, match=r"Labelled.sample needs the entry 'labels'.* got image"):
        Labelled(SCENES).sample({"image": clean}, generator())
    with pytest.raises(ValueError, match=r"Kodak24.* has no labels"):
        Labelled(Kodak24())


def test_specs_are_values():
    assert Noisy(Kodak24(), (0, 75)) == Noisy(Kodak24(), (0, 75))
    assert len({Noisy(Kodak24(), 25), Noisy(Kodak24(), 25), Clean(Kodak24())}) == 2
    assert repr(Noisy(Kodak24(), 25)) == "Noisy(data=Kodak24(), sigma=25)"
    assert Noisy(Kodak24(), 25).key == Noisy(SCENES, 25.0).key != Noisy(SCENES, 35).key
