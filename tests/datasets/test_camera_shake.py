import math

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve

from datasets.degradations.camera_shake import CameraShake, blur, tremor_kernel, tremor_path
from datasets.folders import Kodak24
from datasets.images import DataError

ANY = (0.0, 1.0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def centre_of_mass(kernel):
    places = torch.arange(kernel.shape[0], dtype=torch.float64) - kernel.shape[0] // 2
    return (kernel.sum(1) * places).sum(), (kernel.sum(0) * places).sum()


@pytest.mark.parametrize(("support", "drift"), [(17, 3.0), (33, 3.0), (9, 20.0), (1, 3.0)])
def test_kernel_is_a_centred_distribution(support, drift):
    for seed in range(30):
        kernel = tremor_kernel(generator(seed), support, ANY, drift)
        assert kernel.shape == (support, support)
        assert (kernel >= 0).all()
        assert float(kernel.sum()) == pytest.approx(1, abs=1e-12)
        for coordinate in centre_of_mass(kernel):
            assert abs(float(coordinate)) < 1e-10


def test_kernel_is_the_histogram_of_its_path():
    g = generator(5)
    seconds = float(torch.rand((), generator=g, dtype=torch.float64))
    path = tremor_path(g, seconds, 3.0).numpy()
    expected = np.zeros((17, 17))
    for row, column in path.T:  # hat functions around every pixel
        hats = [np.clip(1 - abs(np.arange(-8, 9) - x), 0, None) for x in (row, column)]
        expected += np.outer(*hats) / path.shape[1]
    kernel = tremor_kernel(generator(5), 17, ANY, 3.0)
    assert np.abs(kernel.numpy() - expected).max() < 1e-12


def test_path_too_large_is_shrunk_and_keeps_its_shape():
    large = tremor_kernel(generator(1), 9, (1, 1), 300.0)
    assert large[[0, -1]].sum() + large[:, [0, -1]].sum() > 0
    assert torch.allclose(large, tremor_kernel(generator(1), 9, (1, 1), 600.0), atol=1e-10)


def test_no_exposure_is_no_blur():
    kernel = tremor_kernel(generator(), 9, (0, 0), 3.0)
    expected = torch.zeros(9, 9, dtype=torch.float64)
    expected[4, 4] = 1
    assert torch.allclose(kernel, expected, atol=1e-12)


def test_drift_is_the_deviation_of_one_seconds_movement():
    moves = []
    for seed in range(1500):  # moments sit in the middles of equal parts: 2 of them, half the time
        path = tremor_path(generator(seed), 2.0, 5.0, moments=2)
        moves.append(path[:, 1] - path[:, 0])
    moves = torch.stack(moves)
    n = moves.numel()
    assert abs(float(moves.mean())) < 5 * 5 / n**0.5
    assert float(moves.std()) == pytest.approx(5, rel=5 / (2 * n) ** 0.5)
    assert abs(float((moves[:, 0] * moves[:, 1]).mean())) < 5 * 25 / (n / 2) ** 0.5


def test_power_of_the_path_falls_as_the_square_of_frequency():
    """Over whole periods of two seconds, every harmonic is a bin of the discrete transform."""
    power = torch.zeros(128)
    for seed in range(400):
        path = tremor_path(generator(seed), 2.0, 1.0, moments=256)
        power += torch.fft.rfft(path).abs().square().sum(0)[1:129]
    harmonics = torch.arange(1, 41)
    scaled = power[:40] * harmonics**2  # flat if power ~ 1/f^2; each has 1600 degrees of freedom
    assert (scaled / scaled.mean() - 1).abs().max() < 5 * (2 / 1600) ** 0.5
    assert power[40:].max() < 1e-12 * power[0]


def test_longer_exposure_blurs_more():
    def spread(exposure):
        kernels = (tremor_kernel(generator(s), 33, (exposure, exposure), 3.0) for s in range(50))
        return sum(float((k.sum(1) * (torch.arange(33) - 16.0) ** 2).sum()) for k in kernels)

    assert spread(0.1) < spread(0.4) < spread(1.0)


def test_blur_is_a_convolution_with_reflection():
    image = torch.rand(3, 20, 31, generator=generator(), dtype=torch.float64)
    kernel = torch.rand(7, 7, generator=generator(1), dtype=torch.float64)
    blurred = blur(image, kernel)
    for plane, expected in zip(blurred, image, strict=True):
        assert np.allclose(plane, convolve(expected.numpy(), kernel.numpy(), mode="mirror"))


def test_blur_moves_a_point_where_the_kernel_has_it():
    image, kernel = torch.zeros(1, 15, 15), torch.zeros(5, 5)
    image[0, 7, 7] = 1
    kernel[0, 3] = 1  # two up, one to the right
    assert torch.allclose(blur(image, kernel)[0, 5, 8], torch.tensor(1.0))
    assert float(blur(image, kernel).sum()) == pytest.approx(1, abs=1e-5)


def test_blur_is_as_large_as_the_kernel_allows():
    kernel = torch.full((9, 9), 1 / 81)
    assert blur(torch.ones(3, 5, 6), kernel).shape == (3, 5, 6)
    with pytest.raises(ValueError, match="must exceed 4"):
        blur(torch.ones(3, 4, 6), kernel)


def test_sample_is_blur_and_noise_clipped():
    clean = torch.rand(3, 40, 40, generator=generator())
    sample = CameraShake(Kodak24(), sigma=(0, 0)).sample({"image": clean}, generator(3))
    kernel = tremor_kernel(generator(3), 17, ANY, 3.0)
    assert set(sample) == {"input", "target"}
    assert torch.allclose(sample["input"], blur(clean, kernel).clamp(0, 1), atol=1e-6)
    assert torch.equal(sample["target"], clean)
    spec = CameraShake(Kodak24(), sigma=(15, 15))
    bright = spec.sample({"image": torch.ones(3, 40, 40)}, generator())
    assert bright["input"].max() == 1
    assert 0.4 < (bright["input"] < 1).float().mean() < 0.6


def test_noise_levels_are_uniform():
    spec, grey = CameraShake(Kodak24()), {"image": torch.full((3, 32, 32), 0.5)}
    deviations = np.sort(
        [float(spec.sample(grey, generator(s))["input"].std()) * 255 for s in range(400)]
    )
    uniform = 15 * (np.arange(400) + 0.5) / 400
    # Kolmogorov-Smirnov at one in a thousand, and 0.3 for the error of a measured deviation.
    assert np.abs(deviations - uniform).max() < 15 * 1.95 / 400**0.5 + 0.3


def test_sample_depends_on_its_generator_alone():
    spec, clean = CameraShake(Kodak24()), torch.rand(3, 24, 24, generator=generator())
    first = spec.sample({"image": clean}, generator(1))["input"]
    torch.manual_seed(99)
    assert torch.equal(first, spec.sample({"image": clean.clone()}, generator(1))["input"])
    assert not torch.equal(first, spec.sample({"image": clean}, generator(2))["input"])
    assert torch.equal(clean, torch.rand(3, 24, 24, generator=generator()))


def test_impossible_parameters_are_refused():
    for change, message in (
        ({"support": 8}, "odd number"),
        ({"support": -1}, "odd number"),
        ({"exposure": (0.5, 0.2)}, "shortest, longest"),
        ({"exposure": (0, 1.5)}, r"within 0\.\.1 s"),
        ({"drift": -1}, "drift must be"),
        ({"drift": math.nan}, "drift must be"),
        ({"sigma": (15, 0)}, r"within 0\.\.255"),
    ):
        with pytest.raises(ValueError, match=message):
            CameraShake(Kodak24(), **change)
    with pytest.raises(DataError, match="8x20 pixels is too small for blur of 17"):
        CameraShake(Kodak24()).sample({"image": torch.zeros(3, 20, 8)}, generator())


def test_key_tells_every_parameter_and_not_the_data():
    specs = [
        CameraShake(Kodak24()),
        CameraShake(Kodak24(), support=33),
        CameraShake(Kodak24(), sigma=(0, 5)),
        CameraShake(Kodak24(), exposure=(0, 0.5)),
        CameraShake(Kodak24(), drift=2.3),
    ]
    assert len({spec.key for spec in specs}) == 5
    assert CameraShake(Kodak24(), sigma=(0, 15), exposure=(0, 1), drift=3).key == specs[0].key
    assert not any("Kodak" in spec.key for spec in specs)
