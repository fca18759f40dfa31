"""Several data sets as one, the images of the second after those of the first and so on.

STFT, Sec. 3.1, trains on the training images of DIV2K and 2500 images of Flickr2K.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from datasets.images import DataError, DataPaths, DataSet, Entries, Images, Pixels


@dataclass(frozen=True)
class Together:
    """The images of all `sets`, which must have the same entries.

    Each image is as likely as any other in training, whatever the size of its set.

    sets: at least one; an image's name is the number of its set, from 1, and its name there, such
        as "2/000001".
    """

    sets: tuple[DataSet, ...]

    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if not isinstance(self.sets, tuple) or not self.sets:
            raise ValueError(f"sets must be a tuple of data sets, not {self.sets!r}")
        for other in self.sets[1:]:
            if other.provides != self.provides:
                raise ValueError(
                    f"{other!r} has the entries {', '.join(other.provides)} and {self.sets[0]!r} "
                    f"has {', '.join(self.provides)}; put sets together that have the same"
                )

    @property
    def provides(self) -> tuple[str, ...]:
        """The entries of every set."""
        return self.sets[0].provides

    def open(self, data_paths: DataPaths) -> Images:
        """Raises DataError if a set cannot be opened, or its points are numbered otherwise."""
        return ImagesTogether([data.open(data_paths) for data in self.sets], self)


class ImagesTogether(Images):
    """Opened sets; `expected` is the sum of theirs, or None if one of them has no official size."""

    def __init__(self, parts: list[Images], spec: Together):
        self.parts = parts
        self.names = [f"{k}/{name}" for k, part in enumerate(parts, 1) for name in part.names]
        sizes = [part.expected for part in parts if part.expected is not None]
        self.expected = sum(sizes) if len(sizes) == len(parts) else None
        self.unofficial = "; ".join(part.unofficial for part in parts if part.unofficial)
        self.mirrored = parts[0].mirrored
        if any(part.mirrored != self.mirrored for part in parts):
            raise DataError(
                f"the sets of {spec!r} differ in which points change places in a mirror image. "
                "Train on sets with the same points."
            )
        self._ends = list(accumulate(map(len, parts)))

    def image(self, i: int) -> Pixels:
        """Image `i` alone, RGB, (H, W, 3) uint8; errors as of its set."""
        part, k = self._place(i)
        return part.image(k)

    def size(self, i: int) -> tuple[int, int]:
        """Height and width of image `i`; errors as of its set."""
        part, k = self._place(i)
        return part.size(k)

    def where(self, i: int) -> str:
        """Image `i` in a message, as its set has it."""
        part, k = self._place(i)
        return part.where(k)

    def entries(self, i: int) -> Entries:
        """Every entry of image `i`; errors as of its set."""
        part, k = self._place(i)
        return part.entries(k)

    def manifest(self) -> list[tuple[str, str]]:
        """The files of all sets, one set after the other."""
        return [file for part in self.parts for file in part.manifest()]

    def _place(self, i: int) -> tuple[Images, int]:
        """The set that image `i` is in, and its number there."""
        number = range(len(self))[i]
        part = bisect_right(self._ends, number)
        return self.parts[part], number - (self._ends[part - 1] if part else 0)
