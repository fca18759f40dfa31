import numpy as np
import pytest
import torch

from baselines.padding import pad_to_multiple


@pytest.mark.parametrize(("mode", "numpy_mode"), [("reflect", "reflect"), ("replicate", "edge")])
@pytest.mark.parametrize(("height", "width"), [(13, 21), (16, 9), (15, 24)])
def test_padding_is_that_of_numpy(height, width, mode, numpy_mode):
    images = torch.arange(2.0 * 3 * height * width).view(2, 3, height, width)
    extra = [(0, 0), (0, 0), (0, -height % 8), (0, -width % 8)]
    expected = np.pad(images.numpy(), extra, mode=numpy_mode)
    np.testing.assert_array_equal(pad_to_multiple(images, 8, mode), expected)


def test_images_too_small_to_reflect_are_replicated():
    images = torch.rand(1, 1, 3, 4)
    expected = np.pad(images.numpy(), [(0, 0), (0, 0), (0, 5), (0, 4)], mode="edge")
    np.testing.assert_array_equal(pad_to_multiple(images, 8), expected)


@pytest.mark.parametrize(("height", "width", "expected"), [(9, 40, (32, 40)), (25, 31, (32, 32))])
def test_images_are_extended_to_the_least_size(height, width, expected):
    images = torch.rand(1, 2, height, width)
    padded = pad_to_multiple(images, 8, least=32)
    assert padded.shape[-2:] == expected
    assert torch.equal(padded[..., :height, :width], images)


def test_fitting_images_are_returned_themselves():
    images = torch.rand(1, 3, 16, 24)
    assert pad_to_multiple(images, 8) is images
