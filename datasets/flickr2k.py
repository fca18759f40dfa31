"""Flickr2K: 2650 photographs of about two megapixels for training beside DIV2K.

Lim et al.: Enhanced Deep Residual Networks for Single Image Super-Resolution (CVPR Workshops 2017),
whose authors put it together. STFT, Sec. 3.1, trains on 2500 images of it and does not say which;
`first` takes those that come first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from datasets.decoding import size_of
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Images
from datasets.listed import present

_COUNT = 2650
_FILES = tuple(f"{number:06}.png" for number in range(1, _COUNT + 1))

_SOURCE = (
    "Flickr2K is 2650 PNG files, 000001.png to 002650.png, in Flickr2K_HR of Flickr2K.tar, which "
    "came from the authors of EDSR; their server is gone, and copies go by the name Flickr2K.zip."
)


@dataclass(frozen=True)
class Flickr2K:
    """The high-resolution images, in `flickr2k/Flickr2K_HR` or in `flickr2k` itself.

    Part of them may be missing; `expected` tells their full number.

    first: how many images, those that come first in the set's order; None for all.
    """

    first: int | None = None

    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.first is not None and not 1 <= self.first <= _COUNT:
            raise ValueError(f"first must be within 1..{_COUNT}, or None, not {self.first!r}")

    def open(self, data_paths: DataPaths) -> Images:
        """Find the images.

        Raises:
            DataError: the folder or all images are missing, a file is no image, or the folder has
                images that are not of this set.
        """
        root = data_paths.folder("flickr2k", _SOURCE)
        inner = root / "Flickr2K_HR"
        folder = inner if inner.is_dir() else root
        wanted = _FILES[: self.first]
        paths = [p for p in present(folder, _FILES, "Flickr2K", _SOURCE) if p.name <= wanted[-1]]
        if not paths:
            raise DataError(f"there is none of {wanted[0]} to {wanted[-1]} in {folder}. {_SOURCE}")
        for path in paths:
            size_of(path)
        return ImageFiles(paths, [path.stem for path in paths], folder, data_paths, len(wanted))
