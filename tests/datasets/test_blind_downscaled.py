from fractions import Fraction

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from datasets.degradations.bicubic import Downscaled, imresize
from datasets.degradations.blind_downscaled import BlindDownscaled, gaussian_kernel
from datasets.folders import Kodak24
from datasets.images import DataError


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(height, width, seed=0):
    """An image without sharp edges, (3, h, w) float32 in multiples of 1/255."""
    noise = np.random.default_rng(seed).random((3, height, width))
    planes = gaussian_filter(noise, (0, 3, 3))
    planes = (planes - planes.min()) / np.ptp(planes)
    return torch.from_numpy(planes * 255).round().float() / 255


def input_of(clean, seed=0, **arguments):
    spec = BlindDownscaled(Kodak24(), **arguments)
    return spec.sample({"image": clean}, generator(seed))["input"]


@pytest.mark.parametrize("deviation", [0.2, 0.5, 1.0, 2.5, 4.0])
def test_kernel_is_a_gaussian_of_sum_one(deviation):
    kernel = gaussian_kernel(deviation)
    size = kernel.shape[0]
    assert kernel.shape == (size, size)
    assert size % 2 == 1
    assert size // 2 >= 4 * deviation
    assert float(kernel.sum()) == pytest.approx(1, abs=1e-12)
    rows, columns = np.mgrid[:size, :size] - size // 2
    gaussian = np.exp(-(rows**2 + columns**2) / (2 * deviation**2))
    assert np.allclose(kernel, gaussian / gaussian.sum(), rtol=1e-9)


@pytest.mark.parametrize("deviation", [1.0, 4.0])
def test_kernel_has_the_deviation_that_it_is_named_after(deviation):
    kernel = gaussian_kernel(deviation)
    places = torch.arange(len(kernel)).double() - len(kernel) // 2
    assert float((kernel.sum(0) * places**2).sum()) ** 0.5 == pytest.approx(deviation, rel=1e-3)


def test_sample_is_blurred_then_made_smaller():
    """Against SciPy's filter, which is cut off at the same place."""
    clean = smooth(61, 84)
    spec = BlindDownscaled(Kodak24(), blur=(2, 2), sigma=(0, 0), levels=0)
    sample = spec.sample({"image": clean}, generator())
    assert set(sample) == {"input", "target"}
    target = clean[:, :60, :84]
    assert torch.equal(sample["target"], target)
    blurred = gaussian_filter(target.double().numpy(), (0, 2, 2), mode="mirror", truncate=4)
    expected = imresize(torch.from_numpy(blurred), Fraction(1, 4))
    assert torch.allclose(sample["input"].double(), expected, atol=1e-6)


def test_without_blur_and_noise_it_is_the_plain_small_image():
    clean = smooth(40, 48)
    small = Downscaled(Kodak24()).sample({"image": clean}, generator())["input"]
    assert torch.equal(input_of(clean, blur=(0.01, 0.01), sigma=(0, 0)), small)


def test_input_is_that_of_a_file():
    bright = torch.cat((torch.zeros(3, 32, 32), torch.ones(3, 32, 32)), 2)
    stored = input_of(bright, sigma=(25, 25)) * 255
    assert torch.allclose(stored, stored.round(), atol=1e-4)
    assert (stored.min(), stored.max()) == (0, 255)
    unrounded = input_of(bright, sigma=(25, 25), levels=0)
    assert (unrounded.min(), unrounded.max()) == (0, 1)
    assert ((unrounded * 255 - (unrounded * 255).round()).abs() > 0.1).any()


def passed_as_uniform(drawn, least, most, error):
    """Kolmogorov-Smirnov at one in a thousand, for values measured to within `error`."""
    drawn = np.sort(drawn)
    uniform = least + (most - least) * (np.arange(len(drawn)) + 0.5) / len(drawn)
    return np.abs(drawn - uniform).max() < (most - least) * 1.95 / len(drawn) ** 0.5 + error


