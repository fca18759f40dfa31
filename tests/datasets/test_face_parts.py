import numpy as np
import pytest

from datasets.embedded.face_geometry import face_shape
from datasets.face_parts import FACE_PARTS, face_parts
from datasets.geometry import Framing
from datasets.landmarks import MIRRORED_68

FACES = [face_shape(np.random.default_rng((7, k))).landmarks.astype(np.float32) for k in range(12)]


def share(labels, part):
    return (labels == FACE_PARTS.index(part)).mean()


@pytest.mark.parametrize("points", FACES)
def test_a_face_has_its_parts_where_they_belong(points):
    labels = face_parts(points, 128, 128)
    assert (labels.dtype, labels.shape) == (np.uint8, (128, 128))
    assert labels.max() == FACE_PARTS.index("lower lip")
    x, y = np.rint(points[:, 0]).astype(int), np.rint(points[:, 1]).astype(int)
    names = {"nose": (30,), "right brow": (18, 19, 20), "left brow": (23, 24, 25)}
    for part, numbers in names.items():
        assert all(labels[y[k], x[k]] == FACE_PARTS.index(part) for k in numbers)
    for part, ring in (("right eye", slice(36, 42)), ("left eye", slice(42, 48))):
        column, row = np.rint(points[ring].mean(0)).astype(int)
        assert labels[row, column] == FACE_PARTS.index(part)
    assert labels[y[19] - 6, x[19]] == FACE_PARTS.index("skin")  # the forehead
    assert labels[127, 0] == labels[0, 127] == FACE_PARTS.index("background")
    assert 0.2 < share(labels, "skin") < 0.6


@pytest.mark.parametrize("points", FACES[:4])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("hflip", [False, True])
def test_a_mirrored_face_has_the_mirrored_map(points, hflip, transpose):
    """With right and left exchanged, if it is a mirror image and no rotation."""
    framing = Framing(0, 0, 128, 128, hflip=hflip, transpose=transpose)
    found = face_parts(framing.points(points, MIRRORED_68), 128, 128)
    moved = framing.map(face_parts(points, 128, 128))
    exchanged = np.arange(11)
    if framing.mirrors:
        exchanged[[2, 3, 4, 5]] = (3, 2, 5, 4)
    assert np.array_equal(found, exchanged[moved])
    assert (found != moved).any() == framing.mirrors


def test_parts_grow_with_the_face():
    points = FACES[0]
    small, large = face_parts(points, 128, 128), face_parts(4 * points + 1.5, 512, 512)
    for part in FACE_PARTS[:-1]:
        if part != "inner mouth":
            assert share(small, part) == pytest.approx(share(large, part), rel=0.15)


def test_a_square_is_filled_by_its_pixels_centres():
    """An inner mouth from 10.5 to 20.5 both ways has ten rows and columns of pixels."""
    points = np.full((68, 2), -50, np.float32)
    ring = [(10.5, 10.5), (15, 10.5), (20.5, 10.5), (20.5, 15)]
    ring += [(20.5, 20.5), (15, 20.5), (10.5, 20.5), (10.5, 15)]
    points[60:68] = ring
    expected = np.zeros((40, 40), bool)
    expected[11:21, 11:21] = True
    labels = face_parts(points, 40, 40)
    assert np.array_equal(labels == FACE_PARTS.index("inner mouth"), expected)


def test_closed_lips_have_nothing_between_them():
    points = FACES[0].copy()
    points[65:68] = points[63:60:-1]
    labels = face_parts(points, 128, 128)
    assert share(labels, "inner mouth") == 0
    assert share(labels, "upper lip") > 0
    assert share(labels, "lower lip") > 0


def test_what_is_outside_is_cut_off():
    labels = face_parts(FACES[0] + np.float32((64, 0)), 128, 128)
    whole = face_parts(FACES[0], 128, 128)
    assert np.array_equal(labels[:, 64:], whole[:, :64])


def test_another_number_of_points_is_refused():
    with pytest.raises(ValueError, match=r"must be \(68, 2\), not \(5, 2\)"):
        face_parts(np.zeros((5, 2), np.float32), 8, 8)
