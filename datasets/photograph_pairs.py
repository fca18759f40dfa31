"""Pairs of photographs of one scene, in haze and without, as files that find each other by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from datasets.decoding import decode_rgb, size_of
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Entries, Pixels

_PHOTOGRAPHS = (".png", ".jpg", ".jpeg")

# Above this a set is one of tens of thousands of small files: reading all of their headers takes
# minutes, and decoded they would fill a disk (NYU2 25 GB, OTS 250 GB) to save a few milliseconds.
_FEW = 5000


class Pair(NamedTuple):
    """One hazy photograph, and the clear one of its scene, which others may share."""

    name: str
    clear: Path
    hazy: Path


def photographs_in(folder: Path, source: str) -> list[Path]:
    """The PNG and JPEG files of a folder by name; hidden files and others are passed over.

    Args:
        source: what belongs there and where it comes from, for messages.
    Raises:
        DataError: the folder is missing, or has no such file.
    """
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}. {source}")
    found = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _PHOTOGRAPHS and not path.name.startswith(".")
    )
    if not found:
        raise DataError(f"there is no PNG or JPEG file in {folder}. {source}")
    return found


def partnered(
    hazy: Sequence[Path],
    clear: Sequence[Path],
    folder: Path,
    partner: Callable[[str], str],
    source: str,
) -> list[Pair]:
    """Each hazy photograph with its clear one, in the order of the former.

    Args:
        hazy, clear: files; only the names before the suffix count, in any case.
        folder: where the clear ones belong, for messages.
        partner: from the name of a hazy file to that of its clear one, both without suffix.
        source: where the set comes from, for messages.
    Returns:
        pairs that are named after the hazy files.
    Raises:
        DataError: a hazy photograph has no clear one, or two.
    """
    clear_of: dict[str, Path] = {}
    for path in clear:
        other = clear_of.setdefault(path.stem.casefold(), path)
        if other is not path:
            raise DataError(f"{other} and {path} have one name; remove one of them. {source}")
    wanted = [partner(path.stem) for path in hazy]
    missing = [
        (path, name)
        for path, name in zip(hazy, wanted, strict=True)
        if name.casefold() not in clear_of
    ]
    if missing:
        path, name = missing[0]
        raise DataError(
            f"{len(missing)} of {len(hazy)} hazy photographs have no clear one; {path} is the "
            f"first, and {folder / name}{path.suffix} is missing. {source}"
        )
    return [
        Pair(path.stem, clear_of[name.casefold()], path)
        for path, name in zip(hazy, wanted, strict=True)
    ]


class PhotographPairs(ImageFiles):
    """Opened pairs: "image" is the clear photograph and "hazy" the other.

    Every hazy photograph is an item. That both of a pair have one size is seen when the set is
    opened, or, in a set of more than 5000 pairs, when they are read; these are not kept decoded.

    Args:
        pairs: in the set's order, with unique names.
        folder: what the manifest's names are relative to.
        data_paths: as for `ImageFiles`.
        expected: pairs in the official set.
        margin: by how many pixels on every side the set's clear photographs may exceed the hazy
            ones; what exceeds is cut off.
    Raises:
        DataError: a file is no image, two pairs have one name, or a pair has two sizes.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        folder: Path,
        data_paths: DataPaths,
        expected: int | None,
        margin: int = 0,
    ):
        names = [pair.name for pair in pairs]
        super().__init__([pair.hazy for pair in pairs], names, folder, data_paths, expected)
        self.clear_paths = [pair.clear for pair in pairs]
        self.margin = margin
        self._few = len(pairs) <= _FEW
        if self._few:
            for i in range(len(pairs)):
                self.size(i)

    def image(self, i: int) -> Pixels:
        """The clear photograph of pair `i`, RGB, (H, W, 3) uint8, read-only.

        Raises:
            DataError: a file is missing, damaged or no colour image, or the pair has two sizes.
        """
        height, width = self.size(i)
        pixels = self._photograph(self.clear_paths[i])
        margin = (pixels.shape[0] - height) // 2
        return pixels[margin : margin + height, margin : margin + width]

    def size(self, i: int) -> tuple[int, int]:
        """Height and width of pair `i`, from the headers of its files.

        Raises:
            DataError: a file is missing, empty or no image, or the pair has two sizes.
        """
        clear, hazy = self.clear_paths[i], self.paths[i]
        (wide, high), (width, height) = size_of(clear), size_of(hazy)
        if not any(
            (wide, high) == (width + 2 * margin, height + 2 * margin) for margin in (0, self.margin)
        ):
            raise DataError(
                f"{hazy} is {width}x{height}, but its clear photograph {clear} is {wide}x{high}. "
                "Take both from one copy of the set, and resize neither."
            )
        return height, width

    def beside(self, i: int) -> Entries:
        """hazy: the other photograph, RGB, (H, W, 3) uint8, read-only; errors as of `image`."""
        return {"hazy": self._photograph(self.paths[i])}

    def files(self) -> list[Path]:
        """The clear photographs, each once, then the hazy ones."""
        return [*dict.fromkeys(self.clear_paths), *self.paths]

    def _photograph(self, path: Path) -> Pixels:
        if not self._few:
            return decode_rgb(path)
        return self._pixels.get(self.sha256(path), lambda: decode_rgb(path))
