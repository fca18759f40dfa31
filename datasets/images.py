"""What a data set is: a *spec* that a table declares, and the *images* it opens to.

A spec is a frozen dataclass such as `Cityscapes("val")`. It is hashable, its repr is its identity,
and making one touches no file. `spec.open(data_paths)` looks for the files and returns `Images`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

IGNORE = 255  # the label of pixels that no metric and no loss counts


class DataError(Exception):
    """A data set or file that is missing or wrong; the message names it and the way out.

    what: what is missing in a word or two, for the cell of a table: "needs data".
    """

    what = "data"


@dataclass(frozen=True)
class DataPaths:
    """Where files are on this machine; never part of any identity.

    root: the user's data folder, which holds one folder per data set; None if none was given.
    cache: folder for decoded images and remembered hashes; made when first needed, and safe to
        delete at any time.
    """

    root: Path | None
    cache: Path

    def folder(self, name: str, source: str) -> Path:
        """The data set's folder below the data root.

        Args:
            name: the folder's name, such as "cityscapes".
            source: which files belong there and where they come from, for the error message.
        Raises:
            DataError: no data root was given, or it has no such folder.
        """
        if self.root is None:
            raise DataError(
                f"no data root was given, and {name} needs one. {source} "
                f"Put them under DIR/{name} and pass --data-root DIR."
            )
        folder = self.root / name
        if not folder.is_dir():
            raise DataError(
                f"there is no folder {folder}. {source} "
                f"Put them there, or name the folder above {name} with --data-root."
            )
        return folder


class Images:
    """An opened data set: colour images in a fixed order, each read when it is asked for.

    names: one unique name per image, independent of the machine and of which others are present.
    expected: the size of the official set, so that a report can say "12 of 24 images"; None where
        there is no official size.
    """

    names: list[str]
    expected: int | None = None

    def __len__(self) -> int:
        return len(self.names)

    def image(self, i: int) -> Pixels:
        """Image `i`, RGB, (H, W, 3) uint8; possibly a read-only memory map."""
        raise NotImplementedError

    def labels(self, i: int) -> Pixels:
        """Train ids of image `i`, (H, W) uint8: 0..18, or `IGNORE`.

        Raises:
            DataError: the set has no labels.
        """
        raise DataError(
            f"{type(self).__name__} has no labels (asked for those of {self.names[i]}); "
            "take a labelled set such as Cityscapes or StreetScenes."
        )

    def manifest(self) -> list[tuple[str, str]]:
        """(name, sha256) of every file the set consists of, in order: what its identity hashes."""
        raise NotImplementedError


class DataSet(Protocol):
    """What a table may declare as data."""

    provides_labels: ClassVar[bool]
    """Whether the opened images have labels; known without opening."""
    revision: ClassVar[int]
    """Raised when the set's pixels or order are changed on purpose."""

    def open(self, data_paths: DataPaths) -> Images:
        """Find the files; raises DataError with what to put where."""
        ...
