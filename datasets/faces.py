"""Faces of 128x128 pixels with 68 landmarks, cut from CelebA and from Helen.

Liu, Luo, Wang, Tang: Deep Learning Face Attributes in the Wild (ICCV 2015), the photographs "in the
wild", not the aligned ones; Le, Brandt, Lin, Bourdev, Huang: Interactive Facial Feature
Localization (ECCV 2012). D2SM, Sec. 4.2, measures face super-resolution as DIC does: Ma et al.,
Deep Face Super-Resolution with Iterative Collaboration between Attentive Recovery and Landmark
Estimation (CVPR 2020), Maclory/Deep-Iterative-Collaboration. Which images are in which split is
told by DIC's lists alone (`datasets.landmarks`), and so are landmarks, which OpenFace found, and
boxes.

A face is the box of its photograph, made 128x128 by Pillow's bicubic; what the box has beyond the
photograph is black, as Pillow's crop makes it. A point p of the photograph is at
(p - corner) * 128 / side of the crop: as in DIC, half a pixel is not accounted for. Departures: a
box is rounded to whole pixels before the points are moved, not only where it is cut out, and each
axis has its own side; for whole, square boxes this is the same. DIC stretches faces of Helen by
0.66 to 1.33 in training, which is not done here. Its flips and rotations are the augmentation
"flips_transpose": the eight orientations of a square.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.decoding import decode_grey, decode_rgb, open_image
from datasets.dic_drive import DIC_STEPS, DIC_TERMS, dic_copied
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Entries, Images, Pixels
from datasets.landmarks import MIRRORED_68, FaceList, read_faces
from datasets.source_words import in_words
from datasets.sources import Folder, RemoteFile, Source

SIDE = 128
"""Height and width of a face in pixels."""

# Of several lists the first is taken. DIC measures on crops that its authors made, if they are
# there; text is a list of one's own.
_LISTS = {
    "train": ("new_train_info_list.pkl", "train_info_list_68.pkl", "train.txt"),
    "test": ("test_info_list_68.pkl", "new_val_info_list.pkl", "test.txt"),
}

# Of a box at least this much shows its photograph; a box that was meant for another shows less.
_SHOWN = 0.25


@dataclass(frozen=True)
class _Faces:
    """What both sets have in common: photographs, and a list in the folder `annotations`.

    An image's name is that of its file. Files that the list does not name are not in the set.

    place: the folder below the data root.
    photographs: the folder of the photographs in it; crops that are made already lie in
        train_HR and test_HR.
    counts: the size of each split.
    released: how many photographs were released, names: how their files are called.
    lists: DIC's two lists of the set. terms, steps: of the photographs, see `Source`.
    """

    split: Literal["train", "test"]

    place: ClassVar[str]
    photographs: ClassVar[str]
    counts: ClassVar[dict[str, int]]
    released: ClassVar[int]
    names: ClassVar[str]
    lists: ClassVar[tuple[str, str]]
    terms: ClassVar[str]
    steps: ClassVar[tuple[str, ...]]

    provides: ClassVar[tuple[str, ...]] = ("image", "points")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in self.counts:
            raise ValueError(
                f"{type(self).__name__} has the splits 'train' and 'test', not {self.split!r}"
            )

    def sources(self) -> tuple[Source, ...]:
        """The photographs and DIC's lists, which only the user can bring; those of both splits."""
        name, place = type(self).__name__, f"{self.place}/{self.photographs}"
        photographs = Folder(place, names=self.names, count=self.released)
        annotations = f"{self.place}/annotations"
        lists = tuple(RemoteFile(f"{annotations}/{file}") for file in self.lists)
        copied = tuple(dic_copied(file, annotations) for file in self.lists)
        return (
            Source(name, (photographs,), self.terms, self.steps),
            Source(f"{name}_lists", lists, DIC_TERMS, (*DIC_STEPS, *copied)),
        )

    def open(self, data_paths: DataPaths) -> Images:
        """Read the list of the split, and see that its images are there.

        Raises:
            DataError: the list or an image that it names is missing, the list is damaged (see
                `read_faces`), or a face has landmarks outside of its box.
        """
        source = (
            f"{type(self).__name__} is the photographs of {self.place}/{self.photographs}, and a "
            f"list of faces, {self.place}/annotations/ with one of "
            f"{', '.join(_LISTS[self.split])}. {' '.join(map(in_words, self.sources()))}"
        )
        folder = data_paths.folder(self.place, source)
        candidates = [folder / "annotations" / name for name in _LISTS[self.split]]
        path = next((path for path in candidates if path.is_file()), None)
        if path is None:
            raise DataError(f"there is no {candidates[0]} and none of the other lists. {source}")
        faces = read_faces(path)
        images = folder / (self.photographs if faces.boxes is not None else f"{self.split}_HR")
        if not images.is_dir():
            raise DataError(
                f"there is no folder {images}, whose faces {path} lists. Put them there, or take "
                f"another list. {source}"
            )
        there = set(os.listdir(images))
        missing = [name for name in faces.names if name not in there]
        if missing:
            raise DataError(
                f"{len(missing)} of the {len(faces.names)} images that {path} lists are missing; "
                f"{images / missing[0]} is the first. {source}"
            )
        return FaceImages(faces, images, folder, data_paths, self.counts[self.split])


