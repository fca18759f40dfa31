import hashlib
import os

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

import datasets.embedded.procedural_faces as procedural_faces
from datasets.degradations.pil_bicubic import ParsedFaces
from datasets.embedded.face_drawing import draw_face, smooth
from datasets.embedded.face_geometry import face_shape
from datasets.embedded.procedural_faces import EmbeddedCelebA, EmbeddedHelen
from datasets.faces import CelebA, Helen
from datasets.images import DataError, DataPaths
from datasets.landmarks import MIRRORED_68
from datasets.sampling import TrainingSamples

SETS = (EmbeddedCelebA, EmbeddedHelen)

REFERENCE = (
    (76, 78, 98, 118, 132, 124, 110, 100),
    (74, 81, 122, 154, 157, 162, 142, 136),
    (76, 85, 136, 132, 156, 150, 167, 123),
    (75, 83, 145, 142, 160, 151, 171, 122),
    (74, 81, 136, 150, 152, 165, 164, 100),
    (73, 80, 116, 143, 145, 160, 131, 111),
    (76, 79, 94, 118, 127, 124, 107, 175),
    (114, 136, 154, 160, 160, 162, 153, 177),
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache in which all faces lie."""
    folder = tmp_path_factory.mktemp("cache")
    for spec in SETS:
        for split in ("train", "test"):
            spec(split).open(DataPaths(None, folder))
    return folder


def opened(spec, cache):
    return spec.open(DataPaths(None, cache))


def shape_of(seed):
    return face_shape(np.random.default_rng(seed))


def drawn(seed):
    """The face of a seed alone in a picture of its size."""
    return draw_face(shape_of(seed), 128, 128, (0, 0), 128, (9, seed))


def test_landmarks_are_what_they_were():
    """Of 20 faces, to the thousandth of a pixel: geometry must not change unnoticed."""
    points = np.stack([shape_of(seed).landmarks for seed in range(20)])
    digest = hashlib.sha256(np.rint(points * 1000).astype("<i4").tobytes()).hexdigest()
    assert digest[:16] == "e4700604c3d103f5"


def test_pixels_are_about_what_they_were():
    """Means of 16x16 pixels in grey levels; another release of Pillow may round otherwise."""
    means = drawn(3).mean(2).reshape(8, 16, 8, 16).mean((1, 3))
    assert np.abs(means - np.array(REFERENCE)).max() < 2


def test_no_landmark_is_near_the_edge():
    points = np.stack([shape_of(seed).landmarks for seed in range(300)])
    assert points.min() >= 2
    assert points.max() <= 125


def test_faces_are_faces():
    """Features stand in their order, as wide and as far from each other as those of people."""
    for seed in range(100):
        points = shape_of(seed).landmarks
        chin, right, left = points[8], points[36:42].mean(0), points[42:48].mean(0)
        across, down = left - right, chin - (left + right) / 2
        heights = [(points[k] - right) @ down for k in (19, 30, 33, 51, 57, 8)]
        assert heights == sorted(heights)
        assert heights[0] < 0
        sides = [(points[k] - right) @ across for k in (0, 36, 39, 27, 42, 45, 16)]
        assert sides == sorted(sides)
        assert 30 < np.linalg.norm(across) < 50
        assert 1 < np.linalg.norm(down) / np.linalg.norm(across) < 1.9


def test_a_mirrored_face_is_a_face_in_the_same_order():
    points = shape_of(0).landmarks
    mirrored = (points * (-1, 1) + (127, 0))[list(MIRRORED_68)]
    assert mirrored[0, 0] < mirrored[8, 0] < mirrored[16, 0]
    for ring in (slice(36, 42), slice(42, 48), slice(48, 60), slice(60, 68)):
        assert area(mirrored[ring]) * area(points[ring]) > 0


def area(ring):
    """Of a polygon, negative if it is run through anticlockwise."""
    x, y = ring.T
    return (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2


def test_curves_go_through_their_points():
    points = shape_of(1).landmarks[36:42]
    for closed in (False, True):
        curve = smooth(points, closed=closed)
        distances = np.linalg.norm(curve[:, None] - points, axis=2)
        assert distances.min(0).max() < 1e-12
    assert np.linalg.norm(smooth(points, closed=True)[-1] - points[0]) < 2


LINES = {"right brow": (17, 22), "left brow": (22, 27), "nose": (31, 36)}
RINGS = {"right lids": (36, 42), "left lids": (42, 48)}
EDGES = {"jaw": (0, 17), "lips": (48, 60)}


@pytest.mark.parametrize("part", [*LINES, *RINGS, *EDGES])
def test_drawn_lines_and_edges_are_where_the_landmarks_say(part):
    """Along a line pixels are darkest, along an edge they change most, if it is not shifted.

    The best shift is the top of a parabola through three; Pillow's own grid would be an eighth off.
    """
    first, last = (LINES | RINGS | EDGES)[part]
    found = np.zeros((2, 3))  # of x and y at -1/2, 0 and 1/2 pixels
    for seed in range(40):
        grey = drawn(seed).mean(2)
        field = np.hypot(*np.gradient(grey)) if part in EDGES else -grey
        closed = part in RINGS or part == "lips"
        curve = smooth(shape_of(seed).landmarks[first:last], closed=closed)
        for axis in range(2):
            for k, shift in enumerate((-0.5, 0, 0.5)):
                x, y = (curve + shift * np.eye(2)[axis]).T
                found[axis, k] += map_coordinates(field, (y, x), order=1).mean()
    low, middle, high = found.T
    assert (middle > low).all()
    assert (middle > high).all()
    assert np.abs((high - low) / (2 * middle - low - high) / 4).max() < 0.1


@pytest.mark.parametrize("spec", SETS)
def test_the_real_loader_reads_faces_that_are_all_different(cache, spec):
    sets = [opened(spec(split), cache) for split in ("train", "test")]
    assert [len(images) for images in sets] == [spec.counts["train"], spec.counts["test"]]
    seen = set()
    for images in sets:
        assert images.expected == len(images)
        assert images.unofficial == ""
        assert images.mirrored == MIRRORED_68
        for i in range(len(images)):
            entries = images.entries(i)
            assert tuple(entries) == spec.provides
            assert entries["image"].shape == (128, 128, 3)
            assert entries["image"].std() > 20
            assert ((entries["points"] >= 2) & (entries["points"] <= 125.01)).all()
            seen.add(entries["image"].tobytes())
    assert len(seen) == sum(spec.counts.values())
    names = [name for images in sets for name in images.names]
    digests = {digest for images in sets for _, digest in images.manifest()}
    assert len(set(names)) == len(digests) == len(names)


def test_points_of_the_list_are_those_that_were_drawn_in_the_crops_pixels(cache):
    for spec, loader in ((EmbeddedCelebA, CelebA), (EmbeddedHelen, Helen)):
        (folder,) = (cache / "faces").iterdir()
        images = loader("test").open(DataPaths(folder, cache))
        shape = face_shape(np.random.default_rng((spec.seed, spec.counts["train"], 0)))
        assert np.abs(images.entries(0)["points"] - shape.landmarks).max() < 1e-4
        assert "lists" in images.unofficial


def test_what_lies_there_is_left_alone_and_what_is_damaged_or_gone_is_made_again(tmp_path):
    spec = EmbeddedHelen("test")
    first = [np.array(opened(spec, tmp_path).image(i)) for i in range(4)]
    files = {
        p: (p.read_bytes(), os.stat(p)) for p in (tmp_path / "faces").rglob("*.*") if p.is_file()
    }
    assert len(files) == 6
    opened(spec, tmp_path)
    assert all(os.stat(path) == before for path, (_, before) in files.items())
    damaged, gone, *_ = sorted(path for path in files if path.suffix == ".png")
    damaged.write_bytes(damaged.read_bytes()[:100])
    gone.unlink()
    images = opened(spec, tmp_path)
    assert all(path.read_bytes() == content for path, (content, _) in files.items())
    assert all(np.array_equal(images.image(i), first[i]) for i in range(4))


def test_faces_that_are_there_are_not_drawn_again(cache, monkeypatch):
    monkeypatch.setattr(procedural_faces, "draw_face", None)
    assert len(opened(EmbeddedCelebA("train"), cache)) == 40


def test_identity_is_the_declaration_not_the_files(cache, monkeypatch):
    images = opened(EmbeddedHelen("test"), cache)
    before = images.manifest()
    assert [name for name, _ in before] == images.names
    monkeypatch.setattr(EmbeddedHelen, "revision", 2)
    assert not {d for _, d in images.manifest()} & {d for _, d in before}


def test_samples_are_faces_with_the_parts_of_their_points(cache):
    """Right and left stay the person's in every orientation: the right eye is before the left."""
    spec = ParsedFaces(EmbeddedCelebA("train"))
    samples = TrainingSamples(spec, opened(spec.data, cache), 128, "flips_transpose", seed=0)
    for p in range(24):
        sample = samples[p]
        labels = sample["labels"].numpy()
        for part, ring in ((4, slice(36, 42)), (5, slice(42, 48))):
            rows, columns = np.nonzero(labels == part)
            middle = sample["points"][ring].numpy().mean(0)
            assert np.abs(middle - (columns.mean(), rows.mean())).max() < 1
        right, left, chin = (sample["points"][k].numpy() for k in (36, 45, 8))
        across, down = left - right, chin - right
        assert across[0] * down[1] - across[1] * down[0] > 0


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "faces").write_bytes(b"a file where the folder should be")
    with pytest.raises(DataError, match=r"faces.* cannot be written.*another cache"):
        opened(EmbeddedCelebA("test"), tmp_path)


def test_other_splits_are_refused():
    with pytest.raises(ValueError, match="EmbeddedHelen has the splits 'train' and 'test'"):
        EmbeddedHelen("val")
