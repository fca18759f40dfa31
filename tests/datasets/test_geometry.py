from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from datasets.geometry import Framing, top_left
from datasets.images import DataError

NAMES = ("hflip", "vflip", "transpose")
ORIENTATIONS = [dict(zip(NAMES, o, strict=True)) for o in product((False, True), repeat=3)]
UNCHANGED = tuple(range(200))


def coloured(height, width):
    """An image in which every pixel has a colour of its own."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack((rows, columns, np.zeros_like(rows)), -1).astype(np.uint8)


@st.composite
def pictures(draw):
    """(height, width, crop, points): a crop within the picture, and points on its pixels."""
    height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
    crop = (top, left, draw(st.integers(1, height - top)), draw(st.integers(1, width - left)))
    place = st.tuples(st.integers(0, width - 1), st.integers(0, height - 1))
    points = draw(st.lists(place, min_size=1, max_size=10))
    return height, width, crop, np.array(points, np.float32)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@given(picture=pictures())
def test_points_still_name_the_pixels_that_they_named(orientation, picture):
    height, width, crop, points = picture
    image = coloured(height, width)
    entries = {"image": image, "points": points}
    framed = Framing(*crop, **orientation).of(entries, UNCHANGED[: len(points)])
    rows, columns = framed["image"].shape[:2]
    top, left, tall, wide = crop
    for (x, y), (was_x, was_y) in zip(framed["points"], points.astype(int), strict=True):
        inside = top <= was_y < top + tall and left <= was_x < left + wide
        assert inside == (0 <= x < columns and 0 <= y < rows)
        if inside:
            assert np.array_equal(framed["image"][int(y), int(x)], image[was_y, was_x])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_every_map_moves_with_the_image(orientation):
    image = coloured(12, 20)
    depth = image[..., 0] + image[..., 1] / np.float32(256)
    entries = {"image": image, "hazy": image + 1, "labels": image[..., 1], "depth": depth}
    framed = Framing(2, 3, 7, 9, **orientation).of(entries)
    rows, columns = framed["image"][..., 0], framed["image"][..., 1]
    assert framed["image"].shape == ((9, 7, 3) if orientation["transpose"] else (7, 9, 3))
    assert np.array_equal(framed["hazy"], framed["image"] + 1)
    assert np.array_equal(framed["labels"], columns)
    assert np.array_equal(framed["depth"], rows + columns / np.float32(256))
    assert all(np.shares_memory(framed[name], entries[name]) for name in entries)


# A face that is its own mirror image: eyes 0 and 1, corners of the mouth 2 and 3, nose 4.
FACE = np.array([(10, 10), (20, 10), (11, 22), (19, 22), (15, 16)], np.float32)
EXCHANGED = (1, 0, 3, 2, 4)


def rotated(points, quarter_turns, size=31):
    """Points of a square picture turned by quarter turns, as np.rot90 turns its pixels."""
    for _ in range(quarter_turns):
        points = np.stack((points[:, 1], size - 1 - points[:, 0]), 1)
    return points


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_mirrored_face_is_a_face(orientation):
    """In any orientation a symmetric face is the upright one rotated: its left eye is a left eye.

    One reflection exchanges the numbers, two make a rotation and leave them, three exchange them.
    """
    framing = Framing(0, 0, 31, 31, **orientation)
    face = framing.points(FACE, EXCHANGED)
    assert any(np.array_equal(face, rotated(FACE, turns)) for turns in range(4))
    unnumbered = framing.points(FACE, UNCHANGED[:5])
    assert np.array_equal(face, unnumbered) != framing.mirrors
    assert framing.mirrors == (sum(orientation.values()) % 2 == 1)


def test_points_keep_their_fractions_and_their_type():
    points = np.array([(0.25, -0.5)], np.float32)
    moved = Framing(0, 0, 5, 9, hflip=True).points(points, (0,))
    assert moved.tolist() == [[7.75, -0.5]]
    assert moved.dtype == np.float32


def test_no_points_are_no_points_afterwards():
    empty = np.zeros((0, 2), np.float32)
    assert Framing(0, 0, 5, 9, hflip=True).points(empty, ()).shape == (0, 2)


def test_points_are_not_mirrored_without_knowing_which_change_places():
    face = {"image": coloured(31, 31), "points": FACE}
    assert Framing(1, 1, 30, 30, hflip=True, vflip=True).of(face)["points"].shape == (5, 2)
    with pytest.raises(DataError, match="Declare `mirrored`"):
        Framing(0, 0, 31, 31, vflip=True).of(face)


@pytest.mark.parametrize("mirrored", [(1, 0), (1, 2, 0, 3, 4), (0, 0, 2, 3, 4), (0, 1, 2, 3, 9)])
def test_what_exchanges_no_pairs_is_refused(mirrored):
    with pytest.raises(DataError, match=r"pairs of the numbers 0\.\.4"):
        Framing(0, 0, 31, 31, transpose=True).points(FACE, mirrored)


def test_unknown_entries_are_refused_not_left_where_they_are():
    entries = {"image": coloured(8, 8), "boxes": np.zeros((3, 4), np.float32)}
    with pytest.raises(DataError, match=r"'boxes' is no known entry.*'points'.*KINDS"):
        Framing(0, 0, 4, 4).of(entries)


@pytest.mark.parametrize("crop", [(0, 0, 9, 4), (0, 0, 4, 9), (6, 0, 4, 4), (-1, 0, 4, 4)])
def test_crop_beyond_the_image_is_refused(crop):
    with pytest.raises(ValueError, match="not inside 8x8 pixels"):
        Framing(*crop).of({"image": coloured(8, 8)})


def test_top_left_corner_of_tensors_leaves_points_where_they_are():
    image, depth, points = torch.rand(3, 9, 7), torch.rand(9, 7), torch.rand(5, 2) * 9
    corner = top_left({"image": image, "depth": depth, "points": points}, 8, 4)
    assert torch.equal(corner["image"], image[:, :8, :4])
    assert torch.equal(corner["depth"], depth[:8, :4])
    assert torch.equal(corner["points"], points)
    assert all(value.is_contiguous() for value in corner.values())
