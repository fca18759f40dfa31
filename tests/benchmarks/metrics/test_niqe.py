"""NIQE against MATLAB's number, a plain re-derivation in loops, and what it must tell apart."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from benchmarks.metrics.niqe import NIQE, PARAMETERS_FILE, gaussian, sharp_gaussian
from benchmarks.metrics.scene_statistics import block_features, grey_levels, half_size


def tensor_of(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255


@pytest.fixture(scope="module")
def coffee() -> Tensor:
    """A sharp photograph that no model is fitted to, (3, 400, 600)."""
    import skimage.data

    return tensor_of(skimage.data.coffee())


@pytest.fixture(scope="module")
def embedded() -> Any:
    class Cpu:
        device = torch.device("cpu")

    return NIQE("photographs").build(Cpu())  # type: ignore[arg-type]


@pytest.fixture
def released(data_root: Path) -> Any:
    """Resources with the authors' parameters."""
    path = data_root / "weights" / PARAMETERS_FILE[0]
    if not path.is_file():
        pytest.skip(f"{path} is not there")

    class Folder:
        device = torch.device("cpu")

        def weights_file(self, name: str, sha256: str) -> Path:
            import hashlib

            assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
            return path

    return Folder()


def cubic(x: float) -> float:
    x = abs(x)
    if x <= 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def halved_by_loops(grey: np.ndarray) -> np.ndarray:
    """Keys' cubic stretched to twice its width, with a mirrored image; rows, then columns."""

    def along_rows(x: np.ndarray) -> np.ndarray:
        n = len(x)
        out = np.zeros((n // 2, x.shape[1]))
        for i in range(n // 2):
            for j in range(2 * i - 4, 2 * i + 6):
                mirrored = -1 - j if j < 0 else 2 * n - 1 - j if j >= n else j
                out[i] += cubic((2 * i + 0.5 - j) / 2) / 2 * x[mirrored]
        return out

    return along_rows(along_rows(grey).T).T


def fit_by_loops(samples: list[float]) -> tuple[float, float, float]:
    """Shape and scales of the asymmetric generalised Gaussian of the authors' program."""
    negative = [x * x for x in samples if x < 0]
    positive = [x * x for x in samples if x > 0]
    left, right = (math.sqrt(sum(side) / len(side)) for side in (negative, positive))
    ratio = (sum(map(abs, samples)) / len(samples)) ** 2
    ratio /= sum(x * x for x in samples) / len(samples)
    g = left / right
    ratio *= (g**3 + 1) * (g + 1) / (g**2 + 1) ** 2
    shapes = [0.2 + 0.001 * k for k in range(9801)]
    gamma = math.gamma
    shape = min(
        shapes, key=lambda a: (gamma(2 / a) ** 2 / (gamma(1 / a) * gamma(3 / a)) - ratio) ** 2
    )
    scale = math.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, left * scale, right * scale


def features_by_loops(grey: np.ndarray) -> np.ndarray:
    """(blocks, 36), with scipy's two-dimensional filter and one block after the other."""
    from scipy.ndimage import correlate

    offsets = np.arange(-3, 4)
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None] ** 2) / (2 * (7 / 6) ** 2))
    window /= window.sum()
    rows, columns = grey.shape[0] // 96, grey.shape[1] // 96
    grey = grey[: 96 * rows, : 96 * columns]
    scales = []
    for size in (96, 48):
        mean = correlate(grey, window, mode="nearest")
        deviation = np.sqrt(abs(correlate(grey**2, window, mode="nearest") - mean**2))
        normalised = (grey - mean) / (deviation + 1)
        features = []
        for r in range(rows):
            for c in range(columns):
                block = normalised[r * size : (r + 1) * size, c * size : (c + 1) * size]
                shape, left, right = fit_by_loops(block.ravel().tolist())
                row = [shape, (left + right) / 2]
                for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
                    pairs = [
                        block[i, j] * block[i - down, (j - across) % size]
                        for i in range(size)
                        for j in range(size)
                    ]
                    shape, left, right = fit_by_loops(pairs)
                    skew = (right - left) * math.gamma(2 / shape) / math.gamma(1 / shape)
                    row += [shape, skew, left, right]
                features.append(row)
        scales.append(features)
        grey = halved_by_loops(grey)
    return np.concatenate(scales, axis=1)


def distance(model: Any, mean: np.ndarray, covariance: np.ndarray) -> float:
    pooled = (model[1] + covariance) / 2
    difference = model[0] - mean
    return math.sqrt(difference @ np.linalg.solve(pooled, difference))


def test_features_are_those_of_the_loops(coffee: Tensor) -> None:
    grey = grey_levels(coffee[:, 100:310, 150:350])  # 210 x 200: a margin fills no block
    expected = features_by_loops(grey.numpy())
    found, _ = block_features(grey)
    assert found.shape == expected.shape == (4, 36)
    # A shape is the nearest of a table with steps of 0.001; all else follows from it.
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-12)


