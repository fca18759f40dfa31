import io

import numpy as np
import pytest
import torch
from map_images import Pairs
from PIL import Image
from skimage import data
from skimage.color import rgb2ycbcr

from datasets.degradations.jpeg import jpeg
from datasets.degradations.luma_jpeg import LumaJPEGCompressed
from datasets.folders import Classic5, Kodak24
from datasets.images import DataError, DataPaths
from datasets.sampling import as_image
from datasets.sampling import test_sample as sample_of

PHOTOGRAPH = data.coffee()[:90, :131]


def grey_file(plane, quality):
    """The pixels of a grey JPEG file, written and read by Pillow alone."""
    file = io.BytesIO()
    Image.fromarray(plane).save(file, "JPEG", quality=quality)
    image = Image.open(file)
    assert image.mode == "L"
    return np.asarray(image)


def levels(image):
    """(1, H, W) in [0, 1] as whole grey levels, (H, W)."""
    assert image.dtype == torch.float32
    assert image.shape[0] == 1
    grey = image[0].double().numpy() * 255
    assert np.abs(grey - grey.round()).max() < 1e-4
    return grey.round()


def sample_of_image(pixels, *arguments):
    spec = LumaJPEGCompressed(Kodak24(), *arguments)
    return spec.sample({"image": as_image(pixels)}, torch.Generator())


@pytest.mark.parametrize("quality", [10, 30, 95])
def test_luma_is_matlabs_and_compressed_as_a_grey_file(quality):
    """scikit-image has MATLAB's coefficients; MATLAB rounds 8-bit images, halves up."""
    plane = np.floor(rgb2ycbcr(PHOTOGRAPH)[..., 0] + 0.5).astype(np.uint8)
    sample = sample_of_image(PHOTOGRAPH, quality)
    assert set(sample) == {"input", "target"}
    assert np.array_equal(levels(sample["target"]), plane)
    assert np.array_equal(levels(sample["input"]), grey_file(plane, quality))


def test_black_and_white_have_foot_and_headroom():
    target = sample_of_image(np.array([[[0] * 3, [255] * 3]], np.uint8), 100)["target"]
    assert levels(target).tolist() == [[16, 235]]


@pytest.mark.parametrize("quality", [10, 20])
def test_grey_levels_are_compressed_as_they_are(quality):
    plane = PHOTOGRAPH[..., 1]
    sample = sample_of_image(plane[..., None].repeat(3, 2), quality, "gray")
    assert np.array_equal(levels(sample["target"]), plane)
    assert np.array_equal(levels(sample["input"]), grey_file(plane, quality))


def test_colours_are_no_grey_levels():
    pixels = PHOTOGRAPH[..., :1].repeat(3, 2)
    pixels[4, 7, 2] ^= 1
    with pytest.raises(DataError, match=r"Kodak24\(\) has colours.*declare luma='Y \(MATLAB\)'"):
        sample_of_image(pixels, 10, "gray")


@pytest.mark.parametrize(("quality", "published"), [(10, 27.82), (20, 30.12)])
def test_classic5_is_as_far_from_its_originals_as_published(
    data_root, tmp_path, quality, published
):
    """The "JPEG" column of tables of artefact removal, made with MATLAB's encoder."""
    if not (data_root / "classic5").is_dir():
        pytest.skip("no classic5")
    spec = LumaJPEGCompressed(Classic5(), quality, "gray")
    images = spec.data.open(DataPaths(data_root, tmp_path))
    samples = [sample_of(spec, images, i, 0) for i in range(len(images))]
    errors = [(s["input"] - s["target"]).double().square().mean() for s in samples]
    found = float(np.mean([-10 * error.log10() for error in errors]))
    assert len(images) == 5
    assert found == pytest.approx(published, abs=0.006)


def test_what_else_an_image_has_is_handed_on():
    spec = LumaJPEGCompressed(Pairs(), 10)
    sample = sample_of(spec, Pairs().open(None), 1, 0)
    assert tuple(sample) == spec.provides
    assert spec.provides == ("input", "target", "labels", "hazy", "depth", "points")
    assert sample["labels"].shape == sample["target"].shape[1:]


def test_input_is_not_the_target_changed_in_place():
    image = torch.full((3, 16, 16), 0.5)
    sample = LumaJPEGCompressed(Kodak24(), 5, "gray").sample({"image": image}, torch.Generator())
    sample["target"][0, 0, 0] = 1
    assert (image == 0.5).all()
    assert torch.equal(sample["input"], jpeg(torch.full((1, 16, 16), 0.5), 5))


def test_impossible_arguments_are_refused():
    for quality in (0, 101, 20.5):
        with pytest.raises(ValueError, match=r"whole number in 1\.\.100"):
            LumaJPEGCompressed(Kodak24(), quality)
    with pytest.raises(ValueError, match=r"'Y \(MATLAB\)' or 'gray', not 'Y \(Pillow\)'"):
        LumaJPEGCompressed(Kodak24(), 10, "Y (Pillow)")


def test_key_tells_every_parameter_and_not_the_data():
    specs = [
        LumaJPEGCompressed(Kodak24(), 10),
        LumaJPEGCompressed(Kodak24(), 30),
        LumaJPEGCompressed(Kodak24(), 10, "gray"),
    ]
    assert len({spec.key for spec in specs}) == 3
    assert LumaJPEGCompressed(Classic5(), 10).key == specs[0].key
