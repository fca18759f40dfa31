import hashlib
import pickle

import numpy as np
import pytest
from PIL import Image
from skimage import data

from datasets.faces import CelebA, Helen
from datasets.images import DataError, DataPaths
from datasets.landmarks import MIRRORED_68, written_face

POINTS = np.random.default_rng(0).uniform(0.05, 0.95, (68, 2))
PHOTOGRAPH = data.astronaut()[:218, 100:278]


def face(box, **changed):
    left, top, right, bottom = box
    points = POINTS * (right - left, bottom - top) + (left, top)
    return {"landmark": points, "bbox": list(box)} | changed


@pytest.fixture
def write(data_paths, save_png):
    """Writes photographs by name, and a list of faces, as of CelebA's training images."""

    def write(faces, photographs=None, place="celeba/img_celeba", name="new_train_info_list.pkl"):
        folder, _, images = place.partition("/")
        for file in faces if photographs is None else photographs:
            save_png(data_paths.root / folder / images / file, PHOTOGRAPH)
        path = data_paths.root / folder / "annotations" / name
        path.parent.mkdir(exist_ok=True, parents=True)
        if name.endswith(".pkl"):
            path.write_bytes(pickle.dumps(faces))
        else:
            lines = [written_face(n, f["landmark"], np.array(f["bbox"])) for n, f in faces.items()]
            path.write_text("\n".join(lines))
        return path

    return write


def message_of(call):
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


def test_a_face_is_its_box_and_its_points_move_with_it(write, data_paths):
    write({"b.png": face((10, 20, 138, 148)), "a.png": face((3, 5, 103, 105))}, None)
    images = CelebA("train").open(data_paths)
    assert images.names == ["a.png", "b.png"]
    entries = images.entries(1)
    assert tuple(entries) == CelebA.provides
    assert np.array_equal(entries["image"], PHOTOGRAPH[20:148, 10:138])
    assert np.allclose(entries["points"], POINTS * 128, atol=1e-4)
    other = images.entries(0)
    whole = Image.fromarray(PHOTOGRAPH)
    resized = whole.resize((128, 128), Image.Resampling.BICUBIC, (3, 5, 103, 105))
    assert np.abs(other["image"].astype(int) - np.asarray(resized)).max() <= 16  # at the border
    inner = (other["image"].astype(int) - np.asarray(resized))[3:-3, 3:-3]
    assert np.abs(inner).max() <= 1
    assert np.allclose(other["points"], POINTS * 128, atol=1e-4)
    assert images.size(0) == images.image(0).shape[:2] == (128, 128)
    assert images.mirrored == MIRRORED_68


def test_each_axis_of_a_box_has_its_side_and_its_edges_are_whole_pixels(write, data_paths):
    points = POINTS * (100, 60) + (20, 30)
    write({"a.png": {"landmark": points, "bbox": [19.6, 30.4, 120.3, 89.7]}})
    images = CelebA("train").open(data_paths)
    assert np.allclose(images.entries(0)["points"], POINTS * 128, atol=1e-4)
    exact = face((20, 30, 120, 90))
    write({"a.png": exact})
    again = CelebA("train").open(data_paths)
    assert np.array_equal(images.image(0), again.image(0))


def test_what_a_box_has_beyond_its_photograph_is_black(write, data_paths):
    write({"a.png": face((-28, -8, 100, 120)), "b.png": face((100, 150, 228, 278))})
    images = CelebA("train").open(data_paths)
    first, second = images.image(0), images.image(1)
    assert not first[:8].any()
    assert not first[:, :28].any()
    assert np.array_equal(first[8:, 28:], PHOTOGRAPH[:120, :100])
    assert np.array_equal(second[:68, :78], PHOTOGRAPH[150:, 100:])
    assert not second[68:].any()


@pytest.mark.parametrize("box", [(200, 0, 328, 128), (-500, -500, 500, 500), (0, 0, 10**9, 10**9)])
def test_a_box_that_shows_nothing_of_its_photograph_is_refused(write, data_paths, box):
    write({"a.png": face(box)})
    images = CelebA("train").open(data_paths)
    message = message_of(lambda: images.image(0))
    assert str(images.where(0)) in message
    assert "178x218" in message


def test_landmarks_outside_of_the_box_are_told_when_opened(write, data_paths):
    faces = {name: face((0, 0, 100, 100)) for name in ("a.png", "b.png", "c.png")}
    faces["b.png"]["landmark"][5] = (100, 50)
    faces["c.png"]["landmark"][67, 1] = -0.1
    path = write(faces)
    message = message_of(lambda: CelebA("train").open(data_paths))
    assert str(path) in message
    assert "2 of 3 faces" in message
    assert "b.png is the first" in message
    assert "Widen the boxes" in message


