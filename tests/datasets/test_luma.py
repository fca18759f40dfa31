"""Both lumas are those of the programs that they are named after."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data
from skimage.color import rgb2ycbcr

from datasets.luma import luma

PHOTOGRAPH = data.coffee()[:96, :128]


def tensor(pixels):
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1) / 255


def grey_levels(image):
    assert image.shape[0] == 1
    return image[0].double().numpy() * 255


def test_pillow_luma_is_pillows_to_the_bit():
    ours = grey_levels(luma(tensor(PHOTOGRAPH), "Y (Pillow)", levels=256))
    assert np.array_equal(ours.round(), np.asarray(Image.fromarray(PHOTOGRAPH).convert("L")))
    assert np.abs(ours - ours.round()).max() < 1e-4


def test_matlab_luma_is_rgb2ycbcrs():
    """scikit-image's function has MATLAB's coefficients; MATLAB rounds 8-bit images, halves up."""
    theirs = rgb2ycbcr(PHOTOGRAPH)[..., 0]
    assert np.abs(grey_levels(luma(tensor(PHOTOGRAPH), "Y (MATLAB)")) - theirs).max() < 1e-4
    rounded = grey_levels(luma(tensor(PHOTOGRAPH), "Y (MATLAB)", levels=256))
    assert np.array_equal(rounded.round(), np.floor(theirs + 0.5))


@pytest.mark.parametrize(
    ("kind", "black", "white"), [("Y (MATLAB)", 16, 235), ("Y (Pillow)", 0, 255)]
)
def test_range_of_luma(kind, black, white):
    for value, level in ((0.0, black), (1.0, white)):
        found = grey_levels(luma(torch.full((3, 2, 2), value), kind))
        assert found == pytest.approx(np.full((2, 2), level), abs=1e-4)


def test_same_error_scores_higher_on_matlabs_luma():
    """By 20 log10(255 / 219), as the module says."""
    clean = tensor(PHOTOGRAPH)
    noisy = clean + 0.01
    errors = {
        kind: float((luma(noisy, kind) - luma(clean, kind)).square().mean())
        for kind in ("Y (MATLAB)", "Y (Pillow)")
    }
    gain = 10 * math.log10(errors["Y (Pillow)"] / errors["Y (MATLAB)"])
    assert gain == pytest.approx(20 * math.log10(255 / 219), abs=0.01)


def test_what_has_no_luma_is_refused():
    with pytest.raises(ValueError, match="not 'Y'"):
        luma(torch.zeros(3, 2, 2), "Y")
    with pytest.raises(ValueError, match=r"not of \(1, 2, 2\)"):
        luma(torch.zeros(1, 2, 2), "Y (Pillow)")
