"""Enlargement as Pillow does it."""

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from baselines.super_resolution.pillow_bicubic import PillowBicubic


@pytest.mark.parametrize("scale", [4, 8])
def test_it_is_pillows(scale):
    face = data.astronaut()[60:144:4, 180:248:4]
    small = torch.from_numpy(face).permute(2, 0, 1)[None] / 255
    enlarged = PillowBicubic(scale)(small)[0].permute(1, 2, 0) * 255
    size = (17 * scale, 21 * scale)
    theirs = np.array(Image.fromarray(face).resize(size, Image.Resampling.BICUBIC))
    torch.testing.assert_close(enlarged, torch.from_numpy(theirs).float(), rtol=0, atol=1e-4)


def test_no_scale_is_refused():
    with pytest.raises(ValueError, match="positive integer"):
        PillowBicubic(0)
