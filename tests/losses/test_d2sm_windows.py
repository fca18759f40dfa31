from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from d2sm_terms import FEATURES, cut

from losses.d2sm import D2SM, sliding_windows


def test_sliding_windows_of_the_paper_are_36() -> None:
    image = torch.arange(512.0 * 512).view(1, 1, 512, 512)
    windows = sliding_windows(image, 224, 56)
    assert windows.shape == (1, 36, 1, 224, 224)
    assert torch.equal(windows[0, 8], image[0, :, 56:280, 112:336])
    assert torch.equal(windows[0, 35], image[0, :, 280:504, 280:504])


def test_sliding_windows_keep_each_image_to_itself() -> None:
    images = torch.rand(2, 3, 64, 64)
    assert torch.equal(sliding_windows(images, 32, 16), torch.stack([cut(im) for im in images]))


def test_sliding_windows_reject_a_window_larger_than_the_image() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        sliding_windows(torch.rand(1, 3, 64, 32), 48, 16)


@pytest.mark.parametrize(
    ("crop", "window", "stride", "queue"),
    [
        (512, 224, 56, 256),
        (256, 112, 28, 256),
        (128, 64, 16, 178),
        (64, 32, 8, 178),
        (32, 16, 4, 178),
    ],
)
def test_scaled_windows_follow_the_crop(crop: int, window: int, stride: int, queue: int) -> None:
    declared = D2SM(FEATURES)
    scaled = declared.scaled(Fraction(crop, 512), Fraction(1, 8))
    assert isinstance(scaled, D2SM)
    assert (scaled.window, scaled.stride, scaled.queue) == (window, stride, queue)
    assert (scaled.crop, scaled.batch) == (crop, 8)


def test_scaled_queue_spans_the_same_number_of_images() -> None:
    scaled = D2SM(FEATURES, queue=720).scaled(Fraction(1, 4), Fraction(1))
    assert isinstance(scaled, D2SM)
    assert scaled.queue == 20 * 25


@pytest.mark.parametrize(
    ("queue", "batch", "wanted"), [(256, 8, 64), (256, 1, 8), (40, 8, 16), (0, 8, 0)]
)
def test_scaled_queue_of_whole_images_follows_the_batch(
    queue: int, batch: int, wanted: int
) -> None:
    declared = D2SM(FEATURES, window=None, stride=None, queue=queue, batch=32)
    scaled = declared.scaled(Fraction(1, 16), Fraction(batch, 32))
    assert isinstance(scaled, D2SM)
    assert scaled.queue == wanted
    assert scaled.window is None


def test_scaled_by_one_is_the_declared_term() -> None:
    for declared in (D2SM(FEATURES), D2SM(FEATURES, window=200, stride=33, queue=7)):
        assert declared.scaled(Fraction(1), Fraction(1)) is declared


def test_scaled_rejects_a_crop_without_a_window() -> None:
    with pytest.raises(ValueError, match="holds no window"):
        D2SM(FEATURES).scaled(Fraction(1, 64), Fraction(1))
