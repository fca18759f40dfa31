"""I-HAZE and O-HAZE: real scenes with and without the haze of a machine, of 7 to 16 megapixels.

Ancuti, Ancuti, Timofte, De Vleeschouwer: I-HAZE (ACIVS 2018) and O-HAZE (CVPR Workshops 2018). The
splits are those of the NTIRE 2018 challenge on image dehazing. D2SM, Sec. 4.3, names the sets and
no split. The public archive of I-HAZE has 30 of its 35 pairs: 26 to 30, its validation images, are
not in it.

Of these files names and numbers are known, and no digests: a copy that was compressed anew cannot
be told from the original.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from datasets.images import DataError, DataPaths, Images
from datasets.photograph_pairs import PhotographPairs, partnered, photographs_in
from datasets.source_words import in_words
from datasets.sources import Archive, Member, Source


@dataclass(frozen=True)
class _NumberedPairs:
    """What both sets have in common: `hazy/NN_SCENE_hazy` and `GT/NN_SCENE_GT`, JPEG or PNG.

    place: the folder below the data root.
    inner: the folder that the archive unpacks to, which may lie in it.
    scene: the middle of the files' names.
    pairs: how many the public archive has.
    numbers: of each split.
    absent: the splits that the public archive does not have, each with what to do.
    """

    split: Literal["train", "val", "test"]

    place: ClassVar[str]
    inner: ClassVar[str]
    scene: ClassVar[str]
    pairs: ClassVar[int]
    numbers: ClassVar[dict[str, range]]
    absent: ClassVar[dict[str, str]] = {}

    provides: ClassVar[tuple[str, ...]] = ("image", "hazy")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.split not in self.numbers:
            known = ", ".join(map(repr, self.numbers))
            raise ValueError(f"{type(self).__name__} has the splits {known}, not {self.split!r}")

    def sources(self) -> tuple[Source, ...]:
        """The archive of all splits."""
        name = self.place.upper()
        members = tuple(
            Member(
                rf"{re.escape(self.inner)}/{kind}/(\d\d)_{self.scene}_{kind}\.(?i:jpg)",
                rf"{self.place}/{kind}/\1_{self.scene}_{kind}.jpg",
                self.pairs,
                also=tuple(
                    rf"{place}/{kind}/\1_{self.scene}_{kind}.\2"
                    for place in (self.place, f"{self.place}/{self.inner}")
                ),
            )
            for kind in ("hazy", "GT")
        )
        archive = Archive(
            f"{self.place}/{name}.zip",
            (f"https://data.vision.ee.ethz.ch/cvl/ntire18/{self.place}/{name}.zip",),
            members=members,
        )
        return (Source(name, (archive,), "stated nowhere that was found"),)

    def open(self, data_paths: DataPaths) -> Images:
        """Find the pairs of the split; part of them may be missing.

        Raises:
            DataError: a folder or all pairs are missing, a photograph has no partner or is of
                another size, or a file is none of the set's.
        """
        source = self._source()
        root = data_paths.folder(self.place, source)
        folder = root / self.inner if (root / self.inner).is_dir() else root
        hazy, clear = (self._numbered(folder / kind, kind) for kind in ("hazy", "GT"))
        if not hazy and not clear:
            numbers = self.numbers[self.split]
            raise DataError(
                f"there is none of {numbers[0]:02} to {numbers[-1]:02}, the {self.split} images of "
                f"{type(self).__name__}, in {folder}. {self.absent.get(self.split, source)}"
            )
        pairs = partnered(
            hazy, clear, folder / "GT", lambda stem: f"{stem[: -len('hazy')]}GT", source
        )
        paired = {pair.clear for pair in pairs}
        alone = [path for path in clear if path not in paired]
        if alone:
            partner = folder / "hazy" / f"{alone[0].stem[: -len('GT')]}hazy{alone[0].suffix}"
            raise DataError(f"{alone[0]} has no hazy photograph: {partner} is missing. {source}")
        pairs = [pair._replace(name=pair.name[: -len("_hazy")]) for pair in pairs]
        return PhotographPairs(pairs, root, data_paths, len(self.numbers[self.split]))

    def _source(self) -> str:
        return (
            f"{type(self).__name__} is hazy/NN_{self.scene}_hazy.jpg and "
            f"GT/NN_{self.scene}_GT.jpg. {' '.join(map(in_words, self.sources()))}"
        )

    def _numbered(self, folder: Path, kind: str) -> list[Path]:
        """The split's photographs in a folder, by number."""
        last = max(numbers[-1] for numbers in self.numbers.values())
        found: dict[Path, int] = {}
        for path in photographs_in(folder, self._source()):
            name = re.fullmatch(rf"(\d+)_{self.scene}_{kind}", path.stem, re.IGNORECASE)
            if name is None or not 1 <= int(name[1]) <= last:
                raise DataError(
                    f"{path} is none of the {last} images of {type(self).__name__}, "
                    f"01_{self.scene}_{kind} to {last}_{self.scene}_{kind}. Remove what does not "
                    f"belong there. {self._source()}"
                )
            found[path] = int(name[1])
        wanted = [path for path, number in found.items() if number in self.numbers[self.split]]
        return sorted(wanted, key=lambda path: (found[path], path.name))


@dataclass(frozen=True)
class IHaze(_NumberedPairs):
    """Indoor pairs: 01 to 25 for training, 26 to 30 for validation, 31 to 35 for tests.

    An image's name is such as 01_indoor. The validation images were never in the public archive.
    """

    place: ClassVar[str] = "i-haze"
    inner: ClassVar[str] = "# I-HAZY NTIRE 2018"
    scene: ClassVar[str] = "indoor"
    pairs: ClassVar[int] = 30
    numbers: ClassVar[dict[str, range]] = {
        "train": range(1, 26),
        "val": range(26, 31),
        "test": range(31, 36),
    }
    absent: ClassVar[dict[str, str]] = {
        "val": "The public archive of I-HAZE does not hold them; take the split 'test'."
    }


@dataclass(frozen=True)
class OHaze(_NumberedPairs):
    """Outdoor pairs: 01 to 35 for training, 36 to 40 for validation, 41 to 45 for tests.

    An image's name is such as 01_outdoor.
    """

    place: ClassVar[str] = "o-haze"
    inner: ClassVar[str] = "# O-HAZY NTIRE 2018"
    scene: ClassVar[str] = "outdoor"
    pairs: ClassVar[int] = 45
    numbers: ClassVar[dict[str, range]] = {
        "train": range(1, 36),
        "val": range(36, 41),
        "test": range(41, 46),
    }
