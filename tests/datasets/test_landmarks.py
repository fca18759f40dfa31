import pickle

import numpy as np
import pytest

from datasets.images import DataError
from datasets.landmarks import MIRRORED_68, read_faces, square_around, written_face

POINTS = np.random.default_rng(0).uniform(0, 200, (68, 2))
BOX = np.array((-3.0, 10.0, 210.0, 223.5))


def message_of(path):
    with pytest.raises(DataError) as caught:
        read_faces(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.fixture
def pickled(tmp_path):
    def write(content):
        path = tmp_path / "list.pkl"
        path.write_bytes(pickle.dumps(content))
        return path

    return write


@pytest.fixture
def written(tmp_path):
    def write(*lines, encoding="utf-8"):
        path = tmp_path / "list.txt"
        path.write_text("\n".join(lines), encoding)
        return path

    return write


def line(name="a.jpg", points=POINTS, box=BOX):
    return written_face(name, points, box)


def test_mirroring_twice_changes_nothing():
    assert sorted(MIRRORED_68) == list(range(68))
    assert [MIRRORED_68[MIRRORED_68[k]] for k in range(68)] == list(range(68))


def test_numbers_in_the_middle_of_a_face_stay_and_the_corners_of_eyes_and_lips_change_places():
    """The chin, the bridge and the base of the nose, and the middles of the four edges of lips."""
    stay = [k for k in range(68) if MIRRORED_68[k] == k]
    assert stay == [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
    pairs = {0: 16, 17: 26, 21: 22, 31: 35, 36: 45, 37: 44, 39: 42, 41: 46, 40: 47}
    pairs |= {48: 54, 50: 52, 59: 55, 60: 64, 61: 63, 67: 65}
    assert {k: MIRRORED_68[k] for k in pairs} == pairs


@pytest.mark.parametrize("as_list", [False, True])
def test_a_pickle_of_photographs(pickled, as_list):
    face = {"landmark": POINTS.tolist() if as_list else POINTS, "bbox": list(BOX)}
    faces = read_faces(pickled({"b.jpg": face, "a.jpg": face | {"bbox": BOX + 1}}))
    assert faces.names == ["a.jpg", "b.jpg"]
    assert np.array_equal(faces.points, [POINTS, POINTS])
    assert np.array_equal(faces.boxes, [BOX + 1, BOX])


def test_a_pickle_of_crops_has_no_boxes(pickled):
    faces = read_faces(pickled({"1.png": POINTS, "2.png": POINTS.tolist()}))
    assert faces.boxes is None
    assert np.array_equal(faces.points, [POINTS, POINTS])


def test_text_is_read_as_it_is_written(written):
    faces = read_faces(written("# faces", "", line("my face.jpg"), "  ", line("b.jpg", POINTS + 1)))
    assert faces.names == ["b.jpg", "my face.jpg"]
    assert np.allclose(faces.points, [POINTS + 1, POINTS], rtol=1e-9, atol=0)
    assert np.array_equal(faces.boxes, [BOX, BOX])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"landmark": POINTS[:67]}, r"the points of a.jpg are 67 x 2 numbers, not 68 x 2"),
        ({"landmark": POINTS[:5].ravel()}, "the points of a.jpg are 10 numbers, not 68 x 2"),
        ({"landmark": None}, "the points of a.jpg are one numbers"),
        ({"landmark": [[1, 2], [3]]}, "the points of a.jpg are not 68 x 2 numbers"),
        ({"landmark": np.where(POINTS > 100, np.nan, POINTS)}, "the points of a.jpg are not all"),
        ({"bbox": [1, 2, 3]}, "the box of a.jpg are 3 numbers, not 4"),
        ({"bbox": [1, 2, np.inf, 9]}, "the box of a.jpg are not all finite"),
        ({"bbox": [5, 2, 5, 9]}, "the box of a.jpg, 5 2 5 9, has no area"),
        ({"bbox": [5, 9, 8, 2]}, "the box of a.jpg, 5 9 8 2, has no area"),
        ({"bbox": "left"}, "the box of a.jpg are not 4 numbers"),
    ],
)
def test_a_face_that_is_wrong_is_named(pickled, changed, message):
    path = pickled({"a.jpg": {"landmark": POINTS, "bbox": BOX} | changed})
    assert message in message_of(path)


@pytest.mark.parametrize("content", [[POINTS], {1: POINTS}, "text", None])
def test_a_pickle_of_something_else_is_told(pickled, content):
    assert "holds no dictionary by image names" in message_of(pickled(content))


def test_a_face_without_a_box_is_told(pickled):
    assert "'landmark' and 'bbox', but points" in message_of(pickled({"a": {"points": POINTS}}))
    mixed = {"a.jpg": POINTS, "b.jpg": {"landmark": POINTS, "bbox": BOX}}
    assert "a.jpg and b.jpg differ in whether they have a box" in message_of(pickled(mixed))


@pytest.mark.parametrize("name", ["../a.jpg", "/etc/a.jpg", "sub/a.jpg", "..", "", "."])
def test_names_stay_within_their_folder(pickled, name):
    assert "which is no file name" in message_of(pickled({name: POINTS}))


def test_lists_without_a_face_are_told(pickled, written):
    assert "lists no face" in message_of(pickled({}))
    message = message_of(written("# nothing"))
    assert "lists no face" in message
    assert "xmin ymin xmax ymax" in message


def test_a_line_that_is_wrong_is_named_by_its_number(written):
    short = line().rsplit(" ", 2)[0]
    assert "line 3: 139 numbers follow 'a.jpg', not 140" in message_of(
        written("#", line("b"), "a.jpg " + " ".join(["1"] * 139))
    )
    assert "line 1: could not convert" in message_of(written("b.jpg " + short))
    assert "line 2: a.jpg is listed twice" in message_of(written(line(), line()))
    assert "the points of a.jpg are not all finite" in message_of(
        written(line().rsplit(" ", 1)[0] + " nan")
    )


def test_files_that_are_no_lists_are_told(tmp_path, written):
    assert "cannot be read" in message_of(tmp_path / "absent.txt")
    assert "cannot be read" in message_of(tmp_path)
    assert "no UTF-8 text" in message_of(written("café", encoding="latin1"))


def test_a_list_is_never_waited_for(no_regular_file):
    message_of(no_regular_file)


def test_the_square_is_about_the_points():
    box = square_around(np.array([(10.0, 40.0), (110.0, 60.0), (30.0, 90.0)]), 1.5)
    assert box.tolist() == [-15, -10, 135, 140]
