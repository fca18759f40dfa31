import io

import numpy as np
import pytest
import torch
from PIL import Image

from datasets.degradations.jpeg import JPEGCompressed, jpeg
from datasets.folders import Kodak24


def picture(height=48, width=64):
    """A smooth colour image, (3, h, w) float32 in multiples of 1/255."""
    rows, columns = torch.meshgrid(
        torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij"
    )
    planes = torch.stack((rows, columns, (3 * rows + 5 * columns).sin() / 2 + 0.5))
    return (planes * 255).round() / 255


def psnr(one, other):
    return -10 * float((one - other).square().mean().log10())


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_jpeg_is_what_a_file_would_hold(subsampling, tmp_path):
    image = torch.rand(3, 21, 34, generator=torch.Generator().manual_seed(0))
    pixels = np.round(image.numpy().transpose(1, 2, 0) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=37, subsampling=subsampling)
    expected = np.asarray(Image.open(tmp_path / "a.jpg"))
    compressed = jpeg(image, 37, subsampling)
    assert compressed.dtype == torch.float32
    assert np.array_equal((compressed * 255).numpy().transpose(1, 2, 0).round(), expected)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
def test_a_grey_image_is_what_a_grey_file_would_hold(subsampling, tmp_path):
    image = torch.rand(1, 21, 34, generator=torch.Generator().manual_seed(0))
    pixels = np.round(image[0].numpy() * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=37)
    compressed = jpeg(image, 37, subsampling)
    assert compressed.shape == image.shape
    expected = np.asarray(Image.open(tmp_path / "a.jpg"))
    assert np.array_equal((compressed[0] * 255).numpy().round(), expected)


def test_pillows_own_subsampling_is_the_default():
    image = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    file = io.BytesIO()
    Image.fromarray((image * 255).round().byte().permute(1, 2, 0).numpy()).save(file, "JPEG")
    default = torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1) / 255
    assert torch.allclose(jpeg(image, 75), default)
    assert not torch.allclose(jpeg(image, 75, "4:4:4"), default)


def test_better_quality_is_closer():
    image = picture()
    levels = [psnr(jpeg(image, quality), image) for quality in (5, 20, 50, 90)]
    assert levels == sorted(levels)
    assert levels[0] < 32 < 38 < levels[-1]


def test_constant_grey_is_kept_exactly():
    """A constant block has only a mean, which quantisation at quality 100 leaves."""
    grey = torch.full((3, 16, 16), 136 / 255)
    assert torch.equal(jpeg(grey, 100), grey)


def test_blocks_are_independent_without_subsampling():
    image = picture()
    changed = image.clone()
    changed[:, :8, :8] = 1 - changed[:, :8, :8]
    differs = (jpeg(image, 20, "4:4:4") != jpeg(changed, 20, "4:4:4")).any(0)
    assert differs[:8, :8].any()
    assert not differs[8:].any()
    assert not differs[:, 8:].any()


def test_values_beyond_the_range_are_clipped():
    image = torch.cat((torch.full((3, 8, 8), -0.7), torch.full((3, 8, 8), 1.9)), 2)
    assert torch.equal(jpeg(image, 100, "4:4:4"), image.clamp(0, 1))


def test_impossible_arguments_are_refused():
    for quality in (0, 101, -5, 20.5):
        with pytest.raises(ValueError, match=r"whole number in 1\.\.100"):
            jpeg(picture(), quality)
        with pytest.raises(ValueError, match=r"whole number in 1\.\.100"):
            JPEGCompressed(Kodak24(), quality)
    with pytest.raises(ValueError, match="'4:4:4', '4:2:2', '4:2:0', not '4:1:1'"):
        JPEGCompressed(Kodak24(), subsampling="4:1:1")
    with pytest.raises(ValueError, match=r"one image, .* or \(1, H, W\), not \(1, 3, 8, 8\)"):
        jpeg(torch.zeros(1, 3, 8, 8), 20)
    with pytest.raises(ValueError, match=r"not \(2, 8, 8\)"):
        jpeg(torch.zeros(2, 8, 8), 20)


def test_sample_is_the_compressed_image():
    image = picture()
    sample = JPEGCompressed(Kodak24()).sample({"image": image}, torch.Generator())
    assert set(sample) == {"input", "target"}
    assert torch.equal(sample["input"], jpeg(image, 20, "4:2:0"))
    assert torch.equal(sample["target"], image)
    keys = {
        spec.key
        for spec in (
            JPEGCompressed(Kodak24()),
            JPEGCompressed(Kodak24(), 30),
            JPEGCompressed(Kodak24(), subsampling="4:4:4"),
        )
    }
    assert len(keys) == 3