def test_noise_levels_are_uniform():
    grey = torch.full((3, 160, 160), 0.5)
    found = [float(input_of(grey, s, sigma=(5, 25), levels=0).std()) * 255 for s in range(200)]
    assert passed_as_uniform(found, 5, 25, error=1.0)


def spread(small):
    """The second moment of a small image around its middle, less than nothing where it is grey."""
    weights = (small[0].double() - 0.25) / (small[0].double() - 0.25).sum()
    places = torch.arange(len(weights)).double() - (len(weights) - 1) / 2
    return float((weights.sum(1) * places**2).sum())


def test_deviations_of_the_blur_are_uniform():
    """Variances add up: a block's spread grows by that of the kernel, in pixels of the input."""
    block = torch.full((3, 96, 96), 0.25)
    block[:, 44:52, 44:52] = 0.75

    def found(seed, blur):
        return spread(input_of(block, seed, blur=blur, sigma=(0, 0), levels=0))

    least = found(0, (0.01, 0.01))
    deviations = [4 * (found(s, (1, 4)) - least) ** 0.5 for s in range(100)]
    assert passed_as_uniform(deviations, 1, 4, error=0.01)


def test_blur_noise_and_its_amount_are_drawn_apart():
    grey, edge = torch.full((3, 64, 64), 0.5), smooth(64, 64)
    noise = [float(input_of(grey, s, levels=0).std()) for s in range(60)]
    blurred = [float(input_of(edge, s, sigma=(0, 0), levels=0).std()) for s in range(60)]
    assert abs(np.corrcoef(noise, blurred)[0, 1]) < 4 / 60**0.5
    assert torch.equal(input_of(edge, 7), input_of(edge, 7))
    assert not torch.equal(input_of(edge, 7), input_of(edge, 8))


def test_crop_is_that_of_the_whole_image_but_near_its_edge():
    """Blur reaches 16 pixels and imresize 8: six pixels of the input."""
    clean, fixed = smooth(128, 144), {"blur": (4, 4), "sigma": (0, 0), "levels": 0}
    whole = input_of(clean, **fixed)[:, 4:24, 8:28]
    crop = input_of(clean[:, 16:96, 32:112], **fixed)
    difference = (whole - crop).abs().amax(0)
    assert difference[6:-6, 6:-6].max() < 1e-6 < 1e-3 < difference.max()


def test_what_it_cannot_do_is_refused():
    for blur in ((0, 4), (-1, 4), (4, 1), (1, float("inf"))):
        with pytest.raises(ValueError, match="blur must be"):
            BlindDownscaled(Kodak24(), blur=blur)
    for sigma in ((-1, 4), (25, 0), (0, 256)):
        with pytest.raises(ValueError, match=r"within 0\.\.255"):
            BlindDownscaled(Kodak24(), sigma=sigma)
    with pytest.raises(ValueError, match="whole number of at least 2"):
        BlindDownscaled(Kodak24(), scale=1)
    spec = BlindDownscaled(Kodak24())
    assert spec.target_size(23, 22) == (20, 20)
    with pytest.raises(DataError, match=r"20x16 pixels is too small .* reaches 16"):
        spec.sample({"image": torch.zeros(3, 16, 20)}, generator())
    with pytest.raises(DataError, match="cannot be made 4 times smaller"):
        spec.target_size(3, 90)


def test_key_tells_every_parameter_and_not_the_data():
    specs = [
        BlindDownscaled(Kodak24()),
        BlindDownscaled(Kodak24(), 2),
        BlindDownscaled(Kodak24(), levels=0),
        BlindDownscaled(Kodak24(), border="replicate"),
        BlindDownscaled(Kodak24(), blur=(0.2, 3)),
        BlindDownscaled(Kodak24(), sigma=(0, 15)),
        Downscaled(Kodak24()),
    ]
    assert len({spec.key for spec in specs}) == len(specs)
    assert not any("Kodak" in spec.key for spec in specs)
    assert BlindDownscaled(Kodak24(), sigma=(0, 25)).key == specs[0].key