def test_half_size_mirrors_the_border() -> None:
    grey = torch.rand(20, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = half_size(grey * 255).numpy()
    np.testing.assert_allclose(found, halved_by_loops(grey.numpy() * 255), rtol=0, atol=1e-10)


def test_grey_is_matlabs_with_rounding() -> None:
    # Pure colours and a grey through rgb2gray(uint8), as its documentation defines it.
    colours = torch.tensor([[255, 0, 0, 100], [0, 255, 0, 100], [0, 0, 255, 100]]) / 255
    assert grey_levels(colours[:, None])[0].tolist() == [76, 150, 29, 100]


def test_niqe_of_baboon_is_matlabs_number(data_root: Path, released: Any) -> None:
    """MATLAB R2021a with the authors' program and parameters gave 5.72957338 on the luma Y.

    As recorded in XPixelGroup/BasicSR, basicsr/metrics/niqe.py.
    """
    from PIL import Image

    path = data_root / "set14" / "baboon.png"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    r, g, b = tensor_of(np.array(Image.open(path).convert("RGB"))).double()
    luma = (16 + 65.481 * r + 128.553 * g + 24.966 * b).round() / 255
    assert NIQE().build(released)(luma[None].float()) == pytest.approx(5.72957338, abs=2e-6)


def test_niqe_is_the_distance_of_gaussians(coffee: Tensor, released: Any) -> None:
    parameters = np.load(released.weights_file(*PARAMETERS_FILE), allow_pickle=False)
    model = parameters["mu_pris_param"].ravel(), parameters["cov_pris_param"]
    features = block_features(grey_levels(coffee))[0].numpy()
    expected = distance(model, features.mean(0), np.cov(features.T))
    assert NIQE().build(released)(coffee) == pytest.approx(expected, rel=1e-9)
    assert 2 < expected < 6


@pytest.mark.parametrize("weights", ["live", "photographs"])
def test_noise_and_blur_raise_niqe(weights: str, coffee: Tensor, request: Any) -> None:
    from torchvision.transforms.functional import gaussian_blur

    if weights == "live":
        measure = NIQE().build(request.getfixturevalue("released"))
    else:
        measure = request.getfixturevalue("embedded")
    noise = torch.randn(coffee.shape, generator=torch.Generator().manual_seed(0))
    clean = measure(coffee)
    noisy = [measure((coffee + sigma / 255 * noise).clamp(0, 1)) for sigma in (10, 25, 50)]
    assert clean < noisy[0] < noisy[1] < noisy[2]
    blurred = [measure(gaussian_blur(coffee, [15, 15], [s, s]).clamp(0, 1)) for s in (2.0, 3.0)]
    assert clean < blurred[0] < blurred[1]


def test_target_is_ignored(embedded: Any, coffee: Tensor) -> None:
    assert embedded(coffee, torch.zeros(3, 5, 5)) == embedded(coffee)


def test_grey_images_are_their_own_grey(embedded: Any, coffee: Tensor) -> None:
    grey = (grey_levels(coffee) / 255).float()[None]
    assert embedded(grey) == pytest.approx(embedded(coffee), rel=1e-12)


def test_a_constant_image_has_no_niqe(embedded: Any, coffee: Tensor) -> None:
    for level in (0.0, 0.3, 1.0):
        with pytest.raises(ValueError, match="two blocks of 96x96 pixels with texture"):
            embedded(torch.full((3, 250, 300), level))
    half = coffee.clone()
    half[:, :, 150:] = 1.0  # most blocks have no texture, and do not count
    assert math.isfinite(embedded(half))


def test_a_block_without_texture_has_a_shape_and_no_scales() -> None:
    """At grey levels of all kinds: what rounding leaves of a difference of means is no texture."""
    shapes = [0, 2, 6, 10, 14]
    shapes += [18 + k for k in shapes]
    for level in range(3, 256, 7):
        features, sharpness = block_features(torch.full((96, 96), level, dtype=torch.float64))
        assert features[0, shapes].tolist() == [0.2] * 10, level
        assert features.isnan().sum() == 26, level
        assert sharpness.item() < 1e-4


def test_blocks_without_texture_are_left_out_of_the_covariance() -> None:
    features = np.random.default_rng(0).normal(size=(9, 36))
    features[2] = np.nan
    features[5, 3] = np.nan  # counts in the means of the other features, as nanmean does
    mean, covariance = gaussian(torch.from_numpy(features).numpy())
    kept = np.delete(features, [2, 5], axis=0)
    np.testing.assert_allclose(covariance, np.cov(kept.T))
    np.testing.assert_allclose(mean[0], np.delete(features[:, 0], 2).mean())
    np.testing.assert_allclose(mean[3], np.delete(features[:, 3], [2, 5]).mean())


def test_model_takes_only_blocks_near_the_sharpest(coffee: Tensor) -> None:
    features, sharpness = block_features(grey_levels(coffee))
    sharp = sharpness > 0.75 * sharpness.max()
    assert 2 <= sharp.sum() < len(sharp)
    half_contrast = 0.5 + (coffee - 0.5) / 2  # its own sharpest block decides, not all images'
    other, other_sharpness = block_features(grey_levels(half_contrast))
    other_sharp = other_sharpness > 0.75 * other_sharpness.max()
    rows = torch.cat([features[sharp], other[other_sharp]]).numpy()
    mean, covariance = sharp_gaussian([coffee, half_contrast])
    np.testing.assert_allclose(mean, rows.mean(0))
    np.testing.assert_allclose(covariance, np.cov(rows.T))


@pytest.mark.parametrize(("height", "width"), [(191, 400), (400, 191)])
def test_niqe_names_the_smallest_image(
    embedded: Any, coffee: Tensor, height: int, width: int
) -> None:
    with pytest.raises(ValueError, match=f"at least 192 pixels a side.*{height}x{width}"):
        embedded(coffee[:, :height, :width])
    assert math.isfinite(embedded(coffee[:, :192, :192]))


def test_images_must_be_valid(embedded: Any, coffee: Tensor) -> None:
    with pytest.raises(ValueError, match="clamp"):
        embedded(coffee * 255)
    with pytest.raises(ValueError, match="diverged"):
        embedded(coffee * math.nan)


def test_declaration() -> None:
    assert repr(NIQE()) == "NIQE(weights='live')"
    assert NIQE().weight_files() == (PARAMETERS_FILE,)
    assert NIQE("photographs").weight_files() == ()
    assert NIQE("photographs").note != NIQE().note
    with pytest.raises(ValueError, match="weights must be"):
        NIQE("matlab")
