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

Part = Literal["ITS", "OTS", "SOTS indoor", "SOTS outdoor"]
Version = Literal["v0", "standard"]

_COUNTS: dict[str, int] = {"OTS": 313_950, "SOTS indoor": 500, "SOTS outdoor": 500}
_INDOOR_TRAINING: dict[str, int] = {"v0": 13_990, "standard": 100_000}

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

    def open(self, data_paths: DataPaths) -> Images:
        """Find the pairs.

        Raises:
            DataError: a folder or all pairs are missing, a hazy photograph has no clear one or is
                of another size, or there are more than the release has.
        """
        expected = _COUNTS.get(self.part, _INDOOR_TRAINING[self.version])
        place = self.part.lower().replace(" ", "/")
        source = (
            f"{self.part} of RESIDE ({self.version}), {expected} pairs, comes from "
            "https://sites.google.com/view/reside-dehaze-datasets as the folders hazy and clear, "
            f"in SOTS gt; they belong in reside/{place}."
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
