"""DIV2K: photographs of about two megapixels for image restoration.

Agustsson, Timofte: NTIRE 2017 Challenge on Single Image Super-Resolution: Dataset and Study (CVPR
Workshops 2017). The 100 test images were never published; papers test on the validation images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from datasets.decoding import size_of
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Images
from datasets.source_words import in_words
from datasets.sources import Archive, Member, Source

_FILES = {
    "train": ("DIV2K_train_HR", range(1, 801)),
    "valid": ("DIV2K_valid_HR", range(801, 901)),
}

_TERMS = "for academic research alone; the images belong to their owners"


def _source(split: str, size: int, sha256: str, md5: str) -> Source:
    """The archive of a split."""
    name, numbers = _FILES[split]
    archive = Archive(
        f"div2k/{name}.zip",
        (f"https://data.vision.ee.ethz.ch/cvl/DIV2K/{name}.zip",),
        size,
        sha256,
        md5,
        members=(Member(rf"{name}/(\d{{4}})\.png", rf"div2k/{name}/\1.png", count=len(numbers)),),
    )
    return Source(f"DIV2K_{split}", (archive,), _TERMS)


# Sizes and sha256 as TensorFlow Datasets prints them (div2k/checksums.tsv), md5 as torchSR does.
_SOURCES = {
    "train": _source(
        "train",
        3_530_603_713,
        "9d0b9c463f6e35b6c62cc6a930ee2224f670b34c1df841a57670f9acf0f6c335",
        "bdc2d9338d4e574fe81bf7d158758658",
    ),
    "valid": _source(
        "valid",
        448_993_893,
        "20dd31fd84d777bc1cf5d6b7654a3f569c0aec74458ae094122ad1d0489900fc",
        "9fcdda83005c5e5997799b69f955ff88",
    ),
}


@dataclass(frozen=True)
class DIV2K:
    """The high-resolution images: 800 for training, 100 for validation, 2040 pixels wide or high.

    Part of a split may be missing; `expected` tells its full size.
    """

    split: Literal["train", "valid"]

    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in _FILES:
            raise ValueError(f"DIV2K has the splits 'train' and 'valid', not {self.split!r}")

    def sources(self) -> tuple[Source, ...]:
        """The archive of the split."""
        return (_SOURCES[self.split],)

    def open(self, data_paths: DataPaths) -> Images:
        """Find the images.

        Raises:
            DataError: a folder or all images are missing, a file is no image, or the folder has
                files that are not of this split.
        """
        name, numbers = _FILES[self.split]
        source = (
            f"DIV2K {self.split} is {name}/{numbers[0]:04}.png to {numbers[-1]:04}.png. "
            f"{in_words(_SOURCES[self.split])}"
        )
        root = data_paths.folder("div2k", source)
        folder = root / name
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder}. {source}")
        found = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        files = [f"{number:04}.png" for number in numbers]
        strangers = sorted(found - set(files))
        if strangers:
            raise DataError(
                f"{folder / strangers[0]} is none of {files[0]} to {files[-1]}, the images of "
                f"DIV2K {self.split}. Remove what does not belong there. {source}"
            )
        paths = [folder / file for file in files if file in found]
        if not paths:
            raise DataError(f"there is no image in {folder}. {source}")
        for path in paths:
            size_of(path)
        return ImageFiles(paths, [path.stem for path in paths], root, data_paths, len(files))
