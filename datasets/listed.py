"""Sets of which every file is known: its name, its place in the set's order, and its bytes.

The list of a set lies in `datasets/manifests`: a first line that says of which commit of which
repository and of which folder it is, then name, size in bytes and sha256 of every file, and, where
known, the sha256 of its pixels, by which a copy in another format is recognised. It holds facts
about the files and nothing of their content.

A set need not be whole, and its files need not be the listed ones: what is missing and what has
other bytes is counted and named, and such numbers are not held against a paper's. A copy with the
same pixels counts as the file itself.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path, PurePath
from typing import ClassVar, NamedTuple
from urllib.parse import quote

from datasets.decoding import decode_grey, size_of
from datasets.image_files import ImageFiles
from datasets.images import DataError, DataPaths, Images, Pixels
from datasets.source_words import in_words
from datasets.sources import RemoteFile, Source

_MANIFESTS = Path(__file__).parent / "manifests"

# What else lies in a folder, such as a README or Thumbs.db, cannot be taken for one of its images.
_IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")

_NAMED = 3  # files that a note names; of the others it says how many they are


class ListedFile(NamedTuple):
    """One file of a set as its origin has it.

    pixels: the sha256 of what it decodes to, RGB, (H, W, 3) uint8, row by row; "" where not known.
    """

    name: str
    size: int
    sha256: str
    pixels: str = ""


@dataclass(frozen=True)
class Manifest:
    """Every file of a set, in the set's order, and where they are from.

    repository, commit, folder: such as "cszn/FFDNet", forty hex digits, "testsets/Kodak24".
    """

    repository: str
    commit: str
    folder: str
    files: tuple[ListedFile, ...]

    @property
    def origin(self) -> str:
        """Where the files are from, short enough for a note."""
        return f"{self.repository}@{self.commit[:8]}, {self.folder}"

    @property
    def urls(self) -> tuple[str, ...]:
        """Where each file lies; the content of a commit does not change."""
        place = f"{self.repository}/{self.commit}/{self.folder}"
        return tuple(
            f"https://raw.githubusercontent.com/{quote(f'{place}/{file.name}')}"
            for file in self.files
        )


@cache
def manifest_of(name: str) -> Manifest:
    """The list of `datasets/manifests/NAME.tsv`."""
    with open(_MANIFESTS / f"{name}.tsv", encoding="utf-8", newline="") as file:
        place, _, folder = file.readline().strip("# \n").partition(": ")
        repository, _, commit = place.partition("@")
        rows = csv.DictReader(file, delimiter="\t")
        files = (
            ListedFile(row["name"], int(row["bytes"]), row["sha256"], row.get("pixels", ""))
            for row in rows
        )
        return Manifest(repository, commit, folder, tuple(files))


def present(folder: Path, names: Sequence[str], what: str, source: str) -> list[Path]:
    """The files of a set that lie in its folder, in the set's order.

    An image may lie there as PNG instead, under its name with that suffix. Hidden files and those
    that are no images by their names are passed over.

    Args:
        names: of all files of the set.
        what: the set in a message, such as "Flickr2K".
        source: where its files come from, for messages.
    Raises:
        DataError: an image of another name, or none of the set's.
    """
    either = {name: (name, f"{PurePath(name).stem}.png") for name in names}
    found = {p.name for p in folder.iterdir() if p.suffix.lower() in _IMAGES and p.name[0] != "."}
    strangers = sorted(found.difference(*either.values()))
    if strangers:
        raise DataError(
            f"{folder / strangers[0]} is none of the {len(names)} images of {what}, {names[0]} to "
            f"{names[-1]}. Remove what does not belong there. {source}"
        )
    there = [next((n for n in either[name] if n in found), None) for name in names]
    paths = [folder / name for name in there if name is not None]
    if not paths:
        raise DataError(f"there is no image of {what} in {folder}. {source}")
    return paths


@dataclass(frozen=True)
class ListedSet:
    """A test set whose files are listed; each set is a subclass of its own, without fields.

    place: its folder below the data root; the list is called likewise, with `_` for `/`.
    what: its files in words, for messages.
    terms: what its owners say of its use.
    sizes: (width, height) that its images may have, where others are known to be of another set.
    grey: names of the images that have no colour; they are handed out with three equal planes.
    """

    place: ClassVar[str]
    what: ClassVar[str]
    terms: ClassVar[str] = "stated nowhere that was found; the repository is other people's copy"
    sizes: ClassVar[tuple[tuple[int, int], ...]] = ()
    grey: ClassVar[tuple[str, ...]] = ()

    provides: ClassVar[tuple[str, ...]] = ("image",)
    revision: ClassVar[int] = 1

    @property
    def listed(self) -> Manifest:
        """What the set's files are at their origin."""
        return manifest_of(self.place.replace("/", "_"))

    def sources(self) -> tuple[Source, ...]:
        """Every file, at the commit that the list is of."""
        files = tuple(
            RemoteFile(f"{self.place}/{file.name}", (url,), file.size, file.sha256)
            for file, url in zip(self.listed.files, self.listed.urls, strict=True)
        )
        return (Source(type(self).__name__, files, self.terms),)

    def open(self, data_paths: DataPaths) -> Images:
        """Find the files that are there; part of the set may be missing.

        Raises:
            DataError: the folder or all images are missing, one is none of the set's, damaged, or
                of a size that the set does not have.
        """
        name, listed = type(self).__name__, self.listed
        source = (
            f"{name} is {self.what}, in {listed.repository} under {listed.folder}. "
            f"{' '.join(map(in_words, self.sources()))}"
        )
        folder = data_paths.folder(self.place, source)
        paths = present(folder, [file.name for file in listed.files], name, source)
        for path in paths:
            size = size_of(path)
            if self.sizes and size not in self.sizes:
                wanted = " or ".join(f"{w}x{h}" for w, h in self.sizes)
                raise DataError(f"{path} is {size[0]}x{size[1]}, not {wanted}. {source}")
        return ListedImages(self, paths, folder, data_paths)


class ListedImages(ImageFiles):
    """Opened images of a listed set, named after their files without the suffix."""

    def __init__(self, spec: ListedSet, paths: list[Path], folder: Path, data_paths: DataPaths):
        listed = spec.listed
        super().__init__(paths, [p.stem for p in paths], folder, data_paths, len(listed.files))
        self.grey = spec.grey
        known = {PurePath(file.name).stem: file for file in listed.files}
        other = [
            path.name
            for i, (path, (_, found)) in enumerate(zip(paths, self.manifest(), strict=True))
            if found != known[path.stem].sha256 and not self._shows(i, known[path.stem].pixels)
        ]
        if other:
            more = f" and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
            self.unofficial = (
                f"{len(other)} of {len(paths)} files of {type(spec).__name__} have other bytes "
                f"than those of {listed.origin}: {', '.join(other[:_NAMED])}{more}"
            )

    def _shows(self, i: int, pixels: str) -> bool:
        """Whether image `i` has the pixels of that digest, if one is listed and it can be read."""
        try:
            return pixels != "" and sha256(self.image(i).tobytes()).hexdigest() == pixels
        except DataError:  # told when the image is asked for
            return False

    def image(self, i: int) -> Pixels:
        """Image `i`, RGB, (H, W, 3) uint8, read-only; with equal planes if it is a grey one.

        Raises:
            DataError: the file is missing or damaged, no colour image, or a grey one with colours.
        """
        if self.names[i] not in self.grey:
            return super().image(i)
        path = self.paths[i]
        return self._pixels.get(self.sha256(path), lambda: decode_grey(path))
