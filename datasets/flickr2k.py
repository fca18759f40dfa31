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
from datasets.source_words import in_words
from datasets.sources import Archive, Member, Source

_COUNT = 2650
_FILES = tuple(f"{number:06}.png" for number in range(1, _COUNT + 1))

# md5 as torchSR prints it (datasets/flickr2k.py). The authors' server is said to be gone
# (limbee/NTIRE2017#25).
_ARCHIVE = Source(
    "Flickr2K",
    (
        Archive(
            "flickr2k/Flickr2K.tar",
            ("https://cv.snu.ac.kr/research/EDSR/Flickr2K.tar",),
            md5="5d3f39443d5e9489bff8963f8f26cb03",
            members=(
                Member(
                    r"Flickr2K/Flickr2K_HR/(\d{6})\.png",
                    r"flickr2k/Flickr2K_HR/\1.png",
                    _COUNT,
                    also=(r"flickr2k/\1.png",),
                ),
            ),
        ),
    ),
    "stated nowhere that was found; the photographs are from Flickr",
    (
        "Where the authors' server does not answer, look for a copy of Flickr2K.tar and put it "
        "into DIR/flickr2k; the same command then verifies and unpacks it.",
        "Or put the 2650 PNG files of a copy called Flickr2K.zip into DIR/flickr2k/Flickr2K_HR.",
    ),
)
_SOURCE = "Flickr2K is 2650 PNG files, 000001.png to 002650.png, in Flickr2K_HR. " + in_words(
    _ARCHIVE
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

    def sources(self) -> tuple[Source, ...]:
        """The archive, however many of its images are taken."""
        return (_ARCHIVE,)

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
