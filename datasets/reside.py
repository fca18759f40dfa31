"""RESIDE: photographs under computed haze, with SOTS, on which dehazing is tested.

Li et al.: Benchmarking Single-Image Dehazing and Beyond (TIP 2019). Releases differ: the indoor
training set of the first, "v0", has 1,399 clear photographs with ten hazy ones each; that of the
present one, "standard", 10,000 with ten each. Works that name no release mostly mean the former.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from datasets.images import DataError, DataPaths, Images
from datasets.photograph_pairs import PhotographPairs, partnered, photographs_in
from datasets.source_words import in_words
from datasets.sources import Folder, Source

Part = Literal["ITS", "OTS", "SOTS indoor", "SOTS outdoor"]
Version = Literal["v0", "standard"]

# Hazy photographs, and the clear ones that they are made of.
_COUNTS: dict[str, tuple[int, int]] = {
    "OTS": (313_950, 8_970),
    "SOTS indoor": (500, 50),
    "SOTS outdoor": (500, 492),
}
_INDOOR_TRAINING: dict[str, tuple[int, int]] = {
    "v0": (13_990, 1_399),
    "standard": (100_000, 10_000),
}

# What has to be unpacked by hand: the archives are in parts, or one is within another.
_ARCHIVES = {
    "ITS": "ITS.zip with its parts ITS.z01 to ITS.z10",
    "OTS": "OTS.zip.001 to OTS.zip.011",
    "SOTS indoor": "indoor.rar of SOTS.zip",
    "SOTS outdoor": "outdoor.zip of SOTS.zip",
}

# The clear photographs of SOTS indoor are 640x480 and their hazy ones 620x460: NYUv2's white frame
# was cut off before the haze was computed. zhilin007/FFA-Net takes the middle as well.
_FRAME = 10


@dataclass(frozen=True)
class RESIDE:
    """One part of RESIDE; every hazy photograph is an item, with the clear one of its name.

    That name is what stands before the first underscore: hazy/1400_1.png belongs to gt/1400.png.
    The folders, below `reside`: its, ots, sots/indoor and sots/outdoor, each with "hazy" and with
    "clear" or "gt". Part of the pairs may be missing; `expected` tells the full number. Files are
    known by name and number alone, not by digest.

    part: "ITS" and "OTS" to train on, indoor and outdoor; "SOTS indoor" and "SOTS outdoor" to test.
    version: the release that ITS is of; the other parts are in one alone.
    """

    part: Part
    version: Version = "v0"

    provides: ClassVar[tuple[str, ...]] = ("image", "hazy")
    revision: ClassVar[int] = 1

    def __post_init__(self) -> None:
        for value, known in ((self.part, get_args(Part)), (self.version, get_args(Version))):
            if value not in known:
                raise ValueError(f"RESIDE has {', '.join(map(repr, known))}, not {value!r}")

    def sources(self) -> tuple[Source, ...]:
        """The part's two folders, which only the user can fill."""
        hazy, clear = self._counts
        name = self.part if self.part != "ITS" else f"{self.part} {self.version}"
        whole = {"ITS v0": "the release called v0"}.get(name, _ARCHIVES[self.part])
        photographs = r".+\.(?i:png|jpe?g)"
        return (
            Source(
                f"RESIDE_{name.replace(' ', '_')}",
                (
                    Folder(f"{self._place}/hazy", names=photographs, count=hazy),
                    Folder(f"{self._place}/{self._clear}", names=photographs, count=clear),
                ),
                "stated nowhere that was found",
                (
                    "RESIDE is linked by https://sites.google.com/view/reside-dehaze-datasets, in "
                    "clouds that no program can fetch from.",
                    f"Take {whole}, and unpack it with 7z x (a training set takes up to 134 GB).",
                    f"Put its hazy photographs into DIR/{self._place}/hazy and its clear ones into "
                    f"DIR/{self._place}/{self._clear}.",
                ),
            ),
        )

    @property
    def _counts(self) -> tuple[int, int]:
        return _COUNTS.get(self.part, _INDOOR_TRAINING[self.version])

    @property
    def _place(self) -> str:
        return f"reside/{self.part.lower().replace(' ', '/')}"

    @property
    def _clear(self) -> str:
        """What the release calls the folder of the clear photographs."""
        return "gt" if self.part.startswith("SOTS") else "clear"

    def open(self, data_paths: DataPaths) -> Images:
        """Find the pairs.

        Raises:
            DataError: a folder or all pairs are missing, a hazy photograph has no clear one or is
                of another size, or there are more than the release has.
        """
        expected, _ = self._counts
        place = self._place.removeprefix("reside/")
        source = (
            f"{self.part} of RESIDE ({self.version}), {expected} pairs, is the folders hazy and "
            f"{self._clear} in reside/{place}. {' '.join(map(in_words, self.sources()))}"
        )
        root = data_paths.folder("reside", source)
        folder = root / place
        clear_folder = folder / ("gt" if (folder / "gt").is_dir() else "clear")
        hazy = photographs_in(folder / "hazy", source)
        clear = photographs_in(clear_folder, source)
        if len(hazy) > expected:
            raise DataError(
                f"{folder / 'hazy'} holds {len(hazy)} photographs, more than {expected}: it is of "
                f"another release than {self.version!r}. {source}"
            )
        pairs = partnered(hazy, clear, clear_folder, lambda stem: stem.split("_")[0], source)
        return PhotographPairs(pairs, root, data_paths, expected, margin=_FRAME)
