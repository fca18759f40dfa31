import numpy as np
import pytest
import torch
from map_images import Maps, Pairs, samples_of
from skimage import data

from datasets.degradations.bicubic import Downscaled
from datasets.degradations.pil_bicubic import ParsedFaces, PILBicubic, pil_bicubic
from datasets.face_parts import face_parts
from datasets.images import DataError
from datasets.sampling import as_image

PHOTOGRAPH = data.astronaut()[20:148, 160:288]


def keys(x):
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def weights(length, scale):
    """Stretched kernels at the centres of the small pixels, of the pixels that there are."""
    centres = (np.arange(length // scale) + 0.5) * scale - 0.5
    matrix = keys((np.arange(length) - centres[:, None]) / scale)
    return matrix / matrix.sum(1, keepdims=True)


def test_small_image_is_keys_kernel_width_first_and_8_bit_between():
    """Pillow's weights are integers of 22 bits, by which a half is rounded otherwise at times."""
    found = (pil_bicubic(as_image(PHOTOGRAPH), 16, 16) * 255).numpy().transpose(1, 2, 0)
    w = weights(128, 8)
    narrow = np.clip(np.floor(np.einsum("ij,hjc->hic", w, PHOTOGRAPH.astype(float)) + 0.5), 0, 255)
    expected = np.clip(np.floor(np.einsum("ij,jwc->iwc", w, narrow) + 0.5), 0, 255)
    difference = np.abs(found - expected)
    assert difference.max() <= 1
    assert (difference > 0.5).mean() < 0.01


def test_sample_is_the_small_image_and_the_whole():
    sample = PILBicubic(Maps()).sample({"image": as_image(PHOTOGRAPH)}, torch.Generator())
    assert sample["input"].shape == (3, 16, 16)
    assert torch.equal(sample["target"], as_image(PHOTOGRAPH))
    assert torch.equal(sample["input"], pil_bicubic(as_image(PHOTOGRAPH), 16, 16))
    assert torch.equal(sample["input"] * 255, (sample["input"] * 255).round())


def test_it_is_not_imresize_but_near_it():
    entries = {"image": as_image(PHOTOGRAPH)}
    other = Downscaled(Maps(), 8).sample(entries, torch.Generator())["input"]
    difference = (PILBicubic(Maps()).sample(entries, torch.Generator())["input"] - other).abs()
    assert 0 < difference[:, 2:-2, 2:-2].max() < 1.5 / 255
    assert difference.max() > 2 / 255  # at the border, where imresize mirrors


def test_an_image_is_cropped_to_a_multiple_of_the_scale():
    sample = samples_of(PILBicubic(Pairs()), crop=30)[0]
    assert sample["input"].shape == (3, 3, 3)
    assert sample["target"].shape == (3, 24, 24)
    assert sample["labels"].shape == (24, 24)
    assert PILBicubic(Maps()).target_size(31, 24) == (24, 24)
    with pytest.raises(DataError, match="cannot be made 8 times smaller"):
        PILBicubic(Maps()).sample({"image": torch.zeros(3, 7, 9)}, torch.Generator())


def test_scales_and_images_that_are_none_are_refused():
    with pytest.raises(ValueError, match="scale must be a whole number"):
        PILBicubic(Maps(), 1)
    with pytest.raises(ValueError, match=r"takes one image, .* not \(1, 16, 16\)"):
        pil_bicubic(torch.zeros(1, 16, 16), 2, 2)
    assert PILBicubic(Maps(), 4).key != PILBicubic(Maps(), 8).key


class Points(Pairs):
    provides = ("image", "points")


def test_parts_are_drawn_of_the_points_of_the_sample():
    spec = ParsedFaces(Points())
    points = torch.rand(68, 2, generator=torch.Generator().manual_seed(0)) * 128
    sample = spec.sample({"image": as_image(PHOTOGRAPH), "points": points}, torch.Generator())
    assert tuple(sample) == spec.provides == ("input", "target", "labels", "points")
    assert sample["labels"].dtype == torch.int64
    assert np.array_equal(sample["labels"].numpy(), face_parts(points.numpy(), 128, 128))
    assert sample["labels"].any()
    assert spec.key != PILBicubic(Points()).key


def test_parts_need_points_and_no_other_labels():
    for data_set in (Maps(), Pairs()):
        with pytest.raises(ValueError, match=r"faces that have points and no labels"):
            ParsedFaces(data_set)