def test_ready_crops_come_with_points_alone(write, data_paths, save_png):
    write({"2.png": POINTS * 128}, [], "helen/images", "test_info_list_68.pkl")
    message = message_of(lambda: Helen("test").open(data_paths))
    assert f"no folder {data_paths.root / 'helen' / 'test_HR'}" in message
    crop = save_png(data_paths.root / "helen" / "test_HR" / "2.png", PHOTOGRAPH[:128, :128])
    images = Helen("test").open(data_paths)
    assert np.array_equal(images.image(0), PHOTOGRAPH[:128, :128])
    assert np.allclose(images.entries(0)["points"], POINTS * 128, atol=1e-4)
    assert images.unofficial == ""
    save_png(crop, PHOTOGRAPH)
    message = message_of(lambda: Helen("test").open(data_paths).image(0))
    assert f"{crop} is 178x218" in message


def test_a_list_of_ones_own_is_no_official_set(write, data_paths):
    faces = {"a.png": face((0, 0, 100, 100))}
    write(faces, name="test.txt")
    images = CelebA("test").open(data_paths)
    assert "test.txt" in images.unofficial
    assert np.allclose(images.entries(0)["points"], POINTS * 128, atol=1e-4)
    write(faces, name="new_val_info_list.pkl")
    assert CelebA("test").open(data_paths).unofficial == ""


def test_splits_have_the_official_sizes(write, data_paths):
    faces = {"a.png": face((0, 0, 100, 100))}
    for place in ("celeba/img_celeba", "helen/images"):
        for name in ("new_train_info_list.pkl", "new_val_info_list.pkl"):
            write(faces, place=place, name=name)
    sizes = [
        spec(s).open(data_paths).expected for spec in (CelebA, Helen) for s in ("train", "test")
    ]
    assert sizes == [168_854, 1000, 2005, 50]


def test_images_that_the_list_names_must_be_there_and_others_are_not_in_the_set(write, data_paths):
    faces = {name: face((0, 0, 100, 100)) for name in ("a.png", "b.png", "c.png")}
    write(faces, ["b.png", "other.png"])
    message = message_of(lambda: CelebA("train").open(data_paths))
    assert "2 of the 3 images" in message
    assert str(data_paths.root / "celeba" / "img_celeba" / "a.png") in message
    write(faces)
    assert CelebA("train").open(data_paths).names == ["a.png", "b.png", "c.png"]


def test_opening_reads_no_image_and_a_damaged_one_is_named_when_read(write, data_paths):
    write({"a.png": face((0, 0, 100, 100))})
    path = data_paths.root / "celeba" / "img_celeba" / "a.png"
    path.write_bytes(path.read_bytes()[:1000])
    images = CelebA("train").open(data_paths)
    assert f"{path} is damaged" in message_of(lambda: images.entries(0))


def test_a_grey_photograph_has_three_equal_planes(write, data_paths):
    write({"a.png": face((0, 0, 128, 128))})
    Image.fromarray(PHOTOGRAPH[..., 0]).save(data_paths.root / "celeba" / "img_celeba" / "a.png")
    image = CelebA("train").open(data_paths).image(0)
    assert np.array_equal(image, np.repeat(PHOTOGRAPH[:128, :128, :1], 3, 2))


def test_another_box_is_another_crop_and_the_list_is_part_of_the_manifest(write, data_paths):
    """Crops are kept decoded, and must not outlive their box."""
    path = write({"a.png": face((0, 0, 128, 128))})
    before = CelebA("train").open(data_paths)
    assert np.array_equal(before.image(0), PHOTOGRAPH[:128, :128])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert before.manifest()[-1] == ("annotations/new_train_info_list.pkl", digest)
    write({"a.png": face((9, 0, 137, 128))})
    after = CelebA("train").open(data_paths)
    assert np.array_equal(after.image(0), PHOTOGRAPH[:128, 9:137])
    assert after.manifest() != before.manifest()


def test_what_is_missing_is_named_with_its_source(data_paths, tmp_path):
    message = message_of(lambda: CelebA("train").open(DataPaths(None, tmp_path)))
    assert "--data-root" in message
    assert "img_celeba.7z" in message
    (data_paths.root / "helen").mkdir()
    message = message_of(lambda: Helen("test").open(data_paths))
    assert str(data_paths.root / "helen" / "annotations" / "test_info_list_68.pkl") in message
    assert "new_val_info_list.pkl, test.txt" in message


def test_a_hostile_list_is_named(write, data_paths):
    path = write({"a.png": face((0, 0, 100, 100))})
    path.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    message = message_of(lambda: CelebA("train").open(data_paths))
    assert f"{path} is refused" in message
    assert "os.system" in message


def test_specs_are_values_and_other_splits_are_refused():
    assert repr(CelebA("train")) == "CelebA(split='train')"
    assert CelebA("train") != Helen("train")
    with pytest.raises(ValueError, match="Helen has the splits 'train' and 'test', not 'val'"):
        Helen("val")
