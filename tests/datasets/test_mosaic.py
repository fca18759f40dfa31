import pytest
import torch

from datasets.degradations.mosaic import BayerMosaic, rggb
from datasets.folders import Kodak24


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("height", "width"), [(6, 8), (5, 7)])
def test_every_pixel_has_one_sample_of_its_colour(height, width):
    image = torch.rand(3, height, width, generator=generator()) + 0.1
    mosaic = rggb(image)
    for row in range(height):
        for column in range(width):
            plane = ("RG", "GB")[row % 2][column % 2]
            kept = "RGB".index(plane)
            expected = torch.zeros(3)
            expected[kept] = image[kept, row, column]
            assert torch.equal(mosaic[:, row, column], expected)


def test_sample_is_a_clipped_noisy_mosaic():
    clean = torch.full((3, 100, 100), 0.5)
    sample = BayerMosaic(Kodak24(), 10).sample({"image": clean}, generator())
    assert set(sample) == {"input", "target"}
    taken = rggb(torch.ones_like(clean)).bool()
    noise = (sample["input"] - clean)[taken] * 255
    assert float(noise.std()) == pytest.approx(10, rel=5 / (2 * 10_000) ** 0.5)
    assert abs(float(noise.mean())) < 5 * 10 / 100
    assert (sample["input"][~taken] == 0).all()
    assert torch.equal(sample["target"], clean)
    bright = BayerMosaic(Kodak24()).sample({"image": torch.ones(3, 50, 50)}, generator())["input"]
    assert bright.max() == 1


def test_without_noise_the_mosaic_is_exact():
    clean = torch.rand(3, 9, 9, generator=generator())
    sample = BayerMosaic(Kodak24(), 0).sample({"image": clean}, generator(1))
    assert torch.equal(sample["input"], rggb(clean))


def test_sample_depends_on_its_generator_alone():
    spec, clean = BayerMosaic(Kodak24()), torch.rand(3, 8, 8, generator=generator())
    first = spec.sample({"image": clean}, generator(1))["input"]
    torch.manual_seed(7)
    assert torch.equal(first, spec.sample({"image": clean}, generator(1))["input"])
    assert not torch.equal(first, spec.sample({"image": clean}, generator(2))["input"])


def test_impossible_sigma_is_refused_and_key_tells_it():
    for sigma in (-1, 256, float("nan")):
        with pytest.raises(ValueError, match=r"within 0\.\.255"):
            BayerMosaic(Kodak24(), sigma)
    assert BayerMosaic(Kodak24(), 5).key == BayerMosaic(Kodak24()).key
    assert BayerMosaic(Kodak24(), 6).key != BayerMosaic(Kodak24()).key
