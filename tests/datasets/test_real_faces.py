"""Photographs with 68 points that dlib found, through a list of one's own."""

from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from datasets.degradations.pil_bicubic import ParsedFaces
from datasets.face_parts import FACE_PARTS
from datasets.faces import CelebA
from datasets.images import DataPaths
from datasets.landmarks import MIRRORED_68, square_around, written_face
from datasets.sampling import TrainingSamples
from datasets.sampling import test_sample as sample_of
from losses.heatmaps import gaussian_heatmaps


def largest_faces(source):
    """The points (68, 2) of the largest face of each photograph, by file."""
    faces = {}
    for path in sorted(source.glob("*_with_face_landmarks.xml")):
        for image in ElementTree.parse(path).getroot().iter("image"):
            boxes = [box for box in image.iter("box") if len(box.findall("part")) == 68]
            if not boxes or not (source / image.get("file")).is_file():
                continue
            box = max(boxes, key=lambda box: int(box.get("width")))
            parts = sorted(box.iter("part"), key=lambda part: int(part.get("name")))
            faces[image.get("file")] = np.array([(int(p.get("x")), int(p.get("y"))) for p in parts])
    return faces


@pytest.fixture
def photographed(data_root, tmp_path):
    """Faces as CelebA's tests would have them, and their points in the photographs."""
    source = data_root / "faces68"
    if not source.is_dir():
        pytest.skip(f"no {source}")
    faces = largest_faces(source)
    folder = tmp_path / "data" / "celeba"
    (folder / "annotations").mkdir(parents=True)
    (folder / "img_celeba").symlink_to(source)
    lines = [written_face(name, points, square_around(points)) for name, points in faces.items()]
    (folder / "annotations" / "test.txt").write_text("\n".join(lines))
    images = CelebA("test").open(DataPaths(tmp_path / "data", tmp_path / "cache"))
    return images, faces


def test_every_face_is_in_the_middle_of_its_crop(photographed):
    images, faces = photographed
    assert len(images) == len(faces) >= 5
    for i, name in enumerate(images.names):
        points = images.entries(i)["points"]
        assert np.abs((points.min(0) + points.max(0)) / 2 - 64).max() < 3
        assert (points.max(0) - points.min(0)).max() == pytest.approx(128 / 1.3, rel=0.05)
        found = np.linalg.norm(points[0] - points[16]) / np.linalg.norm(points[8] - points[27])
        whole = faces[name]
        expected = np.linalg.norm(whole[0] - whole[16]) / np.linalg.norm(whole[8] - whole[27])
        assert found == pytest.approx(expected, rel=1e-4)


def test_eyes_are_darker_than_the_cheeks(photographed):
    """So points and pixels are moved alike; it holds of every one of these faces."""
    images, _ = photographed
    for i in range(len(images)):
        entries = images.entries(i)
        grey, points = entries["image"].mean(2), entries["points"]
        eyes = [points[36:42].mean(0), points[42:48].mean(0)]
        cheeks = [(points[k] + points[m]) / 2 for k, m in ((2, 31), (14, 35))]
        eye, cheek = (np.mean([patch(grey, place).mean() for place in p]) for p in (eyes, cheeks))
        assert eye < cheek, images.names[i]


def patch(grey, place):
    column, row = np.rint(place).astype(int)
    return grey[row - 3 : row + 4, column - 3 : column + 4]


def test_a_sample_is_small_and_large_face_points_and_parts(photographed):
    images, _ = photographed
    spec = ParsedFaces(CelebA("test"))
    sample = sample_of(spec, images, 0, seed=0)
    assert {name: tuple(value.shape) for name, value in sample.items()} == {
        "input": (3, 16, 16),
        "target": (3, 128, 128),
        "labels": (128, 128),
        "points": (68, 2),
    }
    found = {FACE_PARTS[k] for k in sample["labels"].unique()}
    assert {"skin", "nose", "right eye", "left eye", "right brow", "left brow"} <= found


def test_heatmaps_have_their_peaks_at_the_points(photographed):
    images, _ = photographed
    samples = [sample_of(ParsedFaces(CelebA("test")), images, i, seed=0) for i in range(3)]
    points = torch.stack([sample["points"] for sample in samples])
    maps = gaussian_heatmaps(points, 32, 4, centred=False)
    rows, columns = np.unravel_index(maps.flatten(2).argmax(2).numpy(), (32, 32))
    peaks = np.stack((columns, rows), 2)
    assert np.abs(peaks - points.numpy() / 4).max() <= 0.5


def test_a_flipped_sample_has_flipped_points_and_pixels(photographed):
    images, _ = photographed
    samples = TrainingSamples(ParsedFaces(CelebA("test")), images, 128, "hflip", seed=0)
    flipped = 0
    for p in range(2 * len(images)):
        whole = sample_of(samples.spec, images, samples.image_index(p), seed=0)
        sample = samples[p]
        if torch.equal(sample["target"], whole["target"]):
            continue
        flipped += 1
        assert torch.equal(sample["target"], whole["target"].flip(2))
        mirrored = whole["points"][list(MIRRORED_68)] * torch.tensor((-1.0, 1)) + torch.tensor(
            (127.0, 0)
        )
        assert torch.allclose(sample["points"], mirrored)
        right = sample["labels"] == FACE_PARTS.index("right brow")
        assert torch.equal(right, whole["labels"].flip(1) == FACE_PARTS.index("left brow"))
    assert 0 < flipped < 2 * len(images)