@dataclass(frozen=True)
class CelebA(_Faces):
    """Faces of CelebA, 168,854 to train on and 1,000 for tests; a name is such as 000001.jpg."""

    place: ClassVar[str] = "celeba"
    photographs: ClassVar[str] = "img_celeba"
    counts: ClassVar[dict[str, int]] = {"train": 168_854, "test": 1000}
    released: ClassVar[int] = 202_599
    names: ClassVar[str] = r"\d{6}\.jpg"
    lists: ClassVar[tuple[str, str]] = ("new_train_info_list.pkl", "new_val_info_list.pkl")
    terms: ClassVar[str] = "for non-commercial research alone, not to be passed on"
    steps: ClassVar[tuple[str, ...]] = (
        "CelebA in the wild is img_celeba.7z of https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html.",
        "mkdir -p DIR/celeba",
        "Open https://drive.google.com/drive/folders/0B7EVK8r0v71peklHb0pGdDl6R28"
        "?resourcekey=0-f5cwz-nTIQC3KsBn3wFn7A in a browser and save img_celeba.7z.001 to .014 in "
        "DIR/celeba.",
        "7z x -oDIR/celeba DIR/celeba/img_celeba.7z.001",
    )


@dataclass(frozen=True)
class Helen(_Faces):
    """Faces of Helen, 2,005 to train on and 50 for tests; a name is such as 100032540_1.jpg."""

    place: ClassVar[str] = "helen"
    photographs: ClassVar[str] = "images"
    counts: ClassVar[dict[str, int]] = {"train": 2005, "test": 50}
    released: ClassVar[int] = 2330
    names: ClassVar[str] = r".+\.jpg"
    lists: ClassVar[tuple[str, str]] = ("train_info_list_68.pkl", "test_info_list_68.pkl")
    terms: ClassVar[str] = "stated nowhere that was found; the photographs are from Flickr"
    steps: ClassVar[tuple[str, ...]] = (
        "Helen is helen_1.zip to helen_5.zip of http://www.ifp.illinois.edu/~vuongle2/helen/.",
        "mkdir -p DIR/helen/images",
        "Where that server still answers, save its data/helen_1.zip to data/helen_5.zip in "
        "DIR/helen.",
        "for i in 1 2 3 4 5; do unzip -j -d DIR/helen/images DIR/helen/helen_$i.zip; done",
    )


class FaceImages(ImageFiles):
    """Opened faces; each is cut from its photograph once, and the crop is kept decoded.

    Args:
        faces: the list.
        images: the folder of its images.
        folder: what the manifest's names are relative to.
        data_paths, expected: as for `ImageFiles`.
    Raises:
        DataError: a face has landmarks outside of its box, or a name is no text.
    """

    mirrored = MIRRORED_68

    def __init__(
        self,
        faces: FaceList,
        images: Path,
        folder: Path,
        data_paths: DataPaths,
        expected: int | None,
    ):
        paths = [images / name for name in faces.names]
        super().__init__(paths, faces.names, folder, data_paths, expected)
        self.list_path = faces.path
        self._boxes = None if faces.boxes is None else np.rint(faces.boxes).astype(np.int64)
        self._points = _in_crop(faces.points, self._boxes).astype(np.float32)
        self._check_points()
        if faces.path.suffix != ".pkl":
            self.unofficial = (
                f"the faces are those that {faces.path.name} lists, not those of DIC's lists"
            )

    def image(self, i: int) -> Pixels:
        """Face `i`, RGB, (128, 128, 3) uint8, read-only.

        Raises:
            DataError: the file is missing, damaged or no image, the box shows too little of it, or
                it should be a crop already and has another size.
        """
        path = self.paths[i]
        if self._boxes is None:
            face = super().image(i)
            if face.shape[:2] != (SIDE, SIDE):
                raise DataError(
                    f"{path} is {face.shape[1]}x{face.shape[0]}, but {self.list_path} has no "
                    f"boxes, so that it must be a face of {SIDE}x{SIDE} pixels. Take DIC's crops."
                )
            return face
        box = tuple(map(int, self._boxes[i]))
        key = f"{self.sha256(path)}-face-{'_'.join(map(str, box))}"
        return self._pixels.get(key, lambda: _cut(path, box))

    def size(self, i: int) -> tuple[int, int]:
        """Height and width, which all faces share."""
        return SIDE, SIDE

    def beside(self, i: int) -> Entries:
        """points: the landmarks, (68, 2) float32, in pixels of the face, within [0, 128)."""
        return {"points": self._points[i]}

    def files(self) -> list[Path]:
        """The images, then the list of their faces."""
        return [*self.paths, self.list_path]

    def _check_points(self) -> None:
        outside = ~((self._points >= 0) & (self._points < SIDE)).all((1, 2))
        if outside.any():
            first = int(np.flatnonzero(outside)[0])
            where = "its box" if self._boxes is not None else f"{SIDE}x{SIDE} pixels"
            raise DataError(
                f"{self.list_path}: {int(outside.sum())} of {len(self.names)} faces have landmarks "
                f"outside of {where}; {self.names[first]} is the first. Widen the boxes, so that "
                "the whole face is in the crop, or leave these faces out of the list."
            )


def _in_crop(points: NDArray[np.float64], boxes: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Points (N, 68, 2) of photographs in pixels of their crops."""
    if boxes is None:
        return points
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    return (points - low) * SIDE / (high - low)


def _cut(path: Path, box: tuple[int, ...]) -> Pixels:
    """The box of a photograph, which may be grey, made 128x128; black beyond its edges."""
    with open_image(path) as image:
        grey, (width, height) = image.mode == "L", image.size
    left, top, right, bottom = box
    wide, high = min(right, width) - max(left, 0), min(bottom, height) - max(top, 0)
    if max(wide, 0) * max(high, 0) < _SHOWN * (right - left) * (bottom - top):
        raise DataError(
            f"the box {box} lies outside of {path}, which is {width}x{height}, or mostly so. It is "
            "that of another file, or of a copy of another size: take the photographs that the "
            "list was made for."
        )
    photograph = Image.fromarray(decode_grey(path) if grey else decode_rgb(path))
    face = photograph.crop((left, top, right, bottom))
    return np.asarray(face.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
