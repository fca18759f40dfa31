"""What happens to an output before it is measured."""

import pytest
import torch

from benchmarks.declare.protocol import Evaluation


def test_outputs_are_clamped_and_rounded_as_an_image_file_would():
    image = torch.tensor([-1.0, 0.4 / 255, 0.6 / 255, 254.6 / 255, 2.0]).expand(3, 1, 5)
    rounded = Evaluation(levels=256).prepare(image)[0, 0] * 255
    assert rounded.tolist() == pytest.approx([0, 0, 1, 255, 255])
    unrounded = Evaluation(levels=0).prepare(image)[0, 0] * 255
    assert unrounded.tolist() == pytest.approx([0, 0.4, 0.6, 254.6, 255], rel=1e-5)


def test_border_is_cut_at_every_side():
    image = torch.arange(5 * 6).reshape(1, 5, 6)
    assert torch.equal(Evaluation(border=2).pixels(image), image[:, 2:3, 2:4])
    assert torch.equal(Evaluation(border=0).pixels(image), image)


@pytest.mark.parametrize("height", [3, 4])
def test_border_without_anything_inside_is_refused(height):
    with pytest.raises(
        ValueError, match=f"2 pixels leaves nothing of an image of 9x{height}: test on"
    ):
        Evaluation(border=2).pixels(torch.zeros(3, height, 9))


def test_colour_is_what_metrics_of_pixels_see():
    image = torch.rand(3, 4, 5)
    assert torch.equal(Evaluation().pixels(image), image)
    grey = Evaluation(colour="Y (Pillow)", levels=0).pixels(image)
    expected = 0.299 * image[0] + 0.587 * image[1] + 0.114 * image[2]
    assert grey.shape == (1, 4, 5)
    assert torch.allclose(grey[0], expected, atol=1e-4)
    rounded = Evaluation(colour="Y (MATLAB)").pixels(image) * 255
    assert torch.allclose(rounded, rounded.round(), atol=1e-4)


@pytest.mark.parametrize("colour", ["RGB", "Y (MATLAB)", "Y (Pillow)"])
def test_an_image_of_one_channel_is_measured_as_it_is(colour):
    image = torch.rand(1, 6, 7)
    found = Evaluation(colour=colour, border=1).pixels(image)
    assert torch.equal(found, image[:, 1:-1, 1:-1])


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"colour": "Y"}, r"'RGB', 'Y \(MATLAB\)', 'Y \(Pillow\)', not 'Y'"),
        ({"levels": 255}, "levels must be 0 or 256"),
        ({"border": -1}, "border at least 0"),
    ],
)
def test_what_has_no_meaning_is_refused(wrong, told):
    with pytest.raises(ValueError, match=told):
        Evaluation(**wrong)


def test_caption_says_all_of_it():
    assert str(Evaluation()) == "RGB, clamped to [0, 1], rounded to 256 levels, whole image"
    assert str(Evaluation("Y (MATLAB)", 0, 8)) == (
        "Y (MATLAB), clamped to [0, 1], not rounded, border 8 left out of metrics of pixels"
    )
