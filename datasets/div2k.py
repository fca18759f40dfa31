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

_FILES = {
    "train": ("DIV2K_train_HR", range(1, 801)),
    "valid": ("DIV2K_valid_HR", range(801, 901)),
}

_SOURCE = (
    "DIV2K comes from https://data.vision.ee.ethz.ch/cvl/DIV2K/: unpack DIV2K_train_HR.zip and "
    "DIV2K_valid_HR.zip, which give DIV2K_train_HR/0001.png to 0800.png and "
    "DIV2K_valid_HR/0801.png to 0900.png."
)


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

    def open(self, data_paths: DataPaths) -> Images:
        """Find the images.

        Raises:
            DataError: a folder or all images are missing, a file is no image, or the folder has
                files that are not of this split.
        """
        root = data_paths.folder("div2k", _SOURCE)
        name, numbers = _FILES[self.split]
        folder = root / name
        if not folder.is_dir():
            raise DataError(f"there is no folder {folder}. {_SOURCE}")
        found = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
        files = [f"{number:04}.png" for number in numbers]
        strangers = sorted(found - set(files))
        if strangers:
            raise DataError(
                f"{folder / strangers[0]} is none of {files[0]} to {files[-1]}, the images of "
                f"DIV2K {self.split}. Remove what does not belong there. {_SOURCE}"
            )
        paths = [folder / file for file in files if file in found]
        if not paths:
            raise DataError(f"there is no image in {folder}. {_SOURCE}")
        for path in paths:
            size_of(path)
        return ImageFiles(paths, [path.stem for path in paths], root, data_paths, len(files))
