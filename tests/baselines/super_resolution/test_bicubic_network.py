import numpy as np
import pytest
import torch

from baselines.super_resolution.bicubic import Bicubic


def keys(x):
    """Keys' cubic convolution kernel with a = -0.5, as MATLAB's."""
    x = np.abs(x)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


def matrix(length, scale):
    """(scale * length, length), by MATLAB's formulas: u = x / scale + (1 - 1 / scale) / 2, with x
    and u counted from 1; neighbours outside of the image are mirrored ones."""
    weights = np.zeros((scale * length, length))
    mirror = np.concatenate([np.arange(length), np.arange(length)[::-1]])
    for row in range(scale * length):
        u = (row + 1) / scale + 0.5 * (1 - 1 / scale)
        for neighbour in range(int(np.floor(u)) - 2, int(np.floor(u)) + 4):
            weights[row, mirror[(neighbour - 1) % (2 * length)]] += keys(u - neighbour)
    return weights


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
@pytest.mark.parametrize(("height", "width"), [(9, 14), (5, 3), (1, 2)])
def test_is_matlabs_interpolation(scale, height, width):
    images = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    expected = matrix(height, scale) @ images.double().numpy() @ matrix(width, scale).T
    result = Bicubic(scale)(images)
    assert result.dtype == torch.float32
    np.testing.assert_allclose(result.numpy(), expected, rtol=0, atol=1e-6)


def test_keeps_a_ramp_away_from_the_border():
    ramp = torch.arange(12.0).expand(1, 1, 12, 12)
    enlarged = Bicubic(4)(ramp)[0, 0, 20, 12:36]
    torch.testing.assert_close(enlarged, (torch.arange(12.0, 36) + 0.5) / 4 - 0.5)


def test_has_nothing_to_train_and_refuses_bad_scales():
    assert not list(Bicubic().state_dict())
    with pytest.raises(ValueError, match="positive integer, not 0"):
        Bicubic(0)


def luma(image):
    return 16 + image.astype(float) @ np.array([65.481, 128.553, 24.966]) / 255


def test_reaches_the_published_quality_on_set5(data_root):
    """28.42 dB in luma, border of 4 pixels left out: the bicubic row of every x4 table."""
    from PIL import Image

    folder = data_root / "golden" / "imresize_symmetric"
    names = ("baby", "bird", "butterfly", "head", "woman")
    if not all((folder / f"{name}_x4.png").is_file() for name in names):
        pytest.skip(f"needs {folder}")
    values = []
    for name in names:
        clean, small = (
            np.asarray(Image.open(folder / f"{name}_{kind}.png").convert("RGB"))
            for kind in ("HR", "x4")
        )
        batch = torch.from_numpy(small.copy()).permute(2, 0, 1)[None] / 255
        pred = np.round(255 * Bicubic(4)(batch)[0].permute(1, 2, 0).numpy().clip(0, 1))
        height, width = pred.shape[:2]
        error = (luma(pred) - luma(clean[:height, :width]))[4:-4, 4:-4]
        values.append(10 * np.log10(255**2 / np.square(error).mean()))
    assert np.mean(values) == pytest.approx(28.42, abs=0.02)
