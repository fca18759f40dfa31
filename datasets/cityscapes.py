"""Cityscapes: street scenes with pixel-wise labels, 2048x1024.

Cordts et al.: The Cityscapes Dataset for Semantic Urban Scene Understanding (CVPR 2016). The map
from label ids to train ids is that of mcordts/cityscapesScripts, helpers/labels.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from datasets.decoded import DecodedArrays
from datasets.decoding import decode_indices, size_of
from datasets.image_files import ImageFiles
from datasets.images import IGNORE, DataError, DataPaths, Entries, Images, Pixels
from datasets.source_words import in_words
from datasets.sources import Archive, Member, Source

CITYSCAPES_CLASSES = (
    "road",
    "sidewalk",
    "building",
    "wall",
    "fence",
    "pole",
    "traffic light",
    "traffic sign",
    "vegetation",
    "terrain",
    "sky",
    "person",
    "rider",
    "car",
    "truck",
    "bus",
    "train",
    "motorcycle",
    "bicycle",
)
"""Names of the train ids 0..18."""

# The label id of each train id, in order. Ids of no evaluated class (ego vehicle, static, parking,
# rail track, bridge, caravan, ...) become IGNORE, as does -1, which an 8-bit file stores as 255.
_LABEL_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_HIGHEST_LABEL_ID = 33

_TRAIN_IDS = np.full(256, IGNORE, np.uint8)
_TRAIN_IDS[list(_LABEL_IDS)] = np.arange(len(_LABEL_IDS))

# The cities of the official splits: no city is in two of them.
_CITIES = {
    "train": (
        "aachen", "bochum", "bremen", "cologne", "darmstadt", "dusseldorf", "erfurt", "hamburg",
        "hanover", "jena", "krefeld", "monchengladbach", "strasbourg", "stuttgart", "tubingen",
        "ulm", "weimar", "zurich",
    ),
    "val": ("frankfurt", "lindau", "munster"),
    "test": ("berlin", "bielefeld", "bonn", "leverkusen", "mainz", "munich"),
}  # fmt: skip

_IMAGE = "_leftImg8bit.png"
_LABELS = "_gtFine_labelIds.png"

_COUNTS = {"train": 2975, "val": 500}


def _archive(kind: str, ending: str, md5: str, sha1: str) -> Archive:
    """The archive of images or of annotations, of which the test split stays inside."""
    return Archive(
        f"cityscapes/{kind}_trainvaltest.zip",
        md5=md5,
        sha1=sha1,
        members=tuple(
            Member(
                rf"{kind}/{split}/([a-z]+)/([^/]+){re.escape(ending)}",
                rf"cityscapes/{kind}/{split}/\1/\2{ending}",
                count,
            )
            for split, count in _COUNTS.items()
        ),
    )


# md5 as the site gives them to csDownload, sha1 as gluon-cv does (scripts/datasets/cityscapes.py).
_FILES = Source(
    "Cityscapes",
    (
        _archive(
            "leftImg8bit",
            _IMAGE,
            "0a6e97e94b616a514066c9e2adb0c97f",
            "2c0b77ce9933cc635adda307fbba5566f5d9d404",
        ),
        _archive(
            "gtFine",
            _LABELS,
            "4237c19de34c8a376e9ba46b495d6f66",
            "99f532cb1af174f5fcc4c5bc8feea8c66246ddbc",
        ),
    ),
    "for non-commercial purposes alone, after registration; not to be passed on",
    (
        "Cityscapes needs registration at https://www.cityscapes-dataset.com (11 GB and 241 MB).",
        "python -m venv csvenv && csvenv/bin/pip install cityscapesscripts",
        "mkdir -p DIR/cityscapes && csvenv/bin/csDownload -r -d DIR/cityscapes "
        "gtFine_trainvaltest.zip leftImg8bit_trainvaltest.zip",
        "Then run the same command again: it verifies both archives and unpacks them.",
    ),
)
_SOURCE = (
    "Cityscapes is leftImg8bit/SPLIT/CITY/*_leftImg8bit.png and "
    f"gtFine/SPLIT/CITY/*_gtFine_labelIds.png. {in_words(_FILES)}"
)


@dataclass(frozen=True)
class Cityscapes:
    """The finely annotated images: 2975 for training, 500 for validation, 19 classes.

    scale: by how much each side is divided. Halved, a pixel is the mean of four, rounded to 8 bit,
        as bilinear resizing without antialiasing gives it; its label is that of the top left one.
    """

    split: Literal["train", "val"]
    scale: int = 1

    provides: ClassVar[tuple[str, ...]] = ("image", "labels")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in ("train", "val"):
            raise ValueError(f"Cityscapes has the splits 'train' and 'val', not {self.split!r}")
        if self.scale not in (1, 2):
            raise ValueError(f"Cityscapes is read whole, scale 1, or halved, 2, not {self.scale!r}")

    def sources(self) -> tuple[Source, ...]:
        """The two archives, of which either split needs both."""
        return (_FILES,)

    def open(self, data_paths: DataPaths) -> Images:
        """Find the images and their label maps.

        Raises:
            DataError: a folder, all images, or the label map of an image is missing.
        """
        folder = data_paths.folder("cityscapes", _SOURCE)
        images = sorted((folder / "leftImg8bit" / self.split).glob(f"*/*{_IMAGE}"))
        if not images:
            pattern = folder / "leftImg8bit" / self.split / "CITY" / f"*{_IMAGE}"
            raise DataError(f"there is no {pattern}. {_SOURCE}")
        labels = [_labels_of(image, folder / "gtFine") for image in images]
        missing = [path for path in labels if not path.is_file()]
        if missing:
            raise DataError(
                f"{len(missing)} of {len(images)} images of Cityscapes {self.split} have no label "
                f"map; the first one missing is {missing[0]}. {_SOURCE}"
            )
        return CityscapesImages(images, labels, folder, data_paths, _COUNTS[self.split], self.scale)


class CityscapesImages(ImageFiles):
    """Opened Cityscapes images; a name is city_sequence_frame, as in aachen_000000_000019."""

    def __init__(
        self,
        images: list[Path],
        labels: list[Path],
        folder: Path,
        data_paths: DataPaths,
        expected: int,
        scale: int = 1,
    ):
        names = [path.name.removesuffix(_IMAGE) for path in images]
        super().__init__(images, names, folder, data_paths, expected)
        self.label_paths = labels
        self.scale = scale
        self.unofficial = _strangers(images)
        self._train_ids = DecodedArrays(data_paths.cache / "labels")

    def image(self, i: int) -> Pixels:
        """Image `i`, RGB, (H, W, 3) uint8, at the declared scale.

        Raises:
            DataError: the file is missing, damaged or no colour image.
        """
        whole = super().image(i)
        return whole if self.scale == 1 else _halved(whole)

    def size(self, i: int) -> tuple[int, int]:
        """Height and width of image `i` at the declared scale, from the file's header alone.

        Raises:
            DataError: the file is missing, empty or no image.
        """
        height, width = super().size(i)
        return height // self.scale, width // self.scale

    def beside(self, i: int) -> Entries:
        """labels: train ids of image `i`, (H, W) uint8, 0..18 or 255.

        Raises:
            DataError: the label map is damaged, holds other ids, or has not the image's size.
        """
        path = self.label_paths[i]
        key = f"{self.sha256(path)}-trainids"
        train_ids = self._train_ids.get(key, lambda: _train_ids(path, self.paths[i]))
        return {"labels": train_ids if self.scale == 1 else _top_left_of_four(train_ids)}

    def files(self) -> list[Path]:
        """The images, then their label maps."""
        return self.paths + self.label_paths


def _strangers(images: list[Path]) -> str:
    """The cities that are not of the split in whose folder they lie, and where they belong."""
    split = images[0].parts[-3]
    cities = sorted({path.parent.name for path in images} - set(_CITIES[split]))
    belong = [(city, [name for name, known in _CITIES.items() if city in known]) for city in cities]
    return "; ".join(
        f"{city} is a city of the official {of[0]} split"
        if of
        else f"{city} is in no official split"
        for city, of in belong
    )


def _halved(image: Pixels) -> Pixels:
    """The means of 2x2 pixels, halves rounded up; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in image.shape[:2])
    rows = image[0:height:2].astype(np.uint16) + image[1:height:2]
    total = rows[:, 0:width:2] + rows[:, 1:width:2]
    return ((total + 2) // 4).astype(np.uint8)


def _top_left_of_four(labels: Pixels) -> Pixels:
    """The label of the top left one of 2x2 pixels, since labels have no mean."""
    height, width = (side // 2 * 2 for side in labels.shape)
    return labels[:height:2, :width:2]


def _labels_of(image: Path, annotations: Path) -> Path:
    """Where the official layout keeps the label map of an image."""
    split, city = image.parts[-3:-1]
    return annotations / split / city / (image.name.removesuffix(_IMAGE) + _LABELS)


def _train_ids(path: Path, image: Path) -> Pixels:
    """The label-id map of an image as train ids."""
    ids = decode_indices(path)
    width, height = size_of(image)
    if ids.shape != (height, width):
        raise DataError(
            f"{path} is {ids.shape[1]}x{ids.shape[0]}, but its image {image} is {width}x{height}. "
            "Take both from the official archives."
        )
    unknown = ids[(ids > _HIGHEST_LABEL_ID) & (ids != IGNORE)]
    if unknown.size:
        raise DataError(
            f"{path} holds the value {unknown[0]}, which is no Cityscapes label id (0..33, or 255 "
            f"for -1). Take the {_LABELS} file from the official gtFine archive."
        )
    return _TRAIN_IDS[ids]
