"""Luma of an enlarged image, as cszn/DnCNN tests super-resolution."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from skimage import data
from skimage.color import rgb2ycbcr

from datasets.degradations.bicubic import imresize
from datasets.degradations.luma_enlarged import LumaEnlarged
from datasets.folders import Set5
from datasets.images import DataError, DataPaths
from datasets.sampling import as_image
from datasets.sampling import test_sample as sample_of

PHOTOGRAPH = data.coffee()[:90, :131]


def sample_of_image(scale):
    spec = LumaEnlarged(Set5(), scale)
    return spec.sample({"image": as_image(PHOTOGRAPH)}, torch.Generator())


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_input_is_the_luma_of_the_enlarged_8_bit_image_in_floats(scale):
    sample = sample_of_image(scale)
    height, width = 90 // scale * scale, 131 // scale * scale
    cropped = PHOTOGRAPH[:height, :width]
    small = imresize(as_image(cropped), Fraction(1, scale), border="symmetric", levels=256)
    large = (
        imresize(small, Fraction(scale), border="symmetric", levels=0)
        .permute(1, 2, 0)
        .double()
        .numpy()
    )
    assert set(sample) == {"input", "target"}
    for name, image in (("input", large), ("target", cropped / 255)):
        assert sample[name].shape == (1, height, width)
        found = sample[name][0].double().numpy() * 255
        assert np.abs(found - rgb2ycbcr(image)[..., 0]).max() < 1e-3
    assert np.abs(found - found.round()).max() > 0.1  # luma is not rounded


def test_it_is_another_degradation_than_the_small_images():
    assert LumaEnlarged(Set5(), 4).key != LumaEnlarged(Set5(), 3).key
    assert LumaEnlarged(Set5(), 4).key.startswith("luma of imresize 1/4")


def test_an_image_that_is_too_small_is_told():
    spec = LumaEnlarged(Set5(), 4)
    with pytest.raises(DataError, match="cannot be made 4 times smaller"):
        spec.sample({"image": torch.zeros(3, 3, 9)}, torch.Generator())


def test_set5_enlarged_has_its_known_quality(data_root, tmp_path):
    """28.42 to 28.43 dB is what papers print for bicubic interpolation on Set5 at scale 4."""
    spec = LumaEnlarged(Set5(), 4)
    images = Set5().open(DataPaths(data_root, tmp_path))
    found = []
    for i in range(len(images)):
        sample = sample_of(spec, images, i, seed=0)
        error = (sample["input"] - sample["target"])[..., 4:-4, 4:-4].double().square().mean()
        found.append(-10 * float(torch.log10(error)))
    assert len(found) == 5
    assert sum(found) / 5 == pytest.approx(28.43, abs=0.01)
